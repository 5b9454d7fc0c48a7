import type { Bar } from './bars.js';
import { barsPerDay } from './daily-forecaster.js';
import { recentErrors } from './dispersion.js';
import { ForecastInputInvalidError, HistoryTooShortError } from './errors.js';
import type { VolatilityForecast, VolatilityForecaster } from './forecast.js';
import { DAYS_PER_YEAR, horizonDays } from './realised-variance.js';
import { shrunkRegression, type Slopes } from './shrunk-regression.js';
import { mean, residualStdDev } from './statistics.js';
import {
  FEATURE_DAYS,
  FEATURES,
  VARIANCE_FEATURES,
  type VarianceFeatures,
  varianceFeatures,
} from './variance-features.js';

/** Complete outcomes below which nothing is estimated. */
const LEAST_ROWS = 60;
const REFIT_DAYS = 7;
/** Persistence that is assumed before the data speak, spread evenly over all windows of variance. */
const PRIOR_PERSISTENCE = 0.6;
const PENALTY = 2;
/** Days after which an error of the past counts half for the predictive distribution. */
const ERROR_HALF_LIFE_DAYS = 180;
const PRIOR: Slopes = Array.from({ length: FEATURES }, (_, i) =>
  i < VARIANCE_FEATURES ? PRIOR_PERSISTENCE / VARIANCE_FEATURES : 0,
);

interface Fit {
  readonly slopes: Slopes;
  readonly level: number;
  /** Mean of e^{residual}: what lies between the median and the mean. */
  readonly smearing: number;
  readonly stdDev: number;
  /** Logarithms of the least and greatest variance that any window has had. */
  readonly least: number;
  readonly greatest: number;
}

/** A day's forecast of the logarithm of the mean daily variance, before its errors are looked at. */
interface Prediction {
  readonly logVariance: number;
  readonly fit: Fit;
}

/**
 * A log-HAR on better measures, shrunk: the logarithm of the mean variance over the horizon, regressed on range variance
 * and absolute returns over seven windows from six hours to sixty days, on how bursty the variance was, and on the net move
 * over four windows, after the hours of the week have been taken out. Ridge shrinkage around an even spread of persistence
 * keeps 24 regressors from being over-fitted. Slopes are learned from range variance, which is the less noisy outcome;
 * level, smearing and errors come from squared returns, which is what is forecast. Refitted every seven days on all
 * history.
 *
 * The predictive distribution is calibrated on the errors that the same procedure made out of sample before: their spread,
 * recent ones weighing more, and half of their recent bias.
 *
 * Source: Corsi (2009) for the cascade of windows; the measures as in `variance-features`. Windows, penalty and prior were
 * chosen on ETH-USDT hours of August 2017 to January 2022.
 *
 * @throws {HistoryTooShortError} for less than 120 days and the horizon
 * @example
 * ```ts
 * const { annualVolatility, logVarianceMean, logVarianceStdDev } = rangeHar().forecast(bars, 7 * 86_400)
 * ```
 */
export function rangeHar(): VolatilityForecaster {
  const series = (bars: readonly Bar[], horizonSeconds: number, seen: readonly number[]): VolatilityForecast[] => {
    const days = horizonDays(horizonSeconds);
    checkHistory(bars, days, seen);
    const features = varianceFeatures(bars);
    const pathOf = memoised((phase: number) => predictionPath(features, bars.length, phase, days));
    return seen.map((end) => {
      const { errors, first, predictions } = pathOf(end % features.barsPerDay);
      const index = (end - first) / features.barsPerDay;
      const { fit, logVariance } = predictions[index]!;
      const past = errors.slice(0, Math.max(0, index - days + 1)).filter(isKnown);
      const { bias, stdDev } = recentErrors(past, fit.stdDev, ERROR_HALF_LIFE_DAYS);
      return Object.freeze({
        model: 'range-har',
        horizonSeconds,
        annualVolatility: Math.sqrt(Math.exp(within(fit, logVariance + Math.log(fit.smearing))) * DAYS_PER_YEAR),
        logVarianceMean: logVariance + bias + Math.log(DAYS_PER_YEAR),
        logVarianceStdDev: stdDev,
      });
    });
  };
  return Object.freeze({
    id: 'range-har',
    forecast: (bars, horizonSeconds) => series(bars, horizonSeconds, [bars.length])[0]!,
    series,
  } satisfies VolatilityForecaster);
}

