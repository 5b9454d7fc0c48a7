import { type Bar, intervalOf, logReturns } from './bars.js';
import { ForecastInputInvalidError, HistoryTooShortError } from './errors.js';
import { mean } from './statistics.js';

export const SECONDS_PER_DAY = 86_400;
export const DAYS_PER_YEAR = 365;

/** Variances below this share of their mean are taken as it: logarithms and divisions need them above zero. */
const LEAST_SHARE = 1e-4;

/**
 * Realised variance of each whole day, oldest first: the sum of squared returns, in days counted backwards from the last
 * bar, so that the newest day is always complete. Not annualised. A day without any movement counts with a ten-thousandth
 * of the mean.
 *
 * @throws {ForecastInputInvalidError} when bars do not divide a day, or nothing ever moved
 * @throws {HistoryTooShortError} for less than `atLeast` days
 */
export function dailyRealisedVariance(bars: readonly Bar[], atLeast: number): number[] {
  const interval = intervalOf(bars);
  const perDay = SECONDS_PER_DAY / interval;
  if (!Number.isInteger(perDay)) {
    const hint = 'Use bars of 1 day, 1 hour, 5 minutes or the like.';
    throw new ForecastInputInvalidError('bars', interval, 's long do not divide a day', hint);
  }
  const days = Math.floor(bars.length / perDay);
  if (days < atLeast) throw new HistoryTooShortError(bars.length, atLeast * perDay);
  const returns = logReturns(bars);
  const start = returns.length - days * perDay;
  const raw = Array.from({ length: days }, (_, day) => {
    let sum = 0;
    for (let i = 0; i < perDay; i++) sum += returns[start + day * perDay + i]! ** 2;
    return sum;
  });
  const average = mean(raw);
  if (!(average > 0)) {
    throw new ForecastInputInvalidError('bars', average, 'never move', 'Check the price history: is it a constant?');
  }
  return raw.map((variance) => Math.max(variance, LEAST_SHARE * average));
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
