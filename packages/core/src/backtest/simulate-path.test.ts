import {
  BacktestInputInvalidError,
  inverseNormalCdf,
  type HestonModel,
  type PriceModel,
  seededNumbers,
  simulateGas,
  simulatePath,
} from './index.js';

const DAY = 86_400;
const PATHS = 1500;

/** Mean and standard deviation of a function of the last price, over many paths of `days` daily steps. */
function moments(
  model: PriceModel,
  days: number,
  of: (price: number) => number,
): { mean: number; error: number; stdDev: number } {
  const values = Array.from({ length: PATHS }, (_, index) => {
    const { prices } = simulatePath({
      model,
      spot: 100,
      startSeconds: 0,
      stepSeconds: DAY,
      steps: days,
      seed: 7,
      index,
    });
    return of(prices.at(-1)!);
  });
  const mean = values.reduce((a, b) => a + b, 0) / PATHS;
  const stdDev = Math.sqrt(values.reduce((sum, each) => sum + (each - mean) ** 2, 0) / PATHS);
  return { mean, stdDev, error: stdDev / Math.sqrt(PATHS) };
}

const MODELS: readonly [string, PriceModel, number][] = [
  ['gbm', { kind: 'gbm', annualDrift: 0.1, annualVolatility: 0.7 }, 0.49],
  [
    'merton',
    {
      kind: 'merton',
      annualDrift: 0.1,
      annualVolatility: 0.5,
      jumpsPerYear: 12,
      jumpLogMean: -0.05,
      jumpLogStdDev: 0.1,
    },
    0.25 + 12 * (0.05 ** 2 + 0.1 ** 2),
  ],
  [
    'heston',
    {
      kind: 'heston',
      annualDrift: 0.1,
      initialVariance: 0.49,
      longRunVariance: 0.49,
      meanReversionPerYear: 3,
      volatilityOfVariance: 1.5,
      correlation: -0.5,
    },
    Number.NaN,
  ],
];

test.each(MODELS)('%s grows at its drift, and has its variance', (_, model, variance) => {
  const days = 73;
  const { error, mean } = moments(model, days, (price) => price);
  expect(Math.abs(mean - 100 * Math.exp((0.1 * days) / 365))).toBeLessThan(4 * error);
  if (Number.isNaN(variance)) return;
  const { stdDev } = moments(model, days, Math.log);
  expect(stdDev ** 2 / ((variance * days) / 365)).toBeGreaterThan(0.9);
  expect(stdDev ** 2 / ((variance * days) / 365)).toBeLessThan(1.1);
});

/**
 * A call without rates in Heston's model by Lewis (2000), with the characteristic function in the form of Albrecher et al.
 * (2007): C = S − √(SK)/π · ∫₀^∞ Re[e^{iuk}·φ(u − i/2)]/(u² + ¼) du, k = ln(S/K).
 */
function hestonCall(
  {
    correlation: rho,
    initialVariance: v0,
    longRunVariance: theta,
    meanReversionPerYear: kappa,
    volatilityOfVariance: xi,
  }: HestonModel,
  spot: number,
  strike: number,
  years: number,
): number {
  type Complex = readonly [number, number];
  const mul = ([a, b]: Complex, [c, d]: Complex): Complex => [a * c - b * d, a * d + b * c];
  const div = ([a, b]: Complex, [c, d]: Complex): Complex => [
    (a * c + b * d) / (c * c + d * d),
    (b * c - a * d) / (c * c + d * d),
  ];
  const sub = ([a, b]: Complex, [c, d]: Complex): Complex => [a - c, b - d];
  const exp = ([a, b]: Complex): Complex => [Math.exp(a) * Math.cos(b), Math.exp(a) * Math.sin(b)];
  const log = ([a, b]: Complex): Complex => [Math.log(Math.hypot(a, b)), Math.atan2(b, a)];
  const sqrt = (z: Complex): Complex => exp(mul([0.5, 0], log(z)));
  const integrand = (u: number): number => {
    // At w = u − i/2: iw = ½ + iu and w² + iw = u² + ¼.
    const b = sub([kappa, 0], mul([rho * xi, 0], [0.5, u]));
    const d = sqrt([mul(b, b)[0] + xi * xi * (u * u + 0.25), mul(b, b)[1]]);
    const minus = sub(b, d);
    const g = div(minus, sub(b, [-d[0], -d[1]]));
    const decayed = mul(g, exp([-d[0] * years, -d[1] * years]));
    const turned = log(div(sub([1, 0], decayed), sub([1, 0], g)));
    const drift = sub([minus[0] * years, minus[1] * years], [2 * turned[0], 2 * turned[1]]);
    const variance = mul(minus, div(sub([1, 0], exp([-d[0] * years, -d[1] * years])), sub([1, 0], decayed)));
    const phi = exp([
      (kappa * theta * drift[0] + v0 * variance[0]) / (xi * xi),
      (kappa * theta * drift[1] + v0 * variance[1]) / (xi * xi),
    ]);
    const k = Math.log(spot / strike);
    return mul(exp([0, u * k]), phi)[0] / (u * u + 0.25);
  };
  let sum = 0;
  for (let u = 0.005; u < 200; u += 0.01) sum += integrand(u) * 0.01;
  return spot - (Math.sqrt(spot * strike) / Math.PI) * sum;
}

