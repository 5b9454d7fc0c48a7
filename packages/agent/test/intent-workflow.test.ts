import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock, Journal } from '@evenkeel/core';
import { memoryJournal } from '@evenkeel/core/execution';
import { sqliteWorkflowStore } from '@evenkeel/core/journal-sqlite';
import type { RebalancerPorts } from '@evenkeel/core/rebalancer';
import {
  embeddedEngine,
  type IntentTurns,
  intentWorkflow,
  memoryWorkflowStore,
  orderSignal,
  rebalancerTurns,
  type WorkflowEngine,
  type WorkflowStore,
} from '@evenkeel/core/workflow';
import { systemClock } from '../src/assemble/ambient.js';
import { actor, Death, openStage, type Stage } from './support.js';

// The workflow of an intent over real contracts: every slice is a turn of its own, and whoever has the engine takes it.

jest.setTimeout(60_000);
let stage: Stage;
const directory = mkdtempSync(join(tmpdir(), 'evenkeel-turns-'));
beforeAll(async () => {
  stage = await openStage({ chains: 2 });
}, 120_000);
afterEach(() => stage.rewind());
afterAll(async () => {
  await stage?.close();
  rmSync(directory, { recursive: true, force: true });
});

/** So far apart that the first is always done before the second is due; tests do not wait, they go on later. */
const inSlices = { schedule: { kind: 'twap', maxParts: 3, spanSeconds: 90, recoverySeconds: 1 } } as const;
let aheadMs = 0;
const clock: Clock = { ...systemClock, now: () => systemClock.now() + aheadMs };
beforeEach(() => (aheadMs = 0));
type Watch = (event: string, slice: number) => void;

interface More {
  readonly ports?: (ports: RebalancerPorts) => Partial<RebalancerPorts>;
  readonly watch?: Watch;
}

/** Turns that trade the stage's portfolio in slices. */
function turnsOn(journal: Journal, more: More = {}): IntentTurns {
  const { portfolio, ports } = actor(stage, {
    config: inSlices,
    journal,
    ports: (given) => ({ ...more.ports?.(given), clock }),
  });
  return rebalancerTurns(() => ({
    portfolio,
    ports,
    watch: (rebalancer) => {
      rebalancer.on('waiting', ({ slice }) => more.watch?.('waiting', slice));
      rebalancer.on('routed', ({ slice }) => more.watch?.('routed', slice));
    },
  }));
}

async function engineOn(journal: Journal, store: WorkflowStore, more: More = {}): Promise<WorkflowEngine> {
  return embeddedEngine({ store, workflows: [intentWorkflow(turnsOn(journal, more))], clock });
}

