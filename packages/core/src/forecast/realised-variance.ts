import { ForecastInputInvalidError } from './errors.js';
import { mean } from './statistics.js';

export const SECONDS_PER_DAY = 86_400;
export const DAYS_PER_YEAR = 365;

/** Variances below this share of their mean are taken as it: logarithms and divisions need them above zero. */
const LEAST_SHARE = 1e-4;

/**
 * Variances with a floor: one without any movement counts with a ten-thousandth of the mean.
 *
 * @throws {ForecastInputInvalidError} when nothing ever moved
 */
export function flooredVariances(raw: readonly number[]): number[] {
  const average = mean(raw);
  if (!(average > 0)) {
    throw new ForecastInputInvalidError('bars', average, 'never move', 'Check the price history: is it a constant?');
  }
  return raw.map((variance) => Math.max(variance, LEAST_SHARE * average));
}

/** Variance of a day that did not move in a market that has not moved yet. */
const LEAST_VARIANCE = 1e-12;

/** The same floor as it was known at each entry: by the mean up to it, so that no entry depends on a later one. */
export function flooredSoFar(raw: readonly number[]): number[] {
  let sum = 0;
  return raw.map((variance, i) => {
    sum += variance;
    return Math.max(variance, (LEAST_SHARE * sum) / (i + 1), LEAST_VARIANCE);
  });
}

/** Whole days, at least one, that a horizon is measured in. */
export function horizonDays(horizonSeconds: number): number {
  if (!(horizonSeconds > 0 && Number.isFinite(horizonSeconds))) {
    const hint = 'Give seconds above zero.';
    throw new ForecastInputInvalidError('horizonSeconds', horizonSeconds, 'is no horizon', hint);
  }
  return Math.max(1, Math.round(horizonSeconds / SECONDS_PER_DAY));
}

/** Means over every window of `length` values: entry i is that of values i … i + length − 1. */
export function rollingMeans(values: readonly number[], length: number): number[] {
  const sums = [0];
  for (const value of values) sums.push(sums.at(-1)! + value);
  const count = Math.max(0, values.length - length + 1);
  return Array.from({ length: count }, (_, i) => (sums[i + length]! - sums[i]!) / length);
}
