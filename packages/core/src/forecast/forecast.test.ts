import fc from 'fast-check';
import {
  DAY_SECONDS as DAY,
  HOUR_SECONDS as HOUR,
  normals,
  simulateBars as simulate,
  START_SECONDS as START,
  wanderingVolatility,
} from '../../test/support/simulated-bars.js';
import { type Bar, logReturns, regularBars } from './bars.js';
import { bipowerJumps } from './bipower.js';
import { BarInvalidError, ForecastInputInvalidError, HistoryTooShortError } from './errors.js';
import { ewma } from './ewma.js';
import type { VolatilityForecaster } from './forecast.js';
import { fitGarch, garch } from './garch.js';
import { harRv, logHar } from './har.js';
import { rangeHar } from './range-har.js';
import { garmanKlass, parkinson, rogersSatchell, yangZhang } from './range-estimators.js';
import { leastSquares } from './statistics.js';
import { walkForward } from './walk-forward.js';

const flat = (level: number) => () => level;
const scaled = ({ close, high, low, open }: Bar, factor: number): Omit<Bar, 'timeSeconds'> => ({
  open: open * factor,
  high: high * factor,
  low: low * factor,
  close: close * factor,
});
const forecasters: VolatilityForecaster[] = [ewma(), garch(), harRv(), logHar(), rangeHar()];
/** Annual volatility, mean and standard deviation of log variance for a week on `wandering`: pinned, digit by digit. */
const golden: Record<string, readonly [number, number, number]> = {
  ewma: [0.8748184535024124, -0.388632003216431, 0.6216152099459186],
  garch: [0.8157294492876954, -0.592793448012185, 0.6612824564909585],
  'har-rv': [0.7444713749480595, -0.7627231748247922, 0.5759649893279545],
  'log-har': [0.6328584025210706, -1.0517763971494016, 0.5412305252317002],
  'range-har': [0.6915915673066687, -0.8054595678136733, 0.5808907763114878],
};
const wandering = simulate({ bars: 24 * 330 + 7, volatility: wanderingVolatility(24 * 331, 3), steps: 4, seed: 5 });
const steady = simulate({ bars: 24 * 400, volatility: flat(0.7) });

describe.each(forecasters.map((one) => [one.id, one] as const))('%s', (id, forecaster) => {
  test('finds the volatility of a steady market, and knows that it does', () => {
    const forecast = forecaster.forecast(steady, 7 * DAY);
    expect(forecast).toMatchObject({ model: id, horizonSeconds: 7 * DAY });
    expect(Math.abs(forecast.annualVolatility / 0.7 - 1)).toBeLessThan(0.12);
    expect(forecast.logVarianceStdDev).toBeGreaterThan(0.02);
    expect(forecast.logVarianceStdDev).toBeLessThan(0.4);
  });

  test('says what it said, digit by digit', () => {
    const { annualVolatility, logVarianceMean, logVarianceStdDev } = forecaster.forecast(wandering, 7 * DAY);
    const said = [annualVolatility, logVarianceMean, logVarianceStdDev];
    said.forEach((value, i) => expect(value).toBeCloseTo(golden[id]![i]!, 9));
  });

  test('does not look ahead: whatever the future, what was said before stays said', () => {
    const bars = wandering.slice(0, 24 * 330);
    const cut = 24 * 310 + 3;
    const settings = { forecaster, horizonSeconds: 7 * DAY, warmUpBars: 24 * 300 + 3, everyBars: 24 * 5 };
    const before = walkForward({ ...settings, bars });
    expect(before).toHaveLength(6);
    const scale = fc.double({ min: 0.01, max: 100, noNaN: true });
    const future = fc.tuple(fc.shuffledSubarray(bars.slice(cut), { minLength: bars.length - cut }), scale);
    fc.assert(
      fc.property(future, ([shuffled, factor]) => {
        const other = shuffled.map(({ close, high, low, open }, i): Bar => {
          const prices = { open: open * factor, high: high * factor * 2, low: low * factor, close: close * factor };
          return { ...prices, timeSeconds: START + (cut + i) * HOUR };
        });
        const after = walkForward({ ...settings, bars: [...bars.slice(0, cut), ...other] });
        expect(after.slice(0, 3)).toEqual(before.slice(0, 3));
        expect(after[4]).not.toEqual(before[4]);
      }),
      { numRuns: 3 },
    );
  });

  test('a series says what forecasts of the same bars say, at any time of day', () => {
    const seen = [24 * 300, 24 * 301 + 5, 24 * 310 + 5, 24 * 329 + 1, wandering.length];
    const one = seen.map((count) => forecaster.forecast(wandering.slice(0, count), 30 * DAY));
    expect(forecaster.series!(wandering, 30 * DAY, seen)).toEqual(one);
  });

  test('says so when the history is too short', () => {
    expect(() => forecaster.forecast(steady.slice(0, 24 * 5), DAY)).toThrow(HistoryTooShortError);
    expect(() => forecaster.forecast([], DAY)).toThrow(HistoryTooShortError);
  });

  test('refuses a market that never moves, and a horizon that is none', () => {
    const still = steady.map((bar) => ({ ...bar, open: 1, high: 1, low: 1, close: 1 }));
    expect(() => forecaster.forecast(still, DAY)).toThrow(ForecastInputInvalidError);
    expect(() => forecaster.forecast(steady, -DAY)).toThrow(ForecastInputInvalidError);
  });
});

