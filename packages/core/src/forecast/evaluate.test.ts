import fc from 'fast-check';
import { normals, DAY_SECONDS as DAY, simulateBars } from '../../test/support/simulated-bars.js';
import { logReturns } from './bars.js';
import { blockBootstrapInterval } from './block-bootstrap.js';
import { dieboldMariano } from './diebold-mariano.js';
import { harveyLeybourneNewbold } from './harvey-leybourne-newbold.js';
import { ForecastInputInvalidError } from './errors.js';
import { evaluateForecasts } from './evaluate.js';
import type { VolatilityForecaster } from './forecast.js';
import { normalCrps, normalLogScore, qlike } from './scores.js';
import { studentQuantile, studentTwoSided } from './student.js';

const bars = simulateBars({ bars: 24 * 200, volatility: (i) => (Math.floor(i / 480) % 2 === 0 ? 0.4 : 0.9) });

/** Says the same whatever it sees. */
function constant(id: string, annualVolatility: number, logVarianceStdDev = 0.3): VolatilityForecaster {
  const logVarianceMean = 2 * Math.log(annualVolatility);
  const forecast = (_: unknown, horizonSeconds: number) => ({
    model: id,
    horizonSeconds,
    annualVolatility,
    logVarianceMean,
    logVarianceStdDev,
  });
  return { id, forecast };
}

/** Knows the future, as no forecaster may. */
const oracle: VolatilityForecaster = {
  id: 'oracle',
  forecast: (past, horizonSeconds) => {
    const after = logReturns(bars).slice(past.length, past.length + horizonSeconds / 3600);
    const variance = (after.reduce((sum, each) => sum + each * each, 0) / after.length) * 24 * 365;
    const distribution = { logVarianceMean: Math.log(variance), logVarianceStdDev: 0.1 };
    return { model: 'oracle', horizonSeconds, annualVolatility: Math.sqrt(variance), ...distribution };
  },
};

const settings = { bars, baselineId: 'flat', horizonsSeconds: [7 * DAY], warmUpBars: 24 * 30, everyBars: 24 };

describe('evaluateForecasts', () => {
  test('a perfect forecast loses nothing, explains everything, and is found better than a constant', () => {
    const [evaluation] = evaluateForecasts({ ...settings, forecasters: [constant('flat', 0.7), oracle] });
    expect(evaluation).toMatchObject({ horizonSeconds: 7 * DAY, period: 'all', forecasts: 200 - 30 - 7 + 1 });
    const [flat, perfect] = evaluation!.scores;
    expect(flat).not.toHaveProperty('againstBaseline');
    expect(flat!.mincerZarnowitz.rSquared).toBeCloseTo(0, 9);
    expect(perfect!.qlike).toBeCloseTo(0, 9);
    expect(perfect!.meanSquaredError).toBeCloseTo(0, 9);
    expect(perfect!.mincerZarnowitz.rSquared).toBeCloseTo(1, 9);
    expect(perfect!.mincerZarnowitz.slope).toBeCloseTo(1, 9);
    expect(perfect!.coverage).toEqual({ '50': 1, '68': 1, '90': 1 });
    // The middle is where the sixth tenth begins; rounding may put an outcome a hair below it.
    expect(perfect!.pitDeciles[4]! + perfect!.pitDeciles[5]!).toBe(1);
    expect(flat!.pitDeciles.reduce((sum, each) => sum + each, 0)).toBeCloseTo(1, 12);
    const { qlike: against } = perfect!.againstBaseline!;
    expect(against.percent).toBeCloseTo(-100, 9);
    expect(against.pValue).toBeLessThan(0.05);
    expect(perfect!.logScore).toBeGreaterThan(flat!.logScore);
  });

  test('QLIKE of a constant on one window, by hand', () => {
    const [evaluation] = evaluateForecasts({
      ...settings,
      forecasters: [constant('flat', 0.5)],
      horizonsSeconds: [DAY],
      warmUpBars: 24 * 198,
    });
    const days = [198, 199].map((day) => {
      const returns = logReturns(bars).slice(24 * day, 24 * day + 24);
      return (365 * returns.reduce((sum, each) => sum + each * each, 0)) / 0.25;
    });
    const expected = days.reduce((sum, ratio) => sum + ratio - Math.log(ratio) - 1, 0) / 2;
    expect(evaluation!.forecasts).toBe(2);
    expect(evaluation!.scores[0]!.qlike).toBeCloseTo(expected, 12);
  });

  test('a period holds the windows that lie in it as a whole', () => {
    const from = bars[24 * 100]!.timeSeconds;
    const period = { label: 'part', fromSeconds: from, untilSeconds: from + 20 * DAY };
    const [evaluation] = evaluateForecasts({ ...settings, forecasters: [constant('flat', 0.5)], periods: [period] });
    expect(evaluation).toMatchObject({ period: 'part', forecasts: 14 });
  });

  test('says so when the baseline is missing, a period is empty, or no window is complete', () => {
    const forecasters = [constant('other', 0.5)];
    expect(() => evaluateForecasts({ ...settings, forecasters })).toThrow(ForecastInputInvalidError);
    const periods = [{ label: 'never', fromSeconds: 0, untilSeconds: 1 }];
    const flat = { ...settings, forecasters: [constant('flat', 0.5)] };
    expect(() => evaluateForecasts({ ...flat, periods })).toThrow(/never|periods/);
    expect(() => evaluateForecasts({ ...flat, warmUpBars: bars.length })).toThrow(ForecastInputInvalidError);
  });
});

