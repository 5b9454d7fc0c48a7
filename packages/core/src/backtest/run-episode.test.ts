import fc from 'fast-check';
import { black76 } from '../exposure/positions/option.js';
import { prepareBands, standardBook } from '../lattice/index.js';
import type { PolicyTerms } from '../policy/config.js';
import {
  type BacktestPolicy,
  BacktestInputInvalidError,
  decisionLine,
  type Episode,
  type OptionLeg,
  type PricePath,
  PriceJumpError,
  checkPath,
  proportionalCosts,
  runEpisode,
  simulateGas,
  simulatePath,
  summarise,
  type VolatilityTable,
} from './index.js';

const HOUR = 3600;
const DAY = 86_400;
const FLAT: VolatilityTable = { kind: 'constant', annualVolatility: 0.7, logVarianceStdDev: 0 };
const NO_CARRY = { annualRate: 0, annualFundingRate: 0, annualBorrowRate: 0 };

const gbm = (steps: number, stepSeconds: number, index: number, seed = 1): PricePath =>
  simulatePath({
    model: { kind: 'gbm', annualDrift: 0, annualVolatility: 0.7 },
    spot: 100,
    startSeconds: 0,
    stepSeconds,
    steps,
    seed,
    index,
  });

const call = (path: PricePath, leg: Partial<OptionLeg> = {}): OptionLeg => ({
  kind: 'option',
  id: 'call',
  optionType: 'call',
  sizeUnits: -1,
  strike: 100,
  startSeconds: 0,
  endSeconds: (path.prices.length - 1) * path.stepSeconds,
  premiumVolatility: 0.7,
  ...leg,
});

const episode = (path: PricePath, rest: Partial<Episode> = {}): Episode => ({
  id: '0',
  path,
  legs: [call(path)],
  costs: proportionalCosts(5, 1000),
  gas: 0.0025,
  carry: NO_CARRY,
  latencySeconds: 0,
  blockSeconds: 12,
  ...rest,
});

const policy = (rule: PolicyTerms['rule'], config: Partial<PolicyTerms> = {}): BacktestPolicy => ({
  name: rule.kind,
  config: {
    rule,
    riskAversion: { perNumeraire: 0.02 },
    targetDeltaUnits: '0',
    monitoringSeconds: HOUR,
    settlement: 'free',
    lotUnits: '0.000001',
    ...config,
  },
  schedule: { request: { kind: 'single' }, recoverySeconds: 12 },
  volatility: FLAT,
});

const optimal = policy({ kind: 'optimal' });
const everyLook = (stepSeconds: number): BacktestPolicy =>
  policy({ kind: 'fixed-interval', intervalSeconds: stepSeconds }, { monitoringSeconds: stepSeconds });

function log(on: Episode, by: BacktestPolicy): string[] {
  const lines: string[] = [];
  runEpisode(on, by, (step) => lines.push(decisionLine(step)));
  return lines;
}

test('the same seed gives a byte-identical decision log, another one does not', () => {
  const lines = log(episode(gbm(100, HOUR, 3)), optimal);
  expect(lines).toHaveLength(100);
  expect(log(episode(gbm(100, HOUR, 3)), optimal)).toEqual(lines);
  expect(log(episode(gbm(100, HOUR, 3, 2)), optimal)).not.toEqual(lines);
});

test('no look-ahead: whatever comes after a decision leaves it and all before it as they were', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 79 }),
      fc.infiniteStream(fc.double({ min: 0.5, max: 2, noNaN: true })),
      (known, moves) => {
        const before = gbm(80, HOUR, 0);
        const [gas, other] = [0, 1].map((index) =>
          simulateGas({
            model: {
              median: 0.01,
              logStdDev: 0.5,
              halfLifeSeconds: DAY,
              spikesPerDay: 1,
              spikeFactor: 5,
              spikeHalfLifeSeconds: HOUR,
            },
            stepSeconds: HOUR,
            steps: 80,
            seed: 1,
            index,
          }),
        ) as [Float64Array, Float64Array];
        const prices = before.prices.map((price, i) => (i <= known ? price : price * moves.next().value!));
        const later = gas.map((each, i) => (i <= known ? each : other[i]!));
        const lines = log(episode(before, { gas }), optimal);
        const shuffled = log(episode({ ...before, prices }, { gas: later }), optimal);
        expect(shuffled.slice(0, known + 1)).toEqual(lines.slice(0, known + 1));
      },
    ),
    { numRuns: 8 },
  );
});

