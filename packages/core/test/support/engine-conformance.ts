import { setTimeout as delay } from 'node:timers/promises';
import { InvalidInputError } from '@evenkeel/intents';
import type { JsonValue } from '../../src/model/curve.js';
import type { WorkflowBody, WorkflowDefinition, WorkflowEngine } from '../../src/workflow/index.js';

/** How the suite gets at an engine. All that one harness opens is one engine, in whatever process it stands. */
export interface EngineHarness {
  /** Closes what was open, so that its runs go on here, and opens it with these workflows. */
  open(workflows: readonly WorkflowDefinition[]): Promise<WorkflowEngine>;
  close(): Promise<void>;
}

/** What every engine has to do in the same way. */
export function describeEngine(name: string, harness: () => Promise<EngineHarness>): void {
  describe(`the engine ${name}`, () => {
    let engines: EngineHarness;
    let runs = 0;
    /** No two tests have one run in common, nor two passes over a server that stays. */
    const newId = (): string => `run-${process.pid}-${Date.now()}-${runs++}`;
    beforeAll(async () => void (engines = await harness()), 60_000);
    afterAll(() => engines?.close());

    const only = (body: WorkflowBody, version = 1): readonly WorkflowDefinition[] => [
      { name: 'tested', versions: { [version]: body } },
    ];

    test('carries a run out once, and answers with its output', async () => {
      const deeds: string[] = [];
      const engine = await engines.open(
        only(async (context, input) => {
          const first = await context.step('first', async () => {
            deeds.push(context.id);
            return { seen: input, nothing: null };
          });
          const at = await context.now();
          await context.sleepUntil(at + 30);
          const later = await context.now();
          return { first, waited: later - at >= 30 };
        }),
      );
      const id = newId();
      await engine.start('tested', id, ['a', 1]);
      const end = { state: 'done', output: { first: { seen: ['a', 1], nothing: null }, waited: true } };
      expect(await engine.knows(id)).toBe(true);
      expect(await engine.result(id)).toEqual(end);
      await engine.start('tested', id, 'another input');
      expect(await engine.result(id)).toEqual(end);
      expect(deeds).toEqual([id]);
    });

    test('hears signals in their order, also early ones, and no longer than it is told', async () => {
      const engine = await engines.open(
        only(async (context) => {
          const heard: JsonValue[] = [];
          await context.step('while others speak', () => delay(50, null));
          for (let count = 0; count < 3; count++) heard.push((await context.waitSignal()) ?? null);
          heard.push((await context.waitSignal((await context.now()) + 40)) ?? 'nothing');
          return heard;
        }),
      );
      const id = newId();
      await engine.start('tested', id, null);
      for (const signal of ['one', { kind: 'two' }, 3]) await engine.signal(id, signal);
      expect(await engine.result(id)).toEqual({ state: 'done', output: ['one', { kind: 'two' }, 3, 'nothing'] });
    });

    test('goes on where it stood when it is opened again, and does no step twice that is written down', async () => {
      const deeds: string[] = [];
      const body: WorkflowBody = async (context) => {
        const at = await context.now();
        await context.step('before', async () => deeds.push('before'));
        const signal = await context.waitSignal();
        await context.step('between', async () => deeds.push('between'));
        const second = await context.waitSignal();
        await context.step('after', async () => deeds.push('after'));
        return [signal ?? null, second ?? null, await context.step('begun', async () => at)];
      };
      const id = newId();
      const before = Date.now();
      const first = await engines.open(only(body));
      await first.start('tested', id, null);
      await until(() => deeds.length === 1);
      await first.signal(id, 'go on');
      await until(() => deeds.length === 2);
      const second = await engines.open(only(body));
      await second.signal(id, 'to the end');
      const end = await second.result(id);
      expect(end).toEqual({ state: 'done', output: ['go on', 'to the end', expect.any(Number)] });
      const begun = end.state === 'done' ? Number((end.output as readonly JsonValue[])[2]) : NaN;
      expect(begun).toBeGreaterThanOrEqual(before);
      expect(deeds).toEqual(['before', 'between', 'after']);
    });

    test('a run ends with the version that it was begun with; new ones take the latest', async () => {
      const first: WorkflowBody = async (context) => ['first', (await context.waitSignal()) ?? null];
      const second: WorkflowBody = async (context) => [
        'second',
        await context.step('new in this version', async () => 'yes'),
        (await context.waitSignal()) ?? null,
      ];
      const [old, young] = [newId(), newId()];
      const before = await engines.open([{ name: 'tested', versions: { 1: first } }]);
      await before.start('tested', old, null);
      const after = await engines.open([{ name: 'tested', versions: { 1: first, 2: second } }]);
      await after.start('tested', young, null);
      for (const id of [old, young]) await after.signal(id, 'end');
      expect(await after.result(old)).toEqual({ state: 'done', output: ['first', 'end'] });
      expect(await after.result(young)).toEqual({ state: 'done', output: ['second', 'yes', 'end'] });
    });

    test('a run that throws has failed, and says by which code', async () => {
      const engine = await engines.open(
        only(async (context) => {
          await context.step('a step', async () => null);
          throw new InvalidInputError('amount', -1, 'it is negative', 'Give a positive one.');
        }),
      );
      const id = newId();
      await engine.start('tested', id, null);
      expect(await engine.result(id)).toMatchObject({ state: 'failed', code: 'INVALID_INPUT' });
    });

    test('whoever waits for a result is told when it is closed', async () => {
      const engine = await engines.open(only(async (context) => (await context.waitSignal()) ?? null));
      const id = newId();
      await engine.start('tested', id, null);
      const waiting = expect(engine.result(id)).rejects.toMatchObject({ code: 'WORKFLOW_ENGINE_CLOSED' });
      await delay(50);
      await engine.close();
      await waiting;
    });

    test('knows nothing of what nobody has started', async () => {
      const engine = await engines.open(only(async () => null));
      const unknown = { code: 'WORKFLOW_UNKNOWN' };
      await expect(engine.start('nobody', newId(), null)).rejects.toMatchObject(unknown);
      await expect(engine.signal(newId(), null)).rejects.toMatchObject(unknown);
      expect(await engine.knows(newId())).toBe(false);
      await expect(engine.result(newId())).rejects.toMatchObject(unknown);
    });
  });
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await delay(5);
}