test.each([80, 100, 130])('Heston at strike %i prices a call as the transform does, at coarse steps', (strike) => {
  const model: HestonModel = {
    kind: 'heston',
    annualDrift: 0,
    initialVariance: 0.09,
    longRunVariance: 0.09,
    meanReversionPerYear: 1,
    volatilityOfVariance: 1,
    correlation: -0.3,
  };
  const values = Array.from({ length: 6000 }, (_, index) => {
    const { prices } = simulatePath({
      model,
      spot: 100,
      startSeconds: 0,
      stepSeconds: (2 * 365 * DAY) / 16,
      steps: 16,
      seed: 3,
      index,
    });
    return Math.max(0, prices.at(-1)! - strike);
  });
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const stdDev = Math.sqrt(values.reduce((sum, each) => sum + (each - mean) ** 2, 0) / values.length);
  expect(Math.abs(mean - hestonCall(model, 100, strike, 2))).toBeLessThan((3.5 * stdDev) / Math.sqrt(values.length));
});

test('a path depends on seed and number alone', () => {
  const path = (seed: number, index: number): Float64Array =>
    simulatePath({ model: MODELS[0]![1], spot: 100, startSeconds: 0, stepSeconds: DAY, steps: 5, seed, index }).prices;
  expect(path(1, 2)).toEqual(path(1, 2));
  expect(path(1, 2)).not.toEqual(path(1, 3));
  expect(path(1, 2)).not.toEqual(path(2, 2));
  expect(path(2, 1)).not.toEqual(path(1, 2));
});

test('gas stays around its median, and jumps when it should', () => {
  const model = {
    median: 2,
    logStdDev: 0.3,
    halfLifeSeconds: DAY,
    spikesPerDay: 0,
    spikeFactor: 10,
    spikeHalfLifeSeconds: 3600,
  };
  const calm = [...simulateGas({ model, stepSeconds: 3600, steps: 20_000, seed: 1, index: 0 })].sort((a, b) => a - b);
  expect(calm[10_000]! / 2).toBeGreaterThan(0.85);
  expect(calm[10_000]! / 2).toBeLessThan(1.15);
  const wild = simulateGas({ model: { ...model, spikesPerDay: 2 }, stepSeconds: 3600, steps: 2000, seed: 1, index: 0 });
  expect(Math.max(...wild)).toBeGreaterThan(12);
  expect(() => simulateGas({ model: { ...model, median: -1 }, stepSeconds: 1, steps: 1, seed: 1, index: 0 })).toThrow(
    BacktestInputInvalidError,
  );
});

test('the inverse of the normal distribution has its published values', () => {
  // Wichura (1988), section 3.
  expect(inverseNormalCdf(0.25)).toBeCloseTo(-0.6744897501960817, 15);
  expect(inverseNormalCdf(0.001)).toBeCloseTo(-3.090232306167814, 14);
  expect(inverseNormalCdf(1e-20)).toBeCloseTo(-9.262340089798408, 13);
});

test('uniform numbers fill the interval, and bad seeds are refused', () => {
  const numbers = seededNumbers(5, 9);
  const draws = Array.from({ length: 10_000 }, () => numbers.uniform());
  expect(Math.min(...draws)).toBeGreaterThan(0);
  expect(Math.max(...draws)).toBeLessThan(1);
  expect(draws.reduce((a, b) => a + b, 0) / draws.length).toBeCloseTo(0.5, 1);
  expect(new Set(draws).size).toBe(draws.length);
  for (const seed of [-1, 0.5, Number.NaN, 2 ** 32])
    expect(() => seededNumbers(seed)).toThrow(BacktestInputInvalidError);
});