describe('what the models are for', () => {
  /** Volatility that stays for long and then changes: 40 % and 100 % in turns of 40 days. */
  const regimes = simulate({ bars: 24 * 600, volatility: (i) => (Math.floor(i / (24 * 40)) % 2 === 0 ? 0.4 : 1) });

  test('EWMA and log-HAR follow a regime, here the calm one', () => {
    const now = regimes.slice(0, 24 * 590);
    expect(ewma().forecast(now, DAY).annualVolatility).toBeLessThan(0.6);
    expect(logHar().forecast(now, DAY).annualVolatility).toBeLessThan(0.6);
  });

  test.each([harRv(), logHar()])(
    '%o learns what follows, not what is: after a calm day comes a wild one',
    (forecaster) => {
      const alternating = simulate({ bars: 24 * 301, volatility: (i) => (Math.floor(i / 24) % 2 === 0 ? 0.4 : 1) });
      expect(forecaster.forecast(alternating, DAY).annualVolatility).toBeGreaterThan(0.85);
    },
  );

  test('the dispersion is wider where volatility is less certain', () => {
    const uncertain = logHar().forecast(regimes, 7 * DAY).logVarianceStdDev;
    expect(uncertain).toBeGreaterThan(2 * logHar().forecast(steady, 7 * DAY).logVarianceStdDev);
  });

  test('GARCH finds the parameters of a simulated one', () => {
    const next = normals(7);
    let variance = 1e-3;
    const returns = Array.from({ length: 4_000 }, () => {
      const each = Math.sqrt(variance) * next();
      variance = 1e-3 * 0.05 + 0.1 * each * each + 0.85 * variance;
      return each;
    });
    const fit = fitGarch(returns);
    expect(fit.alpha).toBeCloseTo(0.1, 1);
    expect(fit.alpha + fit.beta).toBeCloseTo(0.95, 1);
    expect(Math.abs(fit.longRunVariance / 1e-3 - 1)).toBeLessThan(0.25);
  });
});