async function noncesUsed(): Promise<number> {
  const owner = stage.world.accounts.owner.address;
  const counts = await Promise.all(stage.world.chains.map(({ provider }) => provider.getTransactionCount(owner)));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Each step that was done in a transaction is one nonce: nothing twice, nothing that nobody knows of. */
async function expectOnce(journal: Journal, noncesBefore: number): Promise<void> {
  const programmes = await journal.programmes();
  const outcomes = (await Promise.all(programmes.map(({ programme }) => journal.outcomes(programme)))).flat();
  const sent = outcomes.filter(({ key, state }) => state === 'done' && !key.step.endsWith('-arrival'));
  expect((await noncesUsed()) - noncesBefore).toBe(sent.length);
  expect(await journal.programmes({ state: 'running' })).toEqual([]);
}

function untilWaiting(): { readonly watch: Watch; readonly waiting: Promise<number> } {
  let tell: (slice: number) => void;
  const waiting = new Promise<number>((resolve) => (tell = resolve));
  return { watch: (event, slice) => void (event === 'waiting' && tell(slice)), waiting };
}

test('a trade in slices goes on under the next engine, with what is due then, and comes to its end once', async () => {
  const path = join(directory, 'workflows.db');
  const journal = memoryJournal();
  const before = await noncesUsed();
  const { watch, waiting } = untilWaiting();
  const first = await engineOn(journal, await sqliteWorkflowStore({ path }), { watch });
  await first.start('intent', 'book/1', { portfolio: 'book' });
  await waiting;
  await first.close();
  const begun = (await journal.programmes()).length;
  expect(await journal.programmes({ state: 'running' })).toEqual([]);
  expect(await journal.decisions({ code: 'TRADE_CLOSED' })).toEqual([]);
  aheadMs = 90_000;

  const routed: number[] = [];
  const second = await engineOn(journal, await sqliteWorkflowStore({ path }), {
    watch: (event, slice) => void (event === 'routed' && routed.push(slice)),
  });
  expect(await second.result('book/1')).toMatchObject({ state: 'done', output: { outcome: 'hedged' } });
  await second.close();
  const slices = (await journal.programmes()).map(({ programme }) => programme.slice);
  expect(slices.length).toBeGreaterThan(begun);
  expect(routed).toEqual(slices.slice(begun));
  expect(await journal.decisions({ code: 'TRADE_CLOSED' })).toMatchObject([{ sentence: 'Every slice is done.' }]);
  await expectOnce(journal, before);
});

/** A trade whose first slices are done and whose next one has to be waited for. */
async function begun(journal: Journal): Promise<number> {
  const { watch, waiting } = untilWaiting();
  const engine = await engineOn(journal, memoryWorkflowStore(), { watch });
  await engine.start('intent', 'book/1', { portfolio: 'book' });
  await waiting;
  await engine.close();
  return (await journal.programmes()).length;
}

test('a clock that jumps back sends nothing; what is due is done once when the clock is right again', async () => {
  const journal = memoryJournal();
  const before = await noncesUsed();
  const count = await begun(journal);
  aheadMs = -3_600_000;
  const request = { portfolio: 'book', mayBegin: true, limits: {} };
  const turn = await turnsOn(journal).next(request, new AbortController().signal);
  // What was read is from a time that has yet to come: nothing is decided on it.
  expect(turn).toMatchObject({ state: 'blocked', code: 'NO_REFERENCE_PRICE' });
  expect(await journal.programmes()).toHaveLength(count);

  aheadMs = 90_000;
  const third = await engineOn(journal, memoryWorkflowStore());
  await third.start('intent', 'book/3', { portfolio: 'book' });
  expect(await third.result('book/3')).toMatchObject({ state: 'done', output: { outcome: 'hedged' } });
  await third.close();
  expect(await journal.decisions({ code: 'TRADE_CLOSED' })).toHaveLength(1);
  await expectOnce(journal, before);
});

test('a clock that jumps past the deadline ends the trade with what is done, and sends nothing more', async () => {
  const journal = memoryJournal();
  const before = await noncesUsed();
  const count = await begun(journal);
  aheadMs = 10 * 86_400_000;
  const second = await engineOn(journal, memoryWorkflowStore());
  await second.start('intent', 'book/2', { portfolio: 'book' });
  const end = await second.result('book/2');
  expect(end).toMatchObject({ state: 'done', output: { state: 'ended' } });
  await second.close();
  expect(await journal.programmes()).toHaveLength(count);
  const closed = await journal.decisions({ code: 'TRADE_CLOSED' });
  expect(closed).toMatchObject([{ sentence: expect.stringContaining('expired') as string }]);
  await expectOnce(journal, before);
});

test('a turn that breaks in the middle is taken up again from what it has left', async () => {
  const journal = memoryJournal();
  const before = await noncesUsed();
  let left = 2;
  const engine = await engineOn(journal, memoryWorkflowStore(), {
    watch: (event) => void (event === 'waiting' && (aheadMs += 90_000)),
    ports: ({ account }) => ({
      account: {
        ...account,
        sign: async (...args) => {
          left -= 1;
          if (left === 0) throw new Death('the process is gone');
          return account.sign(...args);
        },
      },
    }),
  });
  await engine.start('intent', 'book/1', { portfolio: 'book' });
  expect(await engine.result('book/1')).toMatchObject({ state: 'done', output: { outcome: 'hedged' } });
  await engine.close();
  await expectOnce(journal, before);
});

test('a cancellation between two slices leaves the rest undone', async () => {
  const journal = memoryJournal();
  const before = await noncesUsed();
  const { watch, waiting } = untilWaiting();
  const engine = await engineOn(journal, memoryWorkflowStore(), { watch });
  await engine.start('intent', 'book/1', { portfolio: 'book' });
  await waiting;
  const begun = (await journal.programmes()).length;
  await engine.signal('book/1', orderSignal({ kind: 'cancel' }));
  expect(await engine.result('book/1')).toMatchObject({ state: 'done', output: { outcome: 'cancelled' } });
  await engine.close();
  expect(await journal.programmes()).toHaveLength(begun);
  expect(await journal.decisions({ code: 'TRADE_CLOSED' })).toMatchObject([{ sentence: 'It was cancelled.' }]);
  await expectOnce(journal, before);
});

test('a paused trade goes on when it is resumed, within the limits that were ordered meanwhile', async () => {
  const journal = memoryJournal();
  const before = await noncesUsed();
  const { watch, waiting } = untilWaiting();
  const engine = await engineOn(journal, memoryWorkflowStore(), { watch });
  await engine.start('intent', 'book/1', { portfolio: 'book' });
  await waiting;
  const begun = (await journal.programmes()).length;
  await engine.signal('book/1', orderSignal({ kind: 'pause' }));
  await engine.signal('book/1', orderSignal({ kind: 'limits', limits: { maxHops: 1 } }));
  aheadMs = 90_000;
  await engine.signal('book/1', orderSignal({ kind: 'resume' }));
  await engine.result('book/1');
  await engine.close();
  const later = (await journal.programmes()).slice(begun);
  expect(later.length).toBeGreaterThan(0);
  for (const { programme } of later) {
    const hops = new Set(programme.steps.map(({ id }) => /^hop-\d+/.exec(id)?.[0]).filter(Boolean));
    expect(hops.size).toBe(1);
  }
  await expectOnce(journal, before);
});
