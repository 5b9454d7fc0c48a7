import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { sqliteJournal, sqliteWorkflowStore } from '../src/journal-sqlite/index.js';
import type { JsonValue } from '../src/model/curve.js';
import type { Clock } from '../src/ports/ambient.js';
import {
  embeddedEngine,
  intentWorkflow,
  type IntentTurn,
  memoryWorkflowStore,
  orderSignal,
  parseOrder,
  type TurnRequest,
  type WorkflowDefinition,
  type WorkflowEngine,
  type WorkflowStore,
} from '../src/workflow/index.js';
import { describeEngine, type EngineHarness } from './support/engine-conformance.js';

const directory = mkdtempSync(join(tmpdir(), 'evenkeel-workflow-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
let files = 0;
const newPath = (): string => join(directory, `${files++}.db`);

const clock: Clock = {
  now: () => Date.now(),
  sleep: (milliseconds, signal) =>
    delay(milliseconds, undefined, { ...(signal && { signal }) }).catch(() => {
      throw signal!.reason as Error;
    }),
};

/** An engine whose store outlives it. */
function embedded(openStore: () => Promise<WorkflowStore>): EngineHarness {
  let engine: WorkflowEngine | undefined;
  return {
    open: async (workflows) => {
      await engine?.close();
      return (engine = await embeddedEngine({ store: await openStore(), workflows, clock }));
    },
    close: async () => engine?.close(),
  };
}

describeEngine('in memory', async () => {
  const store = memoryWorkflowStore();
  return embedded(async () => store);
});
describeEngine('on SQLite', async () => {
  const path = newPath();
  return embedded(() => sqliteWorkflowStore({ path }));
});

const one = (body: WorkflowDefinition['versions'][number]): readonly WorkflowDefinition[] => [
  { name: 'tested', versions: { 1: body } },
];

describe('an embedded engine', () => {
  test('parks a run whose code has changed, or whose version is gone, and tells it', async () => {
    const path = newPath();
    const lines: unknown[] = [];
    const logger = { log: (_: string, __: string, fields?: object) => void lines.push(fields) };
    const open = async (workflows: readonly WorkflowDefinition[]): Promise<WorkflowEngine> =>
      embeddedEngine({ store: await sqliteWorkflowStore({ path }), workflows, clock, logger });
    let deeds = 0;
    const asWritten = one(async (context) => {
      await context.step('as it was', async () => (deeds += 1));
      return (await context.waitSignal()) ?? null;
    });
    const first = await open(asWritten);
    await first.start('tested', 'a', null);
    while (deeds === 0) await delay(1);
    await first.close();
    const changed = await open(one((context) => context.step('another one', async () => 2)));
    await expect(changed.result('a')).rejects.toMatchObject({ code: 'WORKFLOW_CHANGED' });
    await changed.close();
    const without = await open([{ name: 'tested', versions: { 2: async () => null } }]);
    await expect(without.result('a')).rejects.toMatchObject({ code: 'WORKFLOW_VERSION_UNKNOWN' });
    await without.close();
    expect(lines).toMatchObject([
      { run: 'a', code: 'WORKFLOW_CHANGED' },
      { run: 'a', code: 'WORKFLOW_VERSION_UNKNOWN' },
    ]);
    const back = await open(asWritten);
    await back.signal('a', 'found');
    expect(await back.result('a')).toEqual({ state: 'done', output: 'found' });
    expect(deeds).toBe(1);
    await back.close();
  });

  test('a step that was interrupted runs again, and its run has not failed', async () => {
    const path = newPath();
    let begun = 0;
    const body = one((context) =>
      context.step('long', async (signal) => {
        begun += 1;
        if (begun > 1) return 'done';
        await clock.sleep(1e9, signal);
        return 'never';
      }),
    );
    const first = await embeddedEngine({ store: await sqliteWorkflowStore({ path }), workflows: body, clock });
    await first.start('tested', 'a', null);
    while (begun === 0) await delay(1);
    await first.close();
    const second = await embeddedEngine({ store: await sqliteWorkflowStore({ path }), workflows: body, clock });
    expect(await second.result('a')).toEqual({ state: 'done', output: 'done' });
    await second.close();
    await expect(second.start('tested', 'b', null)).rejects.toMatchObject({ code: 'WORKFLOW_ENGINE_CLOSED' });
  });

  test('a store is no journal, a journal no store, and each is held by one process at a time', async () => {
    const [journalPath, storePath] = [newPath(), newPath()];
    await (await sqliteJournal({ path: journalPath })).close();
    const store = await sqliteWorkflowStore({ path: storePath });
    await expect(sqliteWorkflowStore({ path: storePath })).rejects.toMatchObject({ code: 'JOURNAL_LOCKED' });
    await store.close();
    await expect(store.running()).rejects.toMatchObject({ code: 'JOURNAL_CLOSED' });
    await expect(sqliteWorkflowStore({ path: journalPath })).rejects.toMatchObject({ code: 'JOURNAL_FOREIGN' });
    await expect(sqliteJournal({ path: storePath })).rejects.toMatchObject({ code: 'JOURNAL_FOREIGN' });
  });

  test('wherever it is interrupted, a run comes to the same output, and each step is written down once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 5 }), async (lives) => {
        const store = memoryWorkflowStore();
        let breaths = Number.POSITIVE_INFINITY;
        /** A store whose process is gone at its n-th write; what was written stays. */
        const mortal: WorkflowStore = {
          ...store,
          append: async (...entry) => {
            breaths -= 1;
            if (breaths < 0) await new Promise(() => undefined);
            await store.append(...entry);
          },
        };
        const body = one(async (context, input) => {
          let sum = Number(input);
          for (let i = 0; i < 4; i++) {
            sum = await context.step(`add ${i}`, async () => sum + i);
            if (i % 2 === 0) sum += Number((await context.waitSignal()) ?? 0);
          }
          return sum;
        });
        await store.create({ id: 'a', workflow: 'tested', version: 1, input: 5 });
        for (const signal of [10, 20]) await store.addSignal('a', signal);
        for (const length of lives) {
          breaths = length;
          await embeddedEngine({ store: mortal, workflows: body, clock });
          for (let turns = 0; turns < 60; turns++) await Promise.resolve();
        }
        breaths = Number.POSITIVE_INFINITY;
        const engine = await embeddedEngine({ store: mortal, workflows: body, clock });
        expect(await engine.result('a')).toEqual({ state: 'done', output: 41 });
        expect((await store.entries('a')).filter(({ kind }) => kind === 'step')).toHaveLength(4);
      }),
      { numRuns: 40 },
    );
  });
});