const isKnown = (error: number | undefined): error is number => error !== undefined;

function memoised<T>(make: (key: number) => T): (key: number) => T {
  const made = new Map<number, T>();
  return (key) => {
    const found = made.get(key) ?? make(key);
    made.set(key, found);
    return found;
  };
}

function checkHistory(bars: readonly Bar[], days: number, seen: readonly number[]): void {
  const need = (FEATURE_DAYS + LEAST_ROWS + days) * barsPerDay(bars);
  const least = Math.min(...seen, bars.length);
  if (least < need) throw new HistoryTooShortError(least, need);
  if (bars.slice(0, need).every(({ high, low }) => high === bars[0]!.high && low === high)) {
    throw new ForecastInputInvalidError('bars', 0, 'never move', 'Check the price history: is it a constant?');
  }
}

interface PredictionPath {
  /** Bars seen at the first row; a row a day follows. */
  readonly first: number;
  readonly predictions: readonly (Prediction | undefined)[];
  /** ln(realised) − logVariance of each row, once its window is over. */
  readonly errors: readonly (number | undefined)[];
}

/**
 * Predictions of every day, each from what was known then. Rows are counted from the start of the history, so that more
 * bars at its end leave all earlier predictions as they were.
 */
function predictionPath(features: VarianceFeatures, barCount: number, phase: number, days: number): PredictionPath {
  const { barsPerDay: perDay, logRange, logRealised, logSeason, row } = features;
  const first = FEATURE_DAYS * perDay + phase;
  const count = Math.floor((barCount - first) / perDay) + 1;
  const ends = Array.from({ length: count }, (_, i) => first + i * perDay);
  const rows = ends.map(row);
  const seasons = ends.map((end) => logSeason(end, days));
  const outcomes: number[] = [];
  const regression = shrunkRegression(PRIOR, PENALTY);
  const predictions: (Prediction | undefined)[] = [];
  let fit: Fit | undefined;
  for (const [i, end] of ends.entries()) {
    const past = i - days;
    if (past >= 0) {
      regression.add(rows[past]!, logRange(end, days) - seasons[past]!);
      outcomes.push(logRealised(end, days) - seasons[past]!);
    }
    if (outcomes.length >= LEAST_ROWS && (outcomes.length - LEAST_ROWS) % REFIT_DAYS === 0) {
      fit = levelled(regression.slopes(), rows, outcomes, seasons);
    }
    predictions.push(fit && { fit, logVariance: within(fit, fit.level + dot(fit.slopes, rows[i]!) + seasons[i]!) });
  }
  const errors = outcomes.map((outcome, i) => {
    const prediction = predictions[i];
    return prediction && outcome + seasons[i]! - prediction.logVariance;
  });
  return { first, predictions, errors };
}

/** The level at which residuals of squared-return variance average to nothing, and their spread. */
function levelled(
  slopes: Slopes,
  rows: readonly (readonly number[])[],
  outcomes: readonly number[],
  seasons: readonly number[],
): Fit {
  const gaps = outcomes.map((outcome, i) => outcome - dot(slopes, rows[i]!));
  const level = mean(gaps);
  const residuals = gaps.map((gap) => gap - level);
  const seen = outcomes.map((outcome, i) => outcome + seasons[i]!);
  return {
    slopes,
    level,
    smearing: mean(residuals.map(Math.exp)),
    stdDev: residualStdDev(residuals, 1),
    least: seen.reduce((a, b) => Math.min(a, b)),
    greatest: seen.reduce((a, b) => Math.max(a, b)),
  };
}

/**
 * What was never seen is not forecast: a line may lead far out after a shock without precedent.
 *
 * Source: the "insanity filter" of Swanson and White (1995), as used on realised variance by Bollerslev, Patton and
 * Quaedvlieg, "Exploiting the errors" (2016).
 */
function within({ greatest, least }: Fit, logVariance: number): number {
  return Math.min(Math.max(logVariance, least), greatest);
}

function dot(slopes: Slopes, row: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < row.length; i++) sum += slopes[i]! * row[i]!;
  return sum;
}