describe('Diebold–Mariano', () => {
  test('by hand: six differences, one cosine', () => {
    const losses = [2, 3, 1, 2, 4, 0];
    const { meanDifference, standardError, statistic } = dieboldMariano({
      losses,
      otherLosses: losses.map(() => 1),
      overlap: 1,
    });
    // ν = ⌊0.4·6^{2/3}⌋ = 1; cosines of π/12, 3π/12 … 11π/12 on 0, 1, −1, 0, 2, −2.
    const [a, b, c] = [1, 3, 5].map((k) => Math.cos((k * Math.PI) / 12)) as [number, number, number];
    const projection = b - c - 2 * b + 2 * a;
    const error = Math.sqrt(((2 / 6) * projection ** 2) / 6);
    expect(meanDifference).toBeCloseTo(1, 12);
    expect(standardError).toBeCloseTo(error, 12);
    expect(statistic).toBeCloseTo(1 / error, 12);
  });

  test('without a difference it is found one time in ten at ten per cent, also where windows overlap', () => {
    const next = normals(1000);
    const overlap = 5;
    const found = Array.from({ length: 400 }, () => {
      const sums = [0];
      for (let i = 0; i < 205; i++) sums.push(sums[i]! + next());
      const losses = Array.from({ length: 200 }, (_, t) => sums[t + overlap]! - sums[t]!);
      return dieboldMariano({ losses, otherLosses: losses.map(() => 0), overlap }).pValue < 0.1;
    });
    const share = found.filter(Boolean).length / found.length;
    expect(share).toBeGreaterThan(0.07);
    expect(share).toBeLessThan(0.14);
  });

  test('a true difference of the smallest detectable size is found four times out of five', () => {
    const next = normals(22);
    const runs = Array.from({ length: 300 }, () => {
      const losses = Array.from({ length: 100 }, () => 0.25 + next());
      return dieboldMariano({ losses, otherLosses: losses.map(() => 0), overlap: 1 });
    });
    const found = runs.filter(({ pValue }) => pValue < 0.1).length / runs.length;
    const detectable = runs.reduce((sum, run) => sum + run.smallestDetectable, 0) / runs.length;
    expect(detectable).toBeCloseTo(0.25, 1);
    expect(found).toBeGreaterThan(0.7);
    expect(found).toBeLessThan(0.9);
  });

  test('with the correction for small samples, by hand: overlap of two', () => {
    // Differences −1, 0, 1, 2, 3: mean 1; autocovariances (4+1+0+1+4)/5 = 2 and (2+0+0+2)/5 = 0.8; long run 2 + 1.6.
    const { kernel, pValue, statistic } = harveyLeybourneNewbold([-1, 0, 1, 2, 3], 2);
    const correction = Math.sqrt((5 + 1 - 4 + 2 / 5) / 5);
    expect(kernel).toBe('rectangular');
    expect(statistic).toBeCloseTo(correction / Math.sqrt(3.6 / 5), 12);
    expect(pValue).toBeCloseTo(studentTwoSided(correction / Math.sqrt(3.6 / 5), 4), 12);
    // Signs that alternate have a negative unweighted variance at one lag: Bartlett's weights take over.
    expect(harveyLeybourneNewbold([1, -1, 1.1, -1, 1, -0.9], 2).kernel).toBe('bartlett');
    expect(harveyLeybourneNewbold([2, 2, 2], 1)).toMatchObject({ statistic: 0 });
  });

  test('the block bootstrap covers the mean of overlapping sums nine times out of ten, or nearly, and is the same each time', () => {
    const next = normals(31);
    const overlap = 5;
    const held = Array.from({ length: 60 }, () => {
      const sums = [0];
      for (let i = 0; i < 305; i++) sums.push(sums[i]! + next());
      const values = Array.from({ length: 300 }, (_, t) => sums[t + overlap]! - sums[t]!);
      const [low, high] = blockBootstrapInterval(values, 2 * overlap, 0.9);
      return low <= 0 && high >= 0;
    });
    const share = held.filter(Boolean).length / held.length;
    expect(share).toBeGreaterThan(0.78);
    expect(share).toBeLessThan(0.97);
    const values = Array.from({ length: 50 }, next);
    expect(blockBootstrapInterval(values, 3, 0.9)).toEqual(blockBootstrapInterval(values, 3, 0.9));
    expect(blockBootstrapInterval([4, 4, 4], 10, 0.9)).toEqual([4, 4]);
  });

  test('refuses what cannot be compared', () => {
    expect(() => dieboldMariano({ losses: [1, 2], otherLosses: [1], overlap: 1 })).toThrow(ForecastInputInvalidError);
    expect(() => dieboldMariano({ losses: [1, 2, 3], otherLosses: [1, 2, 3], overlap: 2 })).toThrow(
      ForecastInputInvalidError,
    );
  });
});