test('the parts of the profit sum to it, whatever is in the book, traded, paid and earned', () => {
  fc.assert(
    fc.property(
      fc.record({
        index: fc.nat(1000),
        optionType: fc.constantFrom('call' as const, 'put' as const),
        sizeUnits: fc.double({ min: -50, max: 50, noNaN: true }).filter((size) => Math.abs(size) > 0.01),
        strike: fc.double({ min: 50, max: 200, noNaN: true }),
        annualRate: fc.double({ min: -0.1, max: 0.3, noNaN: true }),
        annualFundingRate: fc.double({ min: -0.5, max: 0.5, noNaN: true }),
        annualBorrowRate: fc.double({ min: 0, max: 0.2, noNaN: true }),
        latencySeconds: fc.constantFrom(0, 12, 5000),
        settlement: fc.constantFrom('free' as const, 'unwind' as const, 'none' as const),
        rule: fc.constantFrom<PolicyTerms['rule'][]>(
          { kind: 'optimal' },
          { kind: 'zakamouline-2006' },
          { kind: 'whalley-wilmott-1997' },
        ),
        parts: fc.integer({ min: 1, max: 4 }),
      }),
      ({
        annualBorrowRate,
        annualFundingRate,
        annualRate,
        index,
        latencySeconds,
        optionType,
        parts,
        rule,
        settlement,
        sizeUnits,
        strike,
      }) => {
        const path = gbm(60, HOUR, index);
        const on = episode(path, {
          legs: [
            call(path, { optionType, sizeUnits, strike }),
            call(path, { id: 'second', startSeconds: 10 * HOUR, endSeconds: 40 * HOUR }),
          ],
          carry: { annualRate, annualFundingRate, annualBorrowRate },
          latencySeconds,
        });
        const by = {
          ...policy(rule, { settlement }),
          schedule: { request: { kind: 'twap' as const, parts, spanSeconds: 1800 }, recoverySeconds: 60 },
        };
        const { cost, grossPnl, pnl, trades } = runEpisode(on, by);
        const { book, costs, funding, hedge, interest, total, unexplained } = pnl;
        const size = 1 + Math.abs(book) + Math.abs(hedge);
        expect(Math.abs(unexplained)).toBeLessThan(1e-10 * size);
        expect(Math.abs(book + hedge + interest + funding - cost - total)).toBeLessThan(1e-10 * size);
        expect(grossPnl - cost).toBeCloseTo(total, 8);
        // The costs once more, from the fills alone: they are what the cost curve says of each.
        const paid = trades.reduce((sum, each) => sum + 5e-4 * Math.abs(each.units) * each.price + 0.0025, 0);
        expect(costs.fee + costs.impact + costs.gas).toBeCloseTo(paid, 8);
      },
    ),
    { numRuns: 25 },
  );
});

test('hold earns the premium less the payoff, and nothing else', () => {
  const path = gbm(720, HOUR, 5);
  const { cost, pnl, trades } = runEpisode(episode(path), policy({ kind: 'hold' }));
  const premium = black76({
    optionType: 'call',
    spot: 100,
    strike: 100,
    years: 30 / 365,
    annualVolatility: 0.7,
    forwardRatio: 1,
    annualRate: 0,
  }).value;
  expect(trades).toEqual([]);
  expect(cost).toBe(0);
  expect(pnl.total).toBeCloseTo(premium - Math.max(0, path.prices.at(-1)! - 100), 10);
});

