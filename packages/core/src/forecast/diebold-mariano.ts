import { ForecastInputInvalidError } from './errors.js';
import { mean } from './statistics.js';
import { studentQuantile, studentTwoSided } from './student.js';

/** How the losses of one forecaster differ from those of another: negative means that it is better. */
export interface LossComparison {
  readonly meanDifference: number;
  /** Of the other's mean loss; not a number where that is nothing. */
  readonly percent: number;
  readonly standardError: number;
  readonly statistic: number;
  /** Two-sided. */
  readonly pValue: number;
  /** Of the mean difference, at the stated confidence. */
  readonly interval: readonly [number, number];
  /** The smallest true difference, either way, that would have been found at this confidence four times out of five. */
  readonly smallestDetectable: number;
}

export interface LossComparisonInput {
  readonly losses: readonly number[];
  /** Of the other forecaster, on the same windows. */
  readonly otherLosses: readonly number[];
  /** How many consecutive windows overlap: horizon over the spacing of forecasts, at least 1. */
  readonly overlap: number;
  /** Of the interval; 0.9 unless told. */
  readonly confidence?: number;
}

const POWER = 0.8;
/** Bartlett weights fall to zero, so the lag goes beyond the overlap. */
const LAG_PER_OVERLAP = 1.5;

/**
 * Diebold–Mariano test of equal loss with a variance that is robust to autocorrelation, which overlapping windows have.
 * The statistic is held against Student's distribution with as many degrees of freedom as there are windows that do not
 * overlap, less one: long horizons have few, and the normal distribution would find too much.
 *
 * Source: Diebold and Mariano, "Comparing predictive accuracy" (1995); Newey and West (1987); the small-sample caution
 * as in Harvey, Leybourne and Newbold (1997).
 *
 * @throws {ForecastInputInvalidError} for unequal lengths, or less than two windows that do not overlap
 * @example
 * ```ts
 * const { percent, pValue } = dieboldMariano({ losses, otherLosses, overlap: 7 })
 * ```
 */
export function dieboldMariano(input: LossComparisonInput): LossComparison {
  const { confidence = 0.9, losses, otherLosses, overlap } = input;
  const count = losses.length;
  if (count !== otherLosses.length || Math.floor(count / overlap) < 2) {
    const hint = 'Give equally many losses of both, over at least two windows that do not overlap.';
    throw new ForecastInputInvalidError('losses', [count, otherLosses.length, overlap], 'cannot be compared', hint);
  }
  const differences = losses.map((loss, i) => loss - otherLosses[i]!);
  const meanDifference = mean(differences);
  const standardError = robustStandardError(differences, Math.ceil(LAG_PER_OVERLAP * overlap));
  const freedom = Math.floor(count / overlap) - 1;
  const statistic = standardError === 0 ? 0 : meanDifference / standardError;
  const reach = studentQuantile(confidence, freedom) * standardError;
  const powered = studentQuantile(2 * POWER - 1, freedom) * standardError;
  return Object.freeze({
    meanDifference,
    percent: (100 * meanDifference) / mean(otherLosses),
    standardError,
    statistic,
    pValue: studentTwoSided(statistic, freedom),
    interval: Object.freeze([meanDifference - reach, meanDifference + reach] as const),
    smallestDetectable: reach + powered,
  });
}

/** Standard error of a mean: Newey and West, Bartlett weights. */
function robustStandardError(values: readonly number[], lag: number): number {
  const count = values.length;
  const centre = mean(values);
  const centred = values.map((value) => value - centre);
  let variance = 0;
  for (let k = 0; k <= Math.min(lag, count - 1); k++) {
    let covariance = 0;
    for (let t = k; t < count; t++) covariance += centred[t]! * centred[t - k]!;
    variance += (k === 0 ? 1 : 2 * (1 - k / (lag + 1))) * (covariance / count);
  }
  return Math.sqrt(Math.max(0, variance) / count);
}
