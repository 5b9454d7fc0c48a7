import { dailyForecaster } from './daily-forecaster.js';
import { pastErrors } from './dispersion.js';
import { ForecastInputInvalidError } from './errors.js';
import type { VolatilityForecaster } from './forecast.js';

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
  return dailyForecaster({
    id: 'ewma',
    leastDays: () => LEAST_DAYS,
    prepare: ({ variances }, days) => {
      let state = variances[0]!;
      const forecasts = variances.map((variance) => (state = dailyDecay * state + (1 - dailyDecay) * variance));
      const errorsAfter = pastErrors(variances, forecasts, days);
      return (dayCount) => {
        const { bias, stdDev } = errorsAfter(dayCount);
        const variance = forecasts[dayCount - 1]!;
        return { variance, logMean: Math.log(variance) + bias, logStdDev: stdDev };
      };
    },
  });
}
