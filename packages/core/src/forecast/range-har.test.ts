import {
  DAY_SECONDS as DAY,
  HOUR_SECONDS as HOUR,
  normals,
  simulateBars,
  START_SECONDS,
  wanderingVolatility,
} from '../../test/support/simulated-bars.js';
import { recentErrors } from './dispersion.js';
import { evaluateForecasts } from './evaluate.js';
import { logHar } from './har.js';
import { rangeHar } from './range-har.js';
import { shrunkRegression } from './shrunk-regression.js';
import { leastSquares } from './statistics.js';
import { weekProfile } from './week-profile.js';

/** Weekends half as volatile. */
const weekendBars = simulateBars({ bars: 24 * 300, volatility: (i) => (isWeekend(i) ? 0.35 : 0.7), steps: 6 });

function isWeekend(bar: number): boolean {
  return new Date((START_SECONDS + bar * HOUR) * 1000).getUTCDay() % 6 === 0;
}

describe('range-har', () => {
  test('beats log-HAR on a market of two speeds with weekends, and its intervals hold what they say', () => {
    const wandering = wanderingVolatility(24 * 700, 11);
    const volatility = (bar: number): number => (isWeekend(bar) ? 0.6 : 1) * wandering(bar);
    const bars = simulateBars({ bars: 24 * 700, volatility, steps: 8, seed: 12 });
    const [evaluation] = evaluateForecasts({
      bars,
      forecasters: [logHar(), rangeHar()],
      baselineId: 'log-har',
      horizonsSeconds: [DAY],
      warmUpBars: 24 * 250,
      everyBars: 24,
    });
    const ours = evaluation!.scores[1]!;
    expect(ours.againstBaseline!.qlike.percent).toBeLessThan(-5);
    expect(ours.againstBaseline!.qlike.pValue).toBeLessThan(0.01);
    expect(ours.againstBaseline!.crps.meanDifference).toBeLessThan(0);
    expect(Math.abs(ours.coverage['50'] - 0.5)).toBeLessThan(0.06);
    expect(Math.abs(ours.coverage['68'] - 0.68)).toBeLessThan(0.06);
    expect(Math.abs(ours.coverage['90'] - 0.9)).toBeLessThan(0.04);
  });

  test('knows the weekend before it comes', () => {
    const friday = weekendBars.findLastIndex((_, i) => !isWeekend(i - 1) && isWeekend(i));
    const sunday = weekendBars.findLastIndex((_, i) => isWeekend(i - 1) && !isWeekend(i));
    const before = rangeHar().forecast(weekendBars.slice(0, friday), DAY).annualVolatility;
    const after = rangeHar().forecast(weekendBars.slice(0, sunday), DAY).annualVolatility;
    expect(before).toBeLessThan(0.45);
    expect(after).toBeGreaterThan(0.6);
  });

  test.each([
    ['bars of one price each', 1, (price: number) => ({ open: price, high: price, low: price, close: price })],
    ['bars of a day', 24, undefined],
    ['bars of 45 minutes', 0.75, undefined],
  ])('reads %s', (_, hours, flatten) => {
    const bars = simulateBars({
      bars: (24 / hours) * 200,
      intervalSeconds: hours * HOUR,
      volatility: () => 0.7,
      steps: 8,
    }).map((bar) => (flatten === undefined ? bar : { ...bar, ...flatten(bar.close) }));
    const { annualVolatility, logVarianceStdDev } = rangeHar().forecast(bars, 7 * DAY);
    expect(Math.abs(annualVolatility / 0.7 - 1)).toBeLessThan(0.15);
    expect(logVarianceStdDev).toBeGreaterThan(0);
  });

  test('a stretch without any movement, and a price that jumps a hundredfold, are lived through', () => {
    const bars = weekendBars.map((bar, i) => {
      const still = { open: 2000, high: 2000, low: 2000, close: 2000 };
      if (i < 24 * 70) return { ...bar, ...still };
      const factor = i === 24 * 290 ? 100 : 1;
      return { ...bar, high: bar.high * factor, close: bar.close * factor };
    });
    const { annualVolatility, logVarianceMean, logVarianceStdDev } = rangeHar().forecast(bars, 7 * DAY);
    for (const value of [annualVolatility, logVarianceMean, logVarianceStdDev]) expect(value).not.toBeNaN();
    expect(annualVolatility).toBeGreaterThan(0.5);
    expect(annualVolatility).toBeLessThan(100);
  });
});

