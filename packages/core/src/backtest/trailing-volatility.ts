import { type Bar, intervalOf, logReturns } from '../forecast/bars.js';
import { ForecastInputInvalidError, HistoryTooShortError } from '../forecast/errors.js';
import type { VolatilityForecast, VolatilityForecaster } from '../forecast/forecast.js';

const SECONDS_PER_DAY = 86_400;
const DAYS_PER_YEAR = 365;

/**
 * The realised volatility of the last days, the same for every horizon: what hedgers without a forecast use, and the
 * other end of a comparison of forecasts. Its distribution is that of the logarithm of as many squared normal returns.
 *
 * @throws {ForecastInputInvalidError} for no days; from `forecast`, {@link HistoryTooShortError} for too few bars
 */
export function trailingVolatility(days: number): VolatilityForecaster {
  if (!(Number.isSafeInteger(days) && days > 0)) {
    throw new ForecastInputInvalidError('days', days, 'is no number of days', '30 is usual.');
  }
  const series = (bars: readonly Bar[], horizonSeconds: number, seen: readonly number[]): VolatilityForecast[] => {
    const window = (days * SECONDS_PER_DAY) / intervalOf(bars);
    const sums = [0];
    for (const each of logReturns(bars)) sums.push(sums.at(-1)! + each * each);
    return seen.map((count) => {
      if (count < window + 1) throw new HistoryTooShortError(count, window + 1);
      const variance = ((sums[count]! - sums[count - window]!) / days) * DAYS_PER_YEAR;
      if (!(variance > 0)) {
        throw new ForecastInputInvalidError('bars', variance, 'never move', 'Check the price history.');
      }
      return Object.freeze({
        model: `trailing-${days}d`,
        horizonSeconds,
        annualVolatility: Math.sqrt(variance),
        logVarianceMean: Math.log(variance),
        logVarianceStdDev: Math.sqrt(2 / window),
      });
    });
  };
  return Object.freeze({
    id: `trailing-${days}d`,
    forecast: (bars, horizonSeconds) => series(bars, horizonSeconds, [bars.length])[0]!,
    series,
  } satisfies VolatilityForecaster);
}
