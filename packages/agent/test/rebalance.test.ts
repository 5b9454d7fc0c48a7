import { getEventListeners } from 'node:events';
import { Decimal, NATIVE_ADDRESS, sameAddress } from '@evenkeel/core';
import { reportToJson } from '@evenkeel/core/report';
import { type Rebalancing } from '@evenkeel/core/rebalancer';
import { actor, allowancesLeft, bigints, openStage, type Stage, withCalls } from './support.js';

jest.setTimeout(60_000);
let stage: Stage;
beforeAll(async () => {
  stage = await openStage({ chains: 2 });
}, 120_000);
afterEach(() => stage.rewind());
afterAll(() => stage?.close());

/** What was sent away of each token on each chain for an intent is within what was signed, bridged arrivals aside. */
function expectWithinIntent({ signed, slices }: Rebalancing): void {
  const flows = slices.flatMap(({ execution }) => execution.flows);
  for (const { chainId, maxSpend, token } of signed!.intent.spending) {
    const out = flows
      .filter((flow) => flow.chainId === chainId && sameAddress(flow.token, token) && flow.atoms < 0n)
      .reduce((sum, { atoms }) => sum - atoms, 0n);
    expect(out).toBeLessThanOrEqual(maxSpend);
  }
  const spendable = new Set(signed!.intent.spending.map(({ chainId, token }) => `${chainId} ${token.toLowerCase()}`));
  for (const { atoms, chainId, kind, token } of flows) {
    if (atoms >= 0n || kind === 'gas' || sameAddress(token, NATIVE_ADDRESS)) continue;
    expect(spendable).toContain(`${chainId} ${token.toLowerCase()}`);
  }
}

function expectHedged(result: Rebalancing): void {
  const { costs, delta, outcome, reason, reconciliation } = result.report;
  expect({ outcome, reason }).toEqual({ outcome: 'hedged', reason: expect.stringContaining('within') });
  for (const end of [delta.after.low, delta.after.high]) {
    expect(Number(end)).toBeGreaterThanOrEqual(Number(delta.bandLow));
    expect(Number(end)).toBeLessThanOrEqual(Number(delta.bandHigh));
  }
  expect(reconciliation).toMatchObject({ exact: true, unexplainedAtoms: 0n });
  const sum = Object.values(costs!.byKind).reduce((total, each) => total.plus(each), new Decimal(0));
  expect(sum.toFixed()).toBe(new Decimal(costs!.total).toFixed());
  expect(Math.abs(Number(costs!.unattributed))).toBeLessThan(1e-6);
  expect(Number(costs!.total)).toBeGreaterThan(0);
  expect(result.report.efficiency!.efficiency).toBeGreaterThan(0);
  expect(result.slices.every(({ execution }) => execution.state === 'completed')).toBe(true);
  expectWithinIntent(result);
  expectShortfall(result);
}

/** By the other way round: what the paper portfolio gained until the end, less what the real flows are worth then. */
function expectShortfall({ after, before, decision, report, slices }: Rebalancing): void {
  const { total, totalBps, ...parts } = report.shortfall!;
  const sum = Object.values(parts).reduce((each, part) => each.plus(part), new Decimal(0));
  expect(sum.toFixed()).toBe(new Decimal(total).toFixed());
  const [start, end] = [Number(before.reference.price), Number(after.reference.price)];
  const intended = decision.action === 'trade' ? Number(decision.deltaChangeUnits) : 0;
  const flows = slices.flatMap(({ execution }) => execution.flows);
  const real = flows.reduce((value, { atoms, chainId, token }) => {
    const known = report.reconciliation!.lines.map((line) => line.token);
    const { decimals, symbol } = known.find((each) => each.chainId === chainId && sameAddress(each.address, token))!;
    return value + (Number(atoms) / 10 ** decimals) * (symbol === 'USDC' ? 1 : end);
  }, 0);
  const gas = Number(report.costs!.byKind.gas) + Number(report.costs!.byKind.message);
  // Gas is worth what it was worth when it was paid.
  expect(Math.abs(intended * (end - start) - real - Number(total))).toBeLessThan(0.05 * gas + 1e-6);
  expect(totalBps).toBeCloseTo((Number(total) / (Math.abs(intended) * start)) * 1e4, 6);
}