describe('the workflow of an intent', () => {
  /** Turns that answer as they are told and remember what they were asked. */
  const scripted = (answers: readonly IntentTurn[]) => {
    const asked: (TurnRequest & { readonly by: string })[] = [];
    const answer = (by: string) => async (request: TurnRequest) => {
      asked.push({ ...request, by });
      return answers[asked.length - 1]!;
    };
    return { asked, turns: { next: answer('next'), cancel: answer('cancel') } };
  };
  const soon = (): IntentTurn => ({ state: 'waiting', untilSeconds: Math.floor(Date.now() / 1000) });
  const late = (): IntentTurn => ({ state: 'waiting', untilSeconds: Math.floor(Date.now() / 1000) + 86_400 });
  const ended: IntentTurn = { state: 'ended', outcome: 'hedged', sentence: 'It is in its band.' };
  const openWith = async (answers: readonly IntentTurn[]) => {
    const { asked, turns } = scripted(answers);
    const engine = await embeddedEngine({ store: memoryWorkflowStore(), workflows: [intentWorkflow(turns)], clock });
    const input: JsonValue = { portfolio: 'book' };
    await engine.start('intent', 'a', input);
    return { asked, engine };
  };

  test('goes from turn to turn, and only the first may decide', async () => {
    const { asked, engine } = await openWith([soon(), soon(), ended]);
    expect(await engine.result('a')).toEqual({ state: 'done', output: ended });
    expect(asked.map(({ by, mayBegin }) => [by, mayBegin])).toEqual([
      ['next', true],
      ['next', false],
      ['next', false],
    ]);
  });

  test('is paused for as long as nobody resumes it, and takes limits over', async () => {
    const { asked, engine } = await openWith([soon(), ended]);
    // Early signals: all of them are there before the first turn has ended.
    for (const order of [
      { kind: 'pause' },
      { kind: 'limits', limits: { slippageBps: 5 } },
      { kind: 'limits', limits: { maxHops: 2, maxFeePerGasWei: { 1: '7' } } },
    ] as const) {
      await engine.signal('a', orderSignal(order));
    }
    await engine.signal('a', { kind: 'nonsense' });
    await delay(20);
    expect(asked).toHaveLength(1);
    await engine.signal('a', orderSignal({ kind: 'resume' }));
    expect(await engine.result('a')).toMatchObject({ state: 'done' });
    expect(asked[1]).toMatchObject({ limits: { slippageBps: 5, maxHops: 2, maxFeePerGasWei: { 1: '7' } } });
  });

  test('is cancelled while it waits, without waiting any longer', async () => {
    const { asked, engine } = await openWith([late(), { ...ended, outcome: 'cancelled' }]);
    await engine.signal('a', orderSignal({ kind: 'cancel' }));
    expect(await engine.result('a')).toMatchObject({ output: { outcome: 'cancelled' } });
    expect(asked.map(({ by }) => by)).toEqual(['next', 'cancel']);
  });

  test('tries again what could not go on, and may still decide where nothing was begun', async () => {
    const blocked: IntentTurn = { state: 'blocked', code: 'RPC_FAILED', sentence: 'The node is silent.' };
    const { asked, engine } = await openWith([blocked, soon(), ended]);
    expect(await engine.result('a')).toMatchObject({ state: 'done' });
    expect(asked.map(({ mayBegin }) => mayBegin)).toEqual([true, true, false]);
  });

  test.each([{ kind: 'stop' }, { kind: 'limits', limits: { slippageBps: 0.5 } }, 'cancel', null])(
    'refuses %j as an order',
    (order) => {
      expect(() => parseOrder(order)).toThrow(expect.objectContaining({ code: 'WORKFLOW_ORDER_INVALID' }));
    },
  );

  test('an input that names no portfolio fails, by its code', async () => {
    const { turns } = scripted([]);
    const engine = await embeddedEngine({ store: memoryWorkflowStore(), workflows: [intentWorkflow(turns)], clock });
    await engine.start('intent', 'a', { portfolio: 7 });
    expect(await engine.result('a')).toMatchObject({ state: 'failed', code: 'INVALID_INPUT' });
  });
});
