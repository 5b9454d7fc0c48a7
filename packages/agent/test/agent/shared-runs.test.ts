import { embeddedEngine, memoryWorkflowStore, type WorkflowEngine } from '@evenkeel/core/workflow';
import fc from 'fast-check';
import { sharedRuns } from '../../src/agent/engine/shared-runs.js';
import { systemClock } from '../../src/assemble/ambient.js';

const OWNER = { name: 'book', owner: `0x${'aB'.repeat(20)}`, underlying: 'ETH' };
const signal = new AbortController().signal;

/** An engine whose runs say at once how many there have been. */
async function counting(): Promise<WorkflowEngine & { readonly begun: () => number }> {
  let begun = 0;
  const intent = { name: 'intent', versions: { 1: () => Promise.resolve(++begun) } };
  const store = memoryWorkflowStore();
  return { ...(await embeddedEngine({ store, workflows: [intent], clock: systemClock })), begun: () => begun };
}

test('who comes late follows the last run first, and begins the next number then, however many there were', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 70 }), fc.integer({ min: 1, max: 5 }), async (before, wanted) => {
      const engine = await counting();
      const first = sharedRuns(engine);
      for (let i = 1; i <= before; i++) {
        expect(await first.follow(OWNER, signal)).toEqual({ state: 'done', output: i });
      }
      const late = sharedRuns(engine);
      // The end of a run that another agent has seen is taken note of, and no reason for a new one.
      if (before > 0) expect(await late.follow(OWNER, signal)).toEqual({ state: 'done', output: before });
      for (let i = 1; i <= wanted; i++) {
        expect(await late.follow(OWNER, signal)).toEqual({ state: 'done', output: before + i });
      }
      expect(engine.begun()).toBe(before + wanted);
      await engine.close();
    }),
    { numRuns: 30 },
  );
});

test('agents that want the same at the same time follow one run', async () => {
  const engine = await counting();
  const agents = [sharedRuns(engine), sharedRuns(engine), sharedRuns(engine)];
  const ends = await Promise.all(agents.map((runs) => runs.follow(OWNER, signal)));
  expect(ends).toEqual(agents.map(() => ({ state: 'done', output: 1 })));
  expect(engine.begun()).toBe(1);
});

test('whoever is told to stop follows no longer, and the run goes on', async () => {
  let finish = (): void => undefined;
  const waits = new Promise<null>((resolve) => (finish = () => resolve(null)));
  const intent = { name: 'intent', versions: { 1: () => waits } };
  const store = memoryWorkflowStore();
  const engine = await embeddedEngine({ store, workflows: [intent], clock: systemClock });
  const stop = new AbortController();
  const runs = sharedRuns(engine);
  const following = runs.follow(OWNER, stop.signal);
  setImmediate(() => stop.abort(new Error('stop')));
  await expect(following).rejects.toThrow('stop');
  finish();
  expect(await runs.follow(OWNER, signal)).toEqual({ state: 'done', output: null });
});
