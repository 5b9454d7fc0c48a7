import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { weekTrend } from '@evenkeel/core/forecast';
import { type Rebalancing } from '@evenkeel/core/rebalancer';
import { reportToJson } from '@evenkeel/core/report';
import { readCandles } from '../src/candles/read-candles.js';
import { folder } from './cli-process.js';
import { hourlyCandles } from './hourly-candles.js';
import { actor, openStage, type Stage, traces, withCalls } from './support.js';

// What is decided, and what is not done. Nothing in here sends a transaction.

jest.setTimeout(60_000);
let stage: Stage;
const files = folder();
beforeAll(async () => {
  stage = await openStage({ chains: 2 });
}, 120_000);
afterEach(() => jest.restoreAllMocks());
afterAll(async () => {
  await stage?.close();
  rmSync(files, { recursive: true, force: true });
});

/** Runs, and finds every head, nonce and balance as it was. */
async function withoutTrace(run: () => Promise<Rebalancing>): Promise<Rebalancing> {
  const before = await traces(stage);
  const result = await run();
  expect(await traces(stage)).toEqual(before);
  return result;
}

test('inside its band the book is left alone, for a reason', async () => {
  const { rebalancer, journal } = actor(stage, { config: withCalls(stage.config, '-31') });
  const { decision, report, signed } = await withoutTrace(() => rebalancer.rebalance());
  expect(decision).toMatchObject({ action: 'hold', reason: 'INSIDE_BAND' });
  expect(report).toMatchObject({ outcome: 'held', intentId: null, reason: decision.sentence, reconciliation: null });
  expect(signed).toBeUndefined();
  expect(await journal.decisions()).toMatchObject([{ code: 'INSIDE_BAND', sentence: decision.sentence }]);
});

test('ahead of a trend the band leans, by the candles that have closed; without candles it says so', async () => {
  const now = Math.floor(Date.now() / 1000);
  const start = now - (now % 3600) - 50 * 24 * 3600;
  const candlesFile = join(files, 'candles.csv');
  writeFileSync(candlesFile, hourlyCandles(50 * 24, start).join('\n'));
  const decided = async (config: object) =>
    (await actor(stage, { config: { ...withCalls(stage.config, '-31'), ...config } }).rebalancer.decide()).decision;
  const plain = await decided({});
  expect(plain.trendReason).toContain('No candles');
  const ahead = await decided({ trend: { kind: 'week', candlesFile } });
  const { model: _, ...forecast } = weekTrend().forecast(readCandles(candlesFile).bars);
  expect(ahead.inputs.trend).toEqual(forecast);
  const lean = Number(ahead.band!.target) - Number(plain.band!.target);
  expect(Math.sign(lean)).toBe(Math.sign(forecast.annualDrift));
  expect(ahead.trendReason).toContain(`${Math.abs(lean).toPrecision(3)}`);
});

test('a dry run goes the whole way, says so, and leaves no trace', async () => {
  const { rebalancer, events, journal } = actor(stage);
  const { report, slices } = await withoutTrace(() => rebalancer.rebalance({ dryRun: true }));
  expect(report).toMatchObject({ outcome: 'dry-run', costs: null, reconciliation: null });
  expect(report.reason).toContain('nothing was sent');
  expect(slices.map(({ execution }) => execution.state)).toEqual(['simulated']);
  expect(slices[0]!.execution.guard.length).toBeGreaterThan(0);
  expect(events.length).toBeGreaterThan(0);
  expect(events.every(({ simulated }) => simulated)).toBe(true);
  expect((await journal.decisions()).every(({ simulated }) => simulated)).toBe(true);
  expect(await journal.programmes()).toEqual([]);
  expect(JSON.parse(JSON.stringify(reportToJson(report)))).toMatchObject({ outcome: 'dry-run' });
});

test('the same inputs give the same decision, intent and route', async () => {
  const now = Date.now();
  jest.spyOn(Date, 'now').mockReturnValue(now);
  const run = async () => {
    const { decision, schedule, signed, slices } = await actor(stage).rebalancer.rebalance({ dryRun: true });
    return { decision, schedule, signed, route: slices[0]!.route };
  };
  const [first, second] = [await run(), await run()];
  expect(first.route.hops.length).toBeGreaterThan(0);
  expect(second).toEqual(first);
});

describe('a requested change', () => {
  test.each([
    ['1.5', 1.5],
    ['-1.5', -1.5],
  ])('%s is what is traded, whatever the policy thinks', async (deltaChangeUnits, units) => {
    const { rebalancer } = actor(stage, { config: withCalls(stage.config, '-31') });
    const result = await withoutTrace(() => rebalancer.rebalance({ deltaChangeUnits, dryRun: true }));
    expect(result.decision).toMatchObject({ action: 'trade', reason: 'REQUESTED', deltaChangeUnits });
    expect(Number(result.slices[0]!.route.servedUnits)).toBeCloseTo(Math.abs(units), 9);
    expect(result.slices[0]!.route.side).toBe(units > 0 ? 'buy' : 'sell');
  });

  test('of less than a lot is not traded', async () => {
    const { rebalancer } = actor(stage);
    const { decision } = await withoutTrace(() => rebalancer.rebalance({ deltaChangeUnits: '0.00001' }));
    expect(decision).toMatchObject({ action: 'hold', reason: 'BELOW_LOT' });
  });

  test('that costs more than the limit is not traded', async () => {
    const policy = (maxCostBps: number) => ({
      portfolio: (it: { policy: object }) => ({ policy: { ...it.policy, maxCostBps } as never }),
    });
    const { rebalancer } = actor(stage, policy(1));
    const { decision } = await withoutTrace(() => rebalancer.rebalance({ deltaChangeUnits: '2' }));
    expect(decision).toMatchObject({ action: 'hold', reason: 'COST_ABOVE_LIMIT' });
  });

  test.each(['0', '-0.0', 'NaN', '1e3', 'ten', '', '0x10', '1.0000000000000000001', 'Infinity'])(
    'of %j is refused before anything is asked',
    async (deltaChangeUnits) => {
      const { rebalancer, ports } = actor(stage);
      const asked = ports.chains.map((chain) => chain.requestCount());
      await expect(rebalancer.rebalance({ deltaChangeUnits })).rejects.toMatchObject({
        code: 'INVALID_INPUT',
        field: 'deltaChangeUnits',
        value: deltaChangeUnits,
      });
      expect(ports.chains.map((chain) => chain.requestCount())).toEqual(asked);
    },
  );
});
