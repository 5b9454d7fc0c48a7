import { pastDispersion } from './dispersion.js';
import { ForecastInputInvalidError } from './errors.js';
import type { VolatilityForecaster } from './forecast.js';
import { dailyRealisedVariance, DAYS_PER_YEAR, horizonDays } from './realised-variance.js';

/** Days of history below which a weighted average says nothing. */
const LEAST_DAYS = 10;

/**
 * Exponentially weighted average of daily realised variance: s_t = λ·s_{t−1} + (1 − λ)·RV_t, the same for every horizon.
 *
 * Source: RiskMetrics Technical Document (J.P. Morgan, 1996), with λ = 0.94 for daily data.
 *
 * @throws {ForecastInputInvalidError} for a decay that is not between 0 and 1
 * @example
 * ```ts
 * ewma().forecast(bars, 30 * 86_400).annualVolatility // 0.68
 * ```
 */
export function ewma(dailyDecay = 0.94): VolatilityForecaster {
  if (!(dailyDecay > 0 && dailyDecay < 1)) {
    throw new ForecastInputInvalidError('dailyDecay', dailyDecay, 'is not between 0 and 1', '0.94 is usual.');
  }
  return Object.freeze({
    id: 'ewma',
    forecast: (bars, horizonSeconds) => {
      const days = horizonDays(horizonSeconds);
      const variances = dailyRealisedVariance(bars, LEAST_DAYS);
      let state = variances[0]!;
      const forecasts = variances.map((variance) => (state = dailyDecay * state + (1 - dailyDecay) * variance));
      return Object.freeze({
        model: 'ewma',
        horizonSeconds,
        annualVolatility: Math.sqrt(forecasts.at(-1)! * DAYS_PER_YEAR),
        logVarianceStdDev: pastDispersion(variances, forecasts, days),
      });
    },
  } satisfies VolatilityForecaster);
}
