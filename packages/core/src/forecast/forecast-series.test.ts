import fc from 'fast-check';
import {
  DAY_SECONDS as DAY,
  HOUR_SECONDS as HOUR,
  simulateBars,
  wanderingVolatility,
} from '../../test/support/simulated-bars.js';
import { normalCdf } from '../exposure/normal.js';
import { ForecastInputInvalidError } from './errors.js';
import { ewma } from './ewma.js';
import { forecastSeries } from './forecast-series.js';
import { normalQuantile } from './normal-quantile.js';
import { volatilityQuantile } from './quantile.js';
import { rangeHar } from './range-har.js';

const bars = simulateBars({ bars: 24 * 200, volatility: wanderingVolatility(24 * 200, 4), steps: 4, seed: 9 });

describe('forecast series', () => {
  const series = forecastSeries({
    bars,
    forecaster: rangeHar(),
    horizonSeconds: 7 * DAY,
    everyHours: 1,
    warmUpDays: 150,
  });

  test('holds one forecast an hour, each that of the bars before it', () => {
    expect(series.forecasts).toHaveLength(24 * 50 + 1);
    const seen = 24 * 160 + 7;
    const { madeAtSeconds, ...forecast } = series.at(bars[seen - 1]!.timeSeconds + HOUR)!;
    expect(madeAtSeconds).toBe(bars[seen - 1]!.timeSeconds + HOUR);
    expect(forecast).toEqual(rangeHar().forecast(bars.slice(0, seen), 7 * DAY));
  });

  test('says what was known at a time: never something made later, nothing before the first', () => {
    const start = series.forecasts[0]!.madeAtSeconds;
    expect(series.at(start - 1)).toBeUndefined();
    expect(series.at(Number.NaN)).toBeUndefined();
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 60 * DAY }), (later) => {
        const { madeAtSeconds } = series.at(start + later)!;
        const last = series.forecasts.at(-1)!.madeAtSeconds;
        expect(madeAtSeconds).toBeLessThanOrEqual(start + later);
        expect(madeAtSeconds).toBeGreaterThan(Math.min(last, start + later) - HOUR);
      }),
    );
  });

  test('once a day unless told, and only whole bars', () => {
    const settings = { bars, forecaster: ewma(), horizonSeconds: DAY, warmUpDays: 100 };
    expect(forecastSeries(settings).forecasts).toHaveLength(101);
    expect(() => forecastSeries({ ...settings, everyHours: 0.5 })).toThrow(ForecastInputInvalidError);
    expect(() => forecastSeries({ ...settings, everyHours: 0 })).toThrow(ForecastInputInvalidError);
  });
});

describe('quantiles', () => {
  test.each([
    [0.975, 1.959963984540054],
    [0.95, 1.6448536269514722],
    [0.5, 0],
    [0.01, -2.3263478740408408],
    [1e-6, -4.753424308822899],
  ])('of the standard normal at %d, as tables have it', (share, quantile) => {
    expect(normalQuantile(share)).toBeCloseTo(quantile, 9);
  });

  test('undo the distribution', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-9, max: 1 - 1e-9, noNaN: true }), (share) => {
        expect(normalCdf(normalQuantile(share)) / share).toBeCloseTo(1, 6);
      }),
    );
  });

  test('of a volatility: the median is the middle, and they ascend', () => {
    const forecast = { logVarianceMean: Math.log(0.36), logVarianceStdDev: 0.5 };
    expect(volatilityQuantile(forecast, 0.5)).toBeCloseTo(0.6, 12);
    expect(volatilityQuantile(forecast, normalCdf(1))).toBeCloseTo(0.6 * Math.exp(0.25), 9);
    expect(volatilityQuantile(forecast, 0.05)).toBeLessThan(volatilityQuantile(forecast, 0.95));
    for (const share of [0, 1, -1, Number.NaN]) {
      expect(() => volatilityQuantile(forecast, share)).toThrow(ForecastInputInvalidError);
    }
  });
});
