import {
  bootstrap,
  BacktestInputInvalidError,
  comparePolicies,
  efficiencyAgainst,
  type Outcome,
  seededNumbers,
  summarise,
  trailingVolatility,
  volatilityAt,
} from './index.js';

const OPTIONS = { resamples: 400, meanBlock: 1, seed: 1, confidence: 0.9, power: 0.8 };

const outcome = (episode: number, total: number, cost: number): Outcome => ({
  episode: String(episode),
  pnl: {
    total,
    book: total + cost,
    hedge: 0,
    interest: 0,
    funding: 0,
    costs: { fee: cost, impact: 0, gas: 0 },
    unexplained: 0,
  },
  cost,
  grossPnl: total + cost,
  trackingVariance: 1,
  turnoverUnits: 1,
  tradeCount: 1,
});

const meanOf = (values: readonly number[]) => (at: Int32Array) =>
  at.reduce((sum, i) => sum + values[i]!, 0) / at.length;

test('the bootstrap of a mean has its textbook error, interval and detectable effect', () => {
  const numbers = seededNumbers(1);
  const values = Array.from({ length: 400 }, () => numbers.normal());
  const { detectable, high, low, standardError, value } = bootstrap(400, meanOf(values), OPTIONS);
  expect(standardError).toBeGreaterThan(0.043);
  expect(standardError).toBeLessThan(0.057);
  expect(high - low).toBeGreaterThan(3.1 * standardError);
  expect(high - low).toBeLessThan(3.5 * standardError);
  expect(low).toBeLessThan(value);
  // 1.6449 + 0.8416
  expect(detectable / standardError).toBeCloseTo(2.4865, 3);
});

test('blocks keep neighbours together: the error of overlapping observations is not understated', () => {
  const numbers = seededNumbers(2);
  let sum = 0;
  const values = Array.from({ length: 400 }, () => (sum = 0.8 * sum + numbers.normal()));
  const alone = bootstrap(400, meanOf(values), OPTIONS).standardError;
  const together = bootstrap(400, meanOf(values), { ...OPTIONS, meanBlock: 20 }).standardError;
  expect(together / alone).toBeGreaterThan(1.8);
});

test.each([
  [1, OPTIONS],
  [10, { ...OPTIONS, meanBlock: 11 }],
  [10, { ...OPTIONS, resamples: 10 }],
  [10, { ...OPTIONS, confidence: 1 }],
  [10, { ...OPTIONS, power: 0.2 }],
])('%i observations with %j are refused', (count, options) => {
  expect(() => bootstrap(count, () => 0, options)).toThrow(BacktestInputInvalidError);
});

test('a comparison finds what is there, and differs in nothing from itself', () => {
  const numbers = seededNumbers(3);
  const luck = Array.from({ length: 100 }, () => numbers.normal());
  const dear = luck.map((each, i) => outcome(i, each - 0.2, 0.2));
  const cheap = luck.map((each, i) => outcome(i, 0.5 * each, 0.1));
  const { costRatio, grossPnlDifference, pnlStdDevRatio } = comparePolicies(cheap, dear, OPTIONS);
  expect(costRatio.value).toBeCloseTo(0.5, 12);
  expect(pnlStdDevRatio.value).toBeCloseTo(0.5, 12);
  expect(grossPnlDifference.low).toBeLessThan(grossPnlDifference.high);
  const same = comparePolicies(dear, dear, OPTIONS);
  expect(same.pnlDifference).toMatchObject({ value: 0, low: 0, high: 0, detectable: 0 });
  expect(() => comparePolicies(cheap, dear.slice(1), OPTIONS)).toThrow(BacktestInputInvalidError);
});

test('a summary has the certainty equivalent of a normal gain: mean less γ/2 times the variance', () => {
  const numbers = seededNumbers(4);
  const outcomes = Array.from({ length: 20_000 }, (_, i) => outcome(i, 3 + 2 * numbers.normal(), 0));
  expect(summarise(outcomes, 0.1).certaintyEquivalent).toBeCloseTo(3 - 0.05 * 4, 1);
  expect(summarise(outcomes, 0).certaintyEquivalent).toBeCloseTo(3, 1);
  // Far out, where e^{γx} itself would overflow.
  expect(summarise([outcome(0, -1e6, 0), outcome(1, 1e6, 0)], 1).certaintyEquivalent).toBeCloseTo(-1e6 + Math.LN2, 3);
  expect(() => summarise([], 1)).toThrow(BacktestInputInvalidError);
});

test('efficiency is the sum of cost and risk of the optimum over the own one', () => {
  const best = summarise([outcome(0, 0, 1)], 0.1);
  const worse = summarise([outcome(0, 0, 3)], 0.1);
  expect(efficiencyAgainst(worse, best, 2).efficiency).toBeCloseTo((1 + 1) / (3 + 1), 12);
  expect(efficiencyAgainst(best, best, 2).efficiency).toBe(1);
});

describe('forecasts in a table', () => {
  const table = {
    kind: 'forecasts',
    firstSeconds: 1000,
    everySeconds: 100,
    horizonsSeconds: [10, 30],
    annualVolatilities: Float64Array.of(0.5, 1, 0.6, 0.8),
    logVarianceMeans: Float64Array.of(-1, 0, -1, 0),
    logVarianceStdDevs: Float64Array.of(0.1, 0.3, 0.1, 0.3),
  } as const;

  test('hold until the next one is made, never before', () => {
    expect(volatilityAt(table, 1099, 10).annualVolatility).toBe(0.5);
    expect(volatilityAt(table, 1100, 10).annualVolatility).toBe(0.6);
    expect(volatilityAt(table, 9999, 10).annualVolatility).toBe(0.6);
    expect(() => volatilityAt(table, 999, 10)).toThrow(BacktestInputInvalidError);
  });

  test('are interpolated in total variance', () => {
    const { annualVolatility, logVarianceStdDev } = volatilityAt(table, 1000, 20);
    expect(annualVolatility ** 2 * 20).toBeCloseTo((0.25 * 10 + 1 * 30) / 2, 12);
    expect(logVarianceStdDev).toBeCloseTo(0.2, 12);
    expect(volatilityAt(table, 1000, 5).annualVolatility).toBe(0.5);
    expect(volatilityAt(table, 1000, 99).annualVolatility).toBe(1);
  });
});

test('trailing volatility is that of the last days and sees no further', () => {
  const bars = Array.from({ length: 24 * 5 }, (_, i) => {
    const close = 100 * Math.exp(i % 2 === 0 ? 0.01 : 0);
    return { timeSeconds: i * 3600, open: close, high: close, low: close, close };
  });
  const forecast = trailingVolatility(2).forecast(bars, 86_400);
  expect(forecast.annualVolatility).toBeCloseTo(0.01 * Math.sqrt(24 * 365), 10);
  expect(() => trailingVolatility(5).forecast(bars, 86_400)).toThrow(
    expect.objectContaining({ code: 'HISTORY_TOO_SHORT' }) as Error,
  );
  expect(() => trailingVolatility(0)).toThrow(expect.objectContaining({ code: 'FORECAST_INPUT_INVALID' }) as Error);
});