describe('range estimators', () => {
  const fine = simulate({ bars: 2000, volatility: flat(0.7), steps: 400 });

  test.each([
    ['parkinson', parkinson],
    ['garmanKlass', garmanKlass],
    ['rogersSatchell', rogersSatchell],
    ['yangZhang', yangZhang],
  ])('%s finds the volatility of a finely sampled path, a little below for its discreteness', (_, estimator) => {
    const ratio = estimator(fine) / 0.7;
    expect(ratio).toBeGreaterThan(0.93);
    expect(ratio).toBeLessThan(1.01);
  });

  test('Parkinson on one bar: ln²(H/L)/(4 ln 2)', () => {
    const bars = [0, 1].map((i) => ({ timeSeconds: i * DAY, open: 100, high: 110, low: 100, close: 105 }));
    expect(parkinson(bars)).toBeCloseTo(Math.sqrt((365 * Math.log(1.1) ** 2) / (4 * Math.LN2)), 12);
  });

  test('Rogers–Satchell does not take a drift for volatility, Parkinson does', () => {
    const drift = [0, 1].map((i) => ({ timeSeconds: i * DAY, open: 100, high: 120, low: 100, close: 120 }));
    expect(rogersSatchell(drift)).toBe(0);
    expect(parkinson(drift)).toBeGreaterThan(1);
  });
});

describe('bipower jumps', () => {
  test('a diffusion has none, one big move is one', () => {
    const returns = logReturns(simulate({ bars: 288, intervalSeconds: 300, volatility: flat(0.7) }));
    const calm = bipowerJumps(returns);
    expect(calm.zStatistic).toBeLessThan(3);
    expect(calm.jumpShare).toBeLessThan(0.25);
    const jump = [...returns];
    jump[100] = 0.05;
    const torn = bipowerJumps(jump);
    expect(torn.zStatistic).toBeGreaterThan(3);
    expect(torn.jumpShare).toBeGreaterThan(0.4);
    expect(torn.bipowerVariance / calm.bipowerVariance).toBeLessThan(1.5);
  });

  test('no movement has no jump', () => {
    expect(bipowerJumps(new Array<number>(20).fill(0))).toMatchObject({ jumpShare: 0, zStatistic: 0 });
    expect(() => bipowerJumps([0.1])).toThrow(HistoryTooShortError);
  });
});

describe('bars', () => {
  test('a missing bar is filled flat, and the return over the gap counts once', () => {
    const bars = steady.slice(0, 100);
    const gapped = [...bars.slice(0, 50), ...bars.slice(52)];
    const { bars: filled, filled: count } = regularBars(gapped, HOUR);
    expect(count).toBe(2);
    expect(filled).toHaveLength(100);
    const returns = logReturns(filled);
    expect(returns.slice(50, 52)).toEqual([0, 0]);
    expect(returns[52]).toBeCloseTo(Math.log(bars[52]!.close / bars[49]!.close), 12);
  });

  test.each([
    ['a NaN', { close: Number.NaN }],
    ['a price of zero', { low: 0 }],
    ['a high below the close', { high: 1 }],
    ['a time off the grid', { timeSeconds: START + 5 }],
    ['a time before the last', { timeSeconds: START - HOUR }],
  ])('%s is refused', (_, change) => {
    const bars = steady.slice(0, 10);
    expect(() => regularBars([...bars.slice(0, 5), { ...bars[5]!, ...change }], HOUR)).toThrow(BarInvalidError);
  });

  test('a history with more than a twentieth missing is refused', () => {
    const bars = steady.slice(0, 100);
    expect(() => regularBars([...bars.slice(0, 50), ...bars.slice(60)], HOUR)).toThrow(BarInvalidError);
  });

  test('a day is counted backwards from the last bar: the newest is complete, the oldest is cut', () => {
    const jump = (bar: number): Bar[] =>
      steady.slice(0, 24 * 12 + 5).map((each, i) => (i < bar ? each : { ...each, ...scaled(each, 1.5) }));
    const calm = ewma().forecast(jump(0), DAY).annualVolatility;
    expect(ewma().forecast(jump(3), DAY).annualVolatility).toBe(calm);
    expect(ewma().forecast(jump(24 * 11 + 5), DAY).annualVolatility).toBeGreaterThan(1.5 * calm);
  });
});

test('least squares finds the line, also where a regressor says nothing', () => {
  const rows = [1, 2, 3, 4, 5].map((x) => [1, x, 0]);
  const [constant, slope, empty] = leastSquares(rows, [5, 7, 9, 11, 13]);
  expect(constant).toBeCloseTo(3, 10);
  expect(slope).toBeCloseTo(2, 10);
  expect(empty).toBe(0);
});