test('without friction, hedging replicates the Black–Scholes premium, with an error that falls as 1/√n', () => {
  const spreadOf = (looks: number): number => {
    const stepSeconds = (30 * DAY) / looks;
    const results = Array.from({ length: 40 }, (_, index) => {
      const path = gbm(looks, stepSeconds, index);
      return runEpisode(episode(path, { costs: proportionalCosts(0, 1000), gas: 0 }), everyLook(stepSeconds)).pnl.total;
    });
    const mean = results.reduce((a, b) => a + b, 0) / results.length;
    const spread = Math.sqrt(results.reduce((sum, each) => sum + (each - mean) ** 2, 0) / results.length);
    expect(Math.abs(mean)).toBeLessThan((4 * spread) / Math.sqrt(results.length));
    // Kamal and Derman (1999): √(π/4)·vega·σ/√n.
    const vega =
      100 *
      black76({
        optionType: 'call',
        spot: 100,
        strike: 100,
        years: 30 / 365,
        annualVolatility: 0.7,
        forwardRatio: 1,
        annualRate: 0,
      }).vegaPerPoint;
    expect(spread / ((Math.sqrt(Math.PI / 4) * vega * 0.7) / Math.sqrt(looks))).toBeGreaterThan(0.7);
    expect(spread / ((Math.sqrt(Math.PI / 4) * vega * 0.7) / Math.sqrt(looks))).toBeLessThan(1.4);
    return spread;
  };
  const ratio = spreadOf(20) / spreadOf(320);
  expect(ratio).toBeGreaterThan(2.8);
  expect(ratio).toBeLessThan(5.6);
});

test('funding is paid by the long, and borrowing by the short side of the hedge', () => {
  const path = { startSeconds: 0, stepSeconds: DAY, prices: new Float64Array(366).fill(100) };
  const carry = { annualRate: 0, annualFundingRate: 0.1, annualBorrowRate: 0.04 };
  const once = (sizeUnits: number): number => {
    const legs = [call(path, { sizeUnits, strike: 1 })];
    const costs = proportionalCosts(0, 1000);
    return runEpisode(episode(path, { legs, costs, gas: 0, carry }), everyLook(DAY)).pnl.funding;
  };
  // Deep in the money: one unit of delta, which the hedge takes the other way for a year.
  expect(once(-1)).toBeCloseTo(-10, 2);
  expect(once(1)).toBeCloseTo(10 - 4, 2);
});

test("a perpetual of the book gains with the price and pays its own funding, the hedge's beside it", () => {
  const path = { startSeconds: 0, stepSeconds: DAY, prices: new Float64Array(366).fill(100) };
  path.prices[365] = 110;
  const position = {
    kind: 'perpetual',
    sizeUnits: '-2',
    entryPrice: '100',
    accruedFunding: '0',
    collateral: { amountUnits: '0', deltaPerUnit: '0', valuePerUnit: '1' },
  } as const;
  const leg = { id: 'perp', kind: 'position', startSeconds: 0, endSeconds: 365 * DAY, position } as const;
  const held = runEpisode(
    episode(path, { legs: [{ ...leg, annualFundingRate: 0.08 }], gas: 0 }),
    policy({ kind: 'hold' }, { monitoringSeconds: DAY }),
  );
  expect(held.pnl).toMatchObject({ hedge: 0, costs: { fee: 0, gas: 0, impact: 0 } });
  expect(held.pnl.book).toBeCloseTo(-20, 10);
  expect(held.pnl.funding).toBeCloseTo(2 * 0.08 * 100, 8);
  const hedged = runEpisode(
    episode(path, {
      legs: [leg],
      gas: 0,
      costs: proportionalCosts(0, 1000),
      carry: { ...NO_CARRY, annualFundingRate: 0.05 },
    }),
    everyLook(DAY),
  );
  expect(hedged.pnl.total).toBeCloseTo(-2 * 0.05 * 100, 8);
});

