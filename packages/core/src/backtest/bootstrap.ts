import { BacktestInputInvalidError } from './errors.js';
import { inverseNormalCdf, seededNumbers } from './seeded-numbers.js';

export interface BootstrapOptions {
  readonly resamples: number;
  /** Mean length of the blocks that stay together: 1 where observations are independent. */
  readonly meanBlock: number;
  readonly seed: number;
  /** Of the interval, two-sided: 0.9. */
  readonly confidence: number;
  /** Probability with which an effect of the size of `detectable` would have been found: 0.8. */
  readonly power: number;
}

/** A number measured on data, and how well. */
export interface Estimate {
  readonly value: number;
  /** Ends of the confidence interval (percentiles of the resamples). */
  readonly low: number;
  readonly high: number;
  readonly standardError: number;
  /**
   * The smallest true effect, either way, that a test at this confidence would have found with this power:
   * (z_{(1+c)/2} + z_power) · standard error. What is smaller may be there unseen.
   */
  readonly detectable: number;
}

/**
 * A statistic of a series of observations with its confidence interval, by the stationary bootstrap: blocks of geometric
 * length, wrapped around the end, so that neighbours that overlap or trend together are drawn together.
 *
 * Source: Politis and Romano, "The stationary bootstrap" (1994).
 *
 * @param count of observations
 * @param statistic of the observations with these indices; called with all of them in order first
 * @throws {BacktestInputInvalidError} for fewer than two observations, or options outside of their range
 * @example
 * ```ts
 * const mean = (at: Int32Array) => at.reduce((sum, i) => sum + gains[i]!, 0) / at.length
 * bootstrap(gains.length, mean, { resamples: 2000, meanBlock: 8, seed: 1, confidence: 0.9, power: 0.8 })
 * ```
 */
export function bootstrap(
  count: number,
  statistic: (indices: Int32Array) => number,
  options: BootstrapOptions,
): Estimate {
  check(count, options);
  const { confidence, meanBlock, power, resamples, seed } = options;
  const numbers = seededNumbers(seed);
  const indices = Int32Array.from({ length: count }, (_, i) => i);
  const value = statistic(indices);
  const draws = new Float64Array(resamples);
  for (let draw = 0; draw < resamples; draw++) {
    let at = numbers.below(count);
    for (let i = 0; i < count; i++) {
      indices[i] = at;
      at = numbers.uniform() * meanBlock < 1 ? numbers.below(count) : (at + 1) % count;
    }
    draws[draw] = statistic(indices);
  }
  draws.sort();
  const mean = draws.reduce((sum, each) => sum + each, 0) / resamples;
  const standardError = Math.sqrt(draws.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (resamples - 1));
  const critical = inverseNormalCdf((1 + confidence) / 2) + inverseNormalCdf(power);
  return Object.freeze({
    value,
    low: percentile(draws, (1 - confidence) / 2),
    high: percentile(draws, (1 + confidence) / 2),
    standardError,
    detectable: critical * standardError,
  });
}

function percentile(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  const left = sorted[below]!;
  return left + (at - below) * ((sorted[below + 1] ?? left) - left);
}

function check(count: number, { confidence, meanBlock, power, resamples }: BootstrapOptions): void {
  const require = (holds: boolean, field: string, value: number, hint: string): void => {
    if (!holds) throw new BacktestInputInvalidError(field, value, 'is out of range', hint);
  };
  require(count >= 2, 'observations', count, 'Compare over two episodes or more.');
  require(resamples >= 100 &&
    Number.isSafeInteger(resamples), 'resamples', resamples, 'Draw 100 or more; 2000 is usual.');
  require(meanBlock >= 1 && meanBlock <= count, 'meanBlock', meanBlock, `Use 1 to ${count}.`);
  require(confidence > 0 && confidence < 1, 'confidence', confidence, 'Use 0.9 or the like.');
  require(power >= 0.5 && power < 1, 'power', power, 'Use 0.8 or the like.');
}
