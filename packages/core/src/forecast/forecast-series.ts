import { type Bar, intervalOf } from './bars.js';
import { ForecastInputInvalidError } from './errors.js';
import type { VolatilityForecaster } from './forecast.js';
import { type DatedForecast, walkForward } from './walk-forward.js';

const SECONDS_PER_HOUR = 3600;
const HOURS_PER_DAY = 24;

export interface ForecastSeriesInput {
  /** Regular, ascending: see `regularBars`. */
  readonly bars: readonly Bar[];
  readonly forecaster: VolatilityForecaster;
  readonly horizonSeconds: number;
  /** A whole number of bars; 24 unless told. */
  readonly everyHours?: number;
  /** Days that are seen before the first forecast; 365 unless told. */
  readonly warmUpDays?: number;
}

/** Forecasts in order of time, and the one that was known at a time. */
export interface ForecastSeries {
  readonly forecasts: readonly DatedForecast[];
  /** The last forecast that was made by then; nothing before the first. */
  readonly at: (timeSeconds: number) => DatedForecast | undefined;
}

/**
 * Everything a forecaster would have said over a history, each time from the bars before it alone, for a backtest to look
 * up. Hour by hour over 64,524 hours takes `rangeHar` about a second.
 *
 * @throws {ForecastInputInvalidError} for a step that is no whole number of bars
 * @throws {HistoryTooShortError} when the warm-up is shorter than what the forecaster needs
 * @example
 * ```ts
 * const series = forecastSeries({ bars, forecaster: rangeHar(), horizonSeconds: 30 * 86_400, everyHours: 1 })
 * series.at(timeSeconds)?.annualVolatility // 0.62
 * ```
 */
export function forecastSeries(input: ForecastSeriesInput): ForecastSeries {
  const { bars, everyHours = HOURS_PER_DAY, forecaster, horizonSeconds, warmUpDays = 365 } = input;
  const barsPerHour = SECONDS_PER_HOUR / intervalOf(bars);
  const everyBars = everyHours * barsPerHour;
  if (!(everyBars >= 1 && Number.isInteger(everyBars))) {
    const hint = 'Give a whole number of bars, in hours.';
    throw new ForecastInputInvalidError('everyHours', everyHours, 'is no whole number of bars', hint);
  }
  const warmUpBars = Math.ceil(warmUpDays * HOURS_PER_DAY * barsPerHour);
  const forecasts = walkForward({ forecaster, bars, horizonSeconds, warmUpBars, everyBars });
  const [first] = forecasts;
  const everySeconds = everyHours * SECONDS_PER_HOUR;
  return Object.freeze({
    forecasts: Object.freeze(forecasts),
    at: (timeSeconds: number) => {
      if (first === undefined || !(timeSeconds >= first.madeAtSeconds)) return undefined;
      const index = Math.floor((timeSeconds - first.madeAtSeconds) / everySeconds);
      return forecasts[Math.min(index, forecasts.length - 1)];
    },
  });
}