test('interest makes a hedged book worth its premium in a world with a rate', () => {
  const totals = Array.from({ length: 30 }, (_, index) => {
    const path = simulatePath({
      model: { kind: 'gbm', annualDrift: 0.2, annualVolatility: 0.7 },
      spot: 100,
      startSeconds: 0,
      stepSeconds: 4 * HOUR,
      steps: 180,
      seed: 9,
      index,
    });
    const carry = { ...NO_CARRY, annualRate: 0.2 };
    return runEpisode(episode(path, { costs: proportionalCosts(0, 1000), gas: 0, carry }), everyLook(4 * HOUR)).pnl
      .total;
  });
  const mean = totals.reduce((a, b) => a + b, 0) / totals.length;
  expect(Math.abs(mean)).toBeLessThan(0.5);
});

test('a fill waits for its latency and block, at the price of that time and the gas of that step', () => {
  const path = gbm(100, 60, 1);
  const gas = Float64Array.from(path.prices, (_, i) => i);
  const on = episode(path, { gas, latencySeconds: 100, blockSeconds: 12, costs: proportionalCosts(0, 1000) });
  const by = policy({ kind: 'fixed-interval', intervalSeconds: 1e9 }, { monitoringSeconds: 60 });
  const { trades } = runEpisode(on, by);
  expect(trades).toHaveLength(1);
  const [fill] = trades;
  expect(fill!.seconds).toBe(108);
  expect(fill!.price).toBeCloseTo(path.prices[1]! * (path.prices[2]! / path.prices[1]!) ** 0.8, 10);
  expect(fill!.costs).toEqual({ fee: 0, impact: 0, gas: 1 });
});

test('the certainty equivalent on GBM is the one that the exact lattice has, within the error of the paths', () => {
  const table = prepareBands({
    book: standardBook('call', 100),
    spot: 100,
    annualVolatility: 0.7,
    years: 7 / 365,
    steps: 168,
    annualRate: 0,
    proportionalCost: 5e-4,
    fixedCost: 0.0025,
    riskAversion: 0.02,
    settlement: 'free',
  });
  const outcomes = Array.from({ length: 200 }, (_, index) => {
    const result = runEpisode(episode(gbm(168, HOUR, index)), { ...optimal, bands: [{ table, units: 1 }] });
    return { ...result, tradeCount: result.trades.length };
  });
  const { certaintyEquivalent, pnlStdDev } = summarise(outcomes, 0.02);
  const error = pnlStdDev / Math.sqrt(outcomes.length);
  expect(table.certaintyEquivalent).toBeGreaterThan(0.01);
  expect(Math.abs(certaintyEquivalent + table.certaintyEquivalent)).toBeLessThan(3.5 * error);
});

test('a book, path or policy that makes no sense is refused by name', () => {
  const path = gbm(48, HOUR, 0);
  const run =
    (rest: Partial<Episode>, by = optimal) =>
    () =>
      runEpisode(episode(path, rest), by);
  expect(run({ legs: [call(path, { endSeconds: -HOUR })] })).toThrow(BacktestInputInvalidError);
  expect(run({ legs: [call(path, { endSeconds: 49 * HOUR })] })).toThrow(BacktestInputInvalidError);
  expect(run({ legs: [call(path, { premiumVolatility: 0 })] })).toThrow(BacktestInputInvalidError);
  expect(run({ legs: [call(path, { sizeUnits: Number.NaN })] })).toThrow(BacktestInputInvalidError);
  expect(run({}, policy({ kind: 'optimal' }, { monitoringSeconds: 5000 }))).toThrow(BacktestInputInvalidError);
  const still = { ...optimal, volatility: { ...FLAT, annualVolatility: 0 } };
  expect(run({}, still)).toThrow(
    expect.objectContaining({ code: expect.stringMatching(/INVALID/) as unknown }) as Error,
  );
});

test.each([
  ['a price that is none', [100, Number.NaN, 100], BacktestInputInvalidError],
  ['a price of nothing', [100, 0, 100], BacktestInputInvalidError],
  ['a jump of 100 times', [100, 10_000, 100], PriceJumpError],
  ['a fall of 100 times', [100, 1, 1], PriceJumpError],
  ['a single price', [100], BacktestInputInvalidError],
])('%s is refused', (_, prices, error) => {
  expect(() => checkPath({ startSeconds: 0, stepSeconds: 1, prices: Float64Array.from(prices) })).toThrow(error);
});
