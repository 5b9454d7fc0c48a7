import { blockBootstrapInterval } from './block-bootstrap.js';
import { ForecastInputInvalidError } from './errors.js';
import { type ClassicalComparison, harveyLeybourneNewbold } from './harvey-leybourne-newbold.js';
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
  /** The same by resampling blocks of two overlaps each. */
  readonly bootstrapInterval: readonly [number, number];
  /** The test as it is mostly reported; too sure of itself where windows are long and few. */
  readonly classical: ClassicalComparison;
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
/** Cosines per n^{2/3}, and per window that does not overlap, that the variance is estimated from. */
const COSINE_SHARE = 0.4;

/**
 * Diebold–Mariano test of equal loss with a long-run variance that allows for autocorrelation, which overlapping windows
 * have: the mean of the squared projections on the ν lowest cosines, with which the statistic has Student's distribution
 * with ν degrees of freedom. ν = 0.4·n^{2/3}, and at most 0.4 times the number of windows that do not overlap, so that the
 * cosines are slower than the overlap. Long horizons leave few, and the test says so by its width.
 *
 * Source: Diebold and Mariano, "Comparing predictive accuracy" (1995); the variance: Lazarus, Lewis, Stock and Watson,
 * "HAR inference: recommendations for practice" (2018), equations 3 to 5.
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
  const freedom = Math.max(1, Math.floor(COSINE_SHARE * Math.min(count ** (2 / 3), count / overlap)));
  const standardError = robustStandardError(differences, freedom);
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
    bootstrapInterval: blockBootstrapInterval(differences, Math.max(2 * overlap, Math.cbrt(count)), confidence),
    classical: harveyLeybourneNewbold(differences, overlap),
  });
}

/** Standard error of a mean, from the projections of the values on cosines. */
function robustStandardError(values: readonly number[], cosines: number): number {
  const count = values.length;
  const centre = mean(values);
  let sum = 0;
  for (let j = 1; j <= cosines; j++) {
    let projection = 0;
    for (const [t, value] of values.entries()) {
      projection += (value - centre) * Math.cos((Math.PI * j * (t + 0.5)) / count);
    }
    sum += (2 / count) * projection ** 2;
  }
  return Math.sqrt(sum / cosines / count);
}