describe('a short book is bought back', () => {
  test('in one piece, with a bridge where the funds are in the wrong place, and nothing of it tells the key', async () => {
    const { rebalancer, journal, events, lines } = actor(stage);
    const told: unknown[] = [];
    rebalancer.on('surveyed', (each) => void told.push(each));
    rebalancer.on('signed', (each) => void told.push(each));
    rebalancer.on('routed', () => {
      throw new Error('this listener is broken');
    });
    rebalancer.on('routed', (each) => void told.push(each));
    rebalancer.on('reported', (each) => void told.push(each));
    const running = rebalancer.rebalance();
    await expect(rebalancer.rebalance()).rejects.toMatchObject({ code: 'REBALANCER_BUSY' });
    const result = await running;

    expectHedged(result);
    expect(Number(result.report.delta.before.low)).toBeLessThan(-8);
    const kinds = result.slices[0]!.route.hops.map((hop) => hop.kind);
    expect(kinds).toContain('bridge');
    const [transfer] = await journal.transfers();
    expect(transfer).toMatchObject({ status: { state: 'filled' }, transfer: { adapter: 'across' } });
    expect(await journal.transfers({ open: true })).toEqual([]);
    expect(Number(result.report.costs!.byKind.bridge)).toBeGreaterThan(0);
    expect(await allowancesLeft(stage)).toEqual([]);
    // The broken listener was logged, and the one after it was still called.
    expect(told.filter((each) => typeof each === 'object' && each !== null && 'route' in each)).toHaveLength(1);
    expect(lines.join('\n')).toContain('A listener of "routed" threw.');

    const key = stage.world.accounts.owner.privateKey.slice(2).toLowerCase();
    const decisions = await journal.decisions();
    const all = JSON.stringify([told, events, lines, decisions, result, reportToJson(result.report)], bigints);
    expect(all.length).toBeGreaterThan(10_000);
    expect(all.toLowerCase()).not.toContain(key);
  });

  test('over the message bridge, when that is the one there is', async () => {
    const { rebalancer, journal } = actor(stage, { config: { adapters: ['uniswap-v3', 'hyperlane'] } });
    const result = await rebalancer.rebalance();
    expectHedged(result);
    const transfers = await journal.transfers();
    expect(transfers.map(({ status, transfer }) => [transfer.adapter, status.state])).toEqual([
      ['hyperlane', 'filled'],
    ]);
    expect(Number(result.report.costs!.byKind.message)).toBeGreaterThan(0);
    expect(await allowancesLeft(stage)).toEqual([]);
  });

  test('in slices, late ones included, and never past the target', async () => {
    const schedule = { kind: 'twap', maxParts: 3, spanSeconds: 2, recoverySeconds: 1 } as const;
    const { rebalancer } = actor(stage, { config: { schedule } });
    const result = await rebalancer.rebalance();
    expect(result.schedule!.slices.length).toBeGreaterThan(1);
    expectHedged(result);
    expect(result.slices.length).toBeGreaterThan(1);
    const bought = result.slices.map(({ slice }) => Number(slice.deltaUnits));
    expect(bought.every((units) => units > 0)).toBe(true);
    const total = bought.reduce((sum, units) => sum + units, 0);
    expect(total).toBeCloseTo(Number(result.schedule!.totalDeltaUnits), 0);
  });

  test('in one last slice, when the time for the others has passed', async () => {
    const schedule = { kind: 'twap', maxParts: 4, spanSeconds: 20, recoverySeconds: 1 } as const;
    let aheadMs = 0;
    const { rebalancer } = actor(stage, {
      config: { schedule },
      ports: ({ clock }) => ({ clock: { ...clock, now: () => clock.now() + aheadMs } }),
    });
    rebalancer.on('execution', ({ type }) => {
      if (type === 'programme-finished') aheadMs = 60_000;
    });
    const result = await rebalancer.rebalance();
    expect(result.schedule!.slices.length).toBeGreaterThan(2);
    expect(result.slices).toHaveLength(2);
    expectHedged(result);
  });

  test('a cancelled one begins no further slice, and what it did is reported', async () => {
    const schedule = { kind: 'twap', maxParts: 3, spanSeconds: 600, recoverySeconds: 1 } as const;
    const { rebalancer, journal } = actor(stage, { config: { schedule } });
    rebalancer.on('waiting', () => void rebalancer.cancel());
    const { report, slices } = await rebalancer.rebalance();
    expect(slices).toHaveLength(1);
    expect(report).toMatchObject({ outcome: 'partly-hedged', reconciliation: { unexplainedAtoms: 0n } });
    expect(report.reason).toContain('cancelled');
    expect(await journal.programmes({ state: 'running' })).toEqual([]);
  });
});

test('a long book is sold down', async () => {
  const { rebalancer } = actor(stage, { config: withCalls(stage.config, '-16') });
  const result = await rebalancer.rebalance();
  expectHedged(result);
  expect(Number(result.schedule!.totalDeltaUnits)).toBeLessThan(0);
  expect(Number(result.report.delta.after.high)).toBeLessThan(Number(result.report.delta.before.high));
  expect(await allowancesLeft(stage)).toEqual([]);
});

test('in the steady state all pools of all venues are read in two calls a chain', async () => {
  const { rebalancer } = actor(stage, { config: { adapters: ['uniswap-v2', 'uniswap-v3', 'uniswap-v4', 'across'] } });
  await rebalancer.survey();
  const { poolCalls, pools } = await rebalancer.survey();
  expect(new Set(pools.map(({ adapter }) => adapter)).size).toBe(3);
  for (const chain of stage.world.chains) expect(poolCalls[chain.id]).toBeLessThanOrEqual(2);
});

test('no signal gathers listeners, and none of them stays on the one that the caller keeps', async () => {
  const { rebalancer } = actor(stage, {
    config: { adapters: ['uniswap-v2', 'uniswap-v3', 'uniswap-v4', 'across', 'hyperlane'] },
  });
  const controller = new AbortController();
  let most = 0;
  const original = AbortSignal.prototype.addEventListener;
  const spy = jest.spyOn(AbortSignal.prototype, 'addEventListener').mockImplementation(function (
    this: AbortSignal,
    ...args: Parameters<typeof original>
  ) {
    original.apply(this, args);
    most = Math.max(most, getEventListeners(this, 'abort').length);
  } as typeof original);
  try {
    const { decision } = await rebalancer.rebalance({ deltaChangeUnits: '1', signal: controller.signal });
    expect(decision.action).toBe('trade');
  } finally {
    spy.mockRestore();
  }
  expect(most).toBeGreaterThan(0);
  // Node warns of a leak from the eleventh on.
  expect(most).toBeLessThanOrEqual(5);
  expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
});