describe('shrunk regression', () => {
  const next = normals(4);
  const rows = Array.from({ length: 50 }, () => [next(), next()]);
  const targets = rows.map(([a, b]) => 3 + 2 * a! - b! + 0.1 * next());
  const fitted = (prior: number[], penalty: number): readonly number[] => {
    const regression = shrunkRegression(prior, penalty);
    rows.forEach((row, i) => regression.add(row.slice(0, prior.length), targets[i]!));
    return regression.slopes();
  };

  test('without a penalty it is least squares', () => {
    const [, ...slopes] = leastSquares(
      rows.map((row) => [1, ...row]),
      targets,
    );
    fitted([9, 9], 0).forEach((slope, i) => expect(slope).toBeCloseTo(slopes[i]!, 9));
  });

  test('with a great one it is the prior', () => {
    fitted([0.3, 0.5], 1e9).forEach((slope, i) => expect(slope).toBeCloseTo([0.3, 0.5][i]!, 6));
  });

  test('with a half-life, what came long ago fades', () => {
    const regression = shrunkRegression([0], 0, 10);
    for (let i = 0; i < 400; i++) regression.add([i % 5], (i < 200 ? 3 : -1) * (i % 5));
    expect(regression.slopes()[0]).toBeCloseTo(-1, 3);
  });

  test('two that say the same share what one would say, and one that says nothing keeps its prior', () => {
    const regression = shrunkRegression([0, 0, 0.7], 1e-3);
    rows.forEach(([a], i) => regression.add([a!, a!, 1], 4 * a! + (i % 2) * 0));
    const [first, second, third] = regression.slopes();
    expect(first).toBeCloseTo(2, 2);
    expect(second).toBeCloseTo(first!, 9);
    expect(third).toBe(0.7);
  });
});

describe('week profile', () => {
  const ranges = weekendBars.map(({ high, low }) => Math.log(high / low));
  const profile = weekProfile(weekendBars, ranges);
  const saturday = weekendBars.findIndex((_, i) => i > 0 && isWeekend(i) && !isWeekend(i - 1));

  test('finds the weekend, and a week is a week', () => {
    expect(profile.factor(saturday + 4, 1, weekendBars.length)).toBeCloseTo(0.25 / (5 / 7 + 0.5 / 7), 1);
    expect(profile.factor(saturday, 7, weekendBars.length)).toBe(1);
    expect(profile.factor(weekendBars.length, 14, weekendBars.length)).toBe(1);
  });

  test('knows nothing before a week is complete, and then only complete weeks', () => {
    expect(profile.factor(saturday, 1, 24 * 6)).toBe(1);
    const early = weekProfile(weekendBars.slice(0, 24 * 60), ranges);
    expect(profile.factor(saturday, 1, 24 * 60)).toBe(early.factor(saturday, 1, 24 * 60));
    expect(profile.factor(saturday, 1, 24 * 60)).not.toBe(profile.factor(saturday, 1, 24 * 300));
  });
});

describe('recent errors', () => {
  const next = normals(8);
  const draws = Array.from({ length: 700 }, next);

  test('find the spread of normal errors, and believe a bias by half of what it is worth', () => {
    const { bias, stdDev } = recentErrors(
      draws.map((each) => 0.4 * each),
      0.4,
      180,
    );
    expect(stdDev).toBeCloseTo(0.4, 1);
    expect(Math.abs(bias)).toBeLessThan(0.02);
    const shifted = recentErrors(new Array<number>(700).fill(0.2), 0.4, 180);
    expect(shifted.bias).toBeGreaterThan(0.07);
    expect(shifted.bias).toBeLessThan(0.1);
  });

  test('a few wild errors widen it less than a root mean square would', () => {
    const wild = draws.map((each, i) => (i % 50 === 0 ? 5 : 0.4 * each));
    expect(recentErrors(wild, 0.4, 180).stdDev).toBeLessThan(0.5);
  });

  test('what was recently wide counts more than what was wide long ago', () => {
    const growing = draws.map((each, i) => (i < 350 ? 0.2 : 0.6) * each);
    const fading = draws.map((each, i) => (i < 350 ? 0.6 : 0.2) * each);
    expect(recentErrors(growing, 0.4, 180).stdDev).toBeGreaterThan(1.3 * recentErrors(fading, 0.4, 180).stdDev);
  });

  test('too few of them leave the prior', () => {
    expect(recentErrors([1, 2, 3], 0.4, 180)).toEqual({ bias: 0, stdDev: 0.4 });
  });
});
