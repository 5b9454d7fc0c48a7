import { mean } from './statistics.js';
import { rollingMeans } from './realised-variance.js';

/** What is assumed of a forecaster that has no past to be judged by: within a factor of two. */
const UNJUDGED = Object.freeze({ bias: 0, stdDev: Math.LN2 });
const LEAST_ERRORS = 30;

/** How a forecaster's logarithmic errors, ln(realised / forecast), have been distributed. */
export interface ErrorDistribution {
  readonly bias: number;
  readonly stdDev: number;
}

/**
 * Errors of a forecaster over all windows that are complete after so many days.
 *
 * @param variances daily variances, oldest first
 * @param forecasts entry t is what was said after day t for the mean of days t+1 … t+days
 */
export function pastErrors(
  variances: readonly number[],
  forecasts: readonly number[],
  days: number,
): (dayCount: number) => ErrorDistribution {
  const realised = rollingMeans(variances, days);
  const sums = [0];
  const squares = [0];
  for (let t = 0; t + 1 < realised.length && t < forecasts.length; t++) {
    const error = Math.log(realised[t + 1]! / forecasts[t]!);
    sums.push(sums[t]! + error);
    squares.push(squares[t]! + error * error);
  }
  return (dayCount) => {
    const count = Math.min(sums.length - 1, dayCount - days);
    if (count < LEAST_ERRORS) return UNJUDGED;
    const bias = sums[count]! / count;
    return { bias, stdDev: Math.sqrt(Math.max(0, squares[count]! - count * bias * bias) / (count - 1)) };
  };
}

/** Half-lives beyond which an error does not count. */
const MEMORY = 4;
/** The weight, in half-lives of errors, of what the regression says of its own spread. */
const PRIOR_WEIGHT = 1 / 3;
/** The recent bias is believed by half: windows overlap, and a mean of them is less certain than it looks. */
const BIAS_SHARE = 0.5;
/** Shares of the normal distribution within ±0.674, ±1 and ±1.645 standard deviations. */
const SHARES = [
  [0.5, 0.674489750196],
  [0.682689492137, 1],
  [0.9, 1.644853626951],
] as const;

/**
 * Bias and spread from recent errors of forecasts that were made out of sample. The spread is the mean of three: those
 * at which half, two thirds and nine tenths of the errors would lie within where a normal distribution has them, so that
 * coverage is right in the middle and in the tails although the tails are fat.
 *
 * @param errors at equal intervals, oldest first, all of them of windows that are over
 * @param prior the in-sample spread of the regression
 * @param halfLife intervals after which an error counts half
 */
export function recentErrors(errors: readonly number[], prior: number, halfLife: number): ErrorDistribution {
  if (errors.length < LEAST_ERRORS) return { bias: 0, stdDev: prior };
  const recent = errors.slice(-MEMORY * halfLife);
  const weighted = recent.map((error, i) => ({
    error,
    size: Math.abs(error),
    weight: 0.5 ** ((recent.length - 1 - i) / halfLife),
  }));
  const total = weighted.reduce((sum, { weight }) => sum + weight, 0);
  const trust = total / (total + PRIOR_WEIGHT * halfLife);
  const bias = weighted.reduce((sum, { error, weight }) => sum + weight * error, 0) / total;
  const sizes = weighted.toSorted((a, b) => a.size - b.size);
  const spread = mean(SHARES.map(([share, deviations]) => sizeAt(sizes, share * total) / deviations));
  const stdDev = spread > 0 ? Math.exp((1 - trust) * Math.log(prior) + trust * Math.log(spread)) : prior;
  return { bias: BIAS_SHARE * trust * bias, stdDev };
}

function sizeAt(sizes: readonly { readonly size: number; readonly weight: number }[], weight: number): number {
  let below = 0;
  for (const each of sizes) {
    below += each.weight;
    if (below >= weight) return each.size;
  }
  return sizes.at(-1)!.size;
}
