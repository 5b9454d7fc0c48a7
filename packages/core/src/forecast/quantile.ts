import { ForecastInputInvalidError } from './errors.js';
import type { VolatilityForecast } from './forecast.js';
import { normalQuantile } from './normal-quantile.js';

/**
 * The annual volatility that the horizon's realised one will stay below with probability `share`.
 *
 * @param share between 0 and 1, exclusive; 0.5 gives the median
 * @throws {ForecastInputInvalidError} for a share that is none
 * @example
 * ```ts
 * const forecast = rangeHar().forecast(bars, 7 * 86_400)
 * volatilityQuantile(forecast, 0.05) // 0.41: a calm week
 * volatilityQuantile(forecast, 0.95) // 0.98: a wild one
 * ```
 */
export function volatilityQuantile(
  { logVarianceMean, logVarianceStdDev }: Pick<VolatilityForecast, 'logVarianceMean' | 'logVarianceStdDev'>,
  share: number,
): number {
  if (!(share > 0 && share < 1)) {
    throw new ForecastInputInvalidError('share', share, 'is no probability', 'Give one between 0 and 1, such as 0.95.');
  }
  return Math.exp((logVarianceMean + normalQuantile(share) * logVarianceStdDev) / 2);
}