describe('Student', () => {
  test.each([
    [12.706204736, 1, 0.95],
    [2.228138852, 10, 0.95],
    [1.697260887, 30, 0.9],
    [1.962339081, 1000, 0.95],
  ])('t = %d at %d degrees of freedom, as tables have it', (t, freedom, share) => {
    expect(studentQuantile(share, freedom)).toBeCloseTo(t, 6);
    expect(studentTwoSided(t, freedom)).toBeCloseTo(1 - share, 8);
  });
});

describe('scores', () => {
  test('QLIKE: nothing for a perfect forecast, more for one too low than too high', () => {
    expect(qlike(0.3, 0.3)).toBe(0);
    expect(qlike(2, 1)).toBeCloseTo(1 - Math.LN2, 12);
    expect(qlike(2, 1)).toBeGreaterThan(qlike(1, 2));
  });

  test('CRPS: the known value at the middle of a standard normal, least there, and bounded by the distance', () => {
    expect(normalCrps(0, { mean: 0, stdDev: 1 })).toBeCloseTo(0.2336949773, 9);
    const numbers = fc.double({ min: -3, max: 3, noNaN: true });
    fc.assert(
      fc.property(numbers, numbers, fc.double({ min: 0.2, max: 2, noNaN: true }), (outcome, mean, stdDev) => {
        const score = normalCrps(outcome, { mean, stdDev });
        expect(score).toBeGreaterThan(0);
        expect(score).toBeLessThanOrEqual(Math.abs(outcome - mean) + stdDev);
        // No outcome scores better than the middle.
        expect(normalCrps(outcome, { mean: outcome, stdDev })).toBeLessThanOrEqual(score);
      }),
    );
  });

  test('log score of a standard normal at its middle', () => {
    expect(normalLogScore(1, { mean: 1, stdDev: 1 })).toBeCloseTo(-0.9189385332, 9);
  });
});
