import { mean } from './statistics.js';
import { studentTwoSided } from './student.js';

/** The classical test of equal loss, corrected for small samples. */
export interface ClassicalComparison {
  readonly statistic: number;
  /** Two-sided. */
  readonly pValue: number;
  /** `bartlett` where the unweighted variance came out negative, as it can for many lags. */
  readonly kernel: 'rectangular' | 'bartlett';
}

/**
 * Diebold–Mariano with the autocovariances of the overlap, h − 1 lags, all of equal weight, times the small-sample factor
 * √((n + 1 − 2h + h(h − 1)/n)/n), against Student's distribution with n − 1 degrees of freedom. An estimate of the variance
 * that is not positive is replaced by one with Bartlett's weights over twice as many lags.
 *
 * Source: Diebold and Mariano, "Comparing predictive accuracy" (1995); Harvey, Leybourne and Newbold, "Testing the equality
 * of prediction mean squared errors" (1997), equation 9; Bartlett's weights Newey and West (1987).
 *
 * @param differences of the losses, in order of time, at least two
 * @param overlap how many consecutive windows overlap: h
 */
export function harveyLeybourneNewbold(differences: readonly number[], overlap: number): ClassicalComparison {
  const count = differences.length;
  const steps = Math.max(1, Math.round(overlap));
  const centre = mean(differences);
  const autocovariance = (lag: number): number => {
    let sum = 0;
    for (let t = lag; t < count; t++) sum += (differences[t]! - centre) * (differences[t - lag]! - centre);
    return sum / count;
  };
  const longRun = (lags: number, weight: (lag: number) => number): number => {
    let sum = autocovariance(0);
    for (let lag = 1; lag <= lags; lag++) sum += 2 * weight(lag) * autocovariance(lag);
    return sum;
  };
  const rectangular = longRun(steps - 1, () => 1);
  const kernel = rectangular > 0 ? 'rectangular' : 'bartlett';
  const lags = 2 * (steps - 1);
  const variance = rectangular > 0 ? rectangular : longRun(lags, (lag) => 1 - lag / (lags + 1));
  const correction = Math.sqrt(Math.max(0, count + 1 - 2 * steps + (steps * (steps - 1)) / count) / count);
  const statistic = variance > 0 ? (correction * centre) / Math.sqrt(variance / count) : 0;
  return Object.freeze({ statistic, pValue: studentTwoSided(statistic, count - 1), kernel });
}
