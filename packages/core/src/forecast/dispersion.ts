import { residualStdDev } from './statistics.js';
import { rollingMeans } from './realised-variance.js';

/** What is assumed of a forecaster that has no past to be judged by: within a factor of two. */
const UNJUDGED = Math.LN2;

/**
 * Predictive dispersion of a forecaster from its own past: the spread of ln(realised / forecast) over all windows that are
 * complete by now.
 *
 * @param variances daily variances, oldest first
 * @param forecasts entry t is what was said after day t for the mean of days t+1 … t+days
 */
export function pastDispersion(variances: readonly number[], forecasts: readonly number[], days: number): number {
  const realised = rollingMeans(variances, days);
  const errors: number[] = [];
  for (let t = 0; t + 1 < realised.length && t < forecasts.length; t++) {
    errors.push(Math.log(realised[t + 1]! / forecasts[t]!));
  }
  return errors.length < 30 ? UNJUDGED : residualStdDev(errors, 0);
}
