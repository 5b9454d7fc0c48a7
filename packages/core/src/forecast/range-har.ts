import type { Bar } from './bars.js';
import { barsPerDay } from './daily-forecaster.js';
import { recentErrors } from './dispersion.js';
import { ForecastInputInvalidError, HistoryTooShortError } from './errors.js';
import type { VolatilityForecast, VolatilityForecaster } from './forecast.js';
import { DAYS_PER_YEAR, horizonDays } from './realised-variance.js';
import { shrunkRegression, type Slopes } from './shrunk-regression.js';
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
/** Days after which an outcome teaches half as much: markets grow up. */
const LESSON_HALF_LIFE_DAYS = 730;
/** Days after which an error of the past counts half for the predictive distribution. */
const ERROR_HALF_LIFE_DAYS = 180;
/** Persistence that is assumed before the data speak, spread evenly over all windows of variance. */
const PRIOR_PERSISTENCE = 0.5;
const PRIOR: Slopes = Array.from({ length: FEATURES }, (_, i) =>
  i < VARIANCE_FEATURES ? PRIOR_PERSISTENCE / VARIANCE_FEATURES : 0,
);
/** Windows of many days overlap: as many rows then know less, and the prior weighs more. */
const penaltyOf = (days: number): number => days ** 0.4;

interface Fit {
  readonly slopes: Slopes;
  readonly level: number;
  /** Discounted standard deviation of residuals in sample. */
  readonly spread: number;
  /** Logarithms of the least and greatest variance that any window has had. */
  readonly least: number;
  readonly greatest: number;
  /** Of the predictive distribution, from errors out of sample. */
  readonly bias: number;
  readonly stdDev: number;
}

/**
 * A log-HAR on better measures, shrunk and forgetful: the logarithm of the mean variance over the horizon, regressed on
 * range variance and absolute returns over seven windows from six hours to sixty days, on how bursty the variance was, on
 * the net move over four windows and the share of jumps over three, after the hours of the week have been taken out. Ridge
 * shrinkage around an even spread of persistence keeps 27 regressors from being over-fitted, more so at long horizons, and
 * outcomes count half after two years. Slopes are learned from range variance, which is the less noisy outcome; level and
 * errors come from squared returns, which is what is forecast. The expected variance is that of a lognormal, e^{m + s²/2},
 * which one crash disturbs less than the mean of e^{residual}. Refitted every seven days.
 *
 * The predictive distribution is calibrated on the errors that the same procedure made out of sample before: their spread,
 * recent ones weighing more, and half of their recent bias.
 *
 * Source: Corsi (2009) for the cascade of windows; the measures as in `variance-features`. Windows, penalty, prior and
 * half-lives were chosen on ETH-USDT hours of August 2017 to January 2022.
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
    const fitAfter = fitsOf(features, bars.length, days);
    return seen.map((end) => {
      const fit = fitAfter(end);
      const logVariance = predict(fit, features.row(end), features.logSeason(end, days));
      const expected = within(fit, logVariance + fit.spread ** 2 / 2);
      return Object.freeze({
        model: 'range-har',
        horizonSeconds,
        annualVolatility: Math.sqrt(Math.exp(expected) * DAYS_PER_YEAR),
        logVarianceMean: logVariance + fit.bias + Math.log(DAYS_PER_YEAR),
        logVarianceStdDev: fit.stdDev,
      });
    });
  };
  return Object.freeze({
    id: 'range-har',
    forecast: (bars, horizonSeconds) => series(bars, horizonSeconds, [bars.length])[0]!,
    series,
  } satisfies VolatilityForecaster);
}

function checkHistory(bars: readonly Bar[], days: number, seen: readonly number[]): void {
  const need = (FEATURE_DAYS + LEAST_ROWS + days) * barsPerDay(bars);
  const least = seen.reduce((a, b) => Math.min(a, b), bars.length);
  if (least < need) throw new HistoryTooShortError(least, need);
  if (bars.slice(0, need).every(({ high, low }) => high === bars[0]!.high && low === high)) {
    throw new ForecastInputInvalidError('bars', 0, 'never move', 'Check the price history: is it a constant?');
  }
}

/**
 * The fit that is in force after so many bars, from one row a day. Rows are counted from the start of the history, so that
 * more bars at its end leave all earlier fits as they were; between two rows the last fit reads the newest hours.
 */
function fitsOf(features: VarianceFeatures, barCount: number, days: number): (end: number) => Fit {
  const { barsPerDay: perDay, logRange, logRealised, logSeason, row } = features;
  const first = FEATURE_DAYS * perDay;
  const count = Math.floor((barCount - first) / perDay) + 1;
  const regression = shrunkRegression(PRIOR, penaltyOf(days), LESSON_HALF_LIFE_DAYS);
  const rows: number[][] = [];
  const seasons: number[] = [];
  const outcomes: number[] = [];
  const predictions: (number | undefined)[] = [];
  const errors: number[] = [];
  const fits: Fit[] = [];
  for (let i = 0; i < count; i++) {
    const end = first + i * perDay;
    rows.push(row(end));
    seasons.push(logSeason(end, days));
    const past = i - days;
    if (past >= 0) {
      regression.add(rows[past]!, logRange(end, days) - seasons[past]!);
      outcomes.push(logRealised(end, days));
      const prediction = predictions[past];
      if (prediction !== undefined) errors.push(outcomes[past]! - prediction);
    }
    if (outcomes.length >= LEAST_ROWS && (outcomes.length - LEAST_ROWS) % REFIT_DAYS === 0) {
      fits.push(levelled(regression.slopes(), { rows, seasons, outcomes, errors }));
    }
    const fit = fits.at(-1);
    predictions.push(fit && predict(fit, rows[i]!, seasons[i]!));
  }
  return (end) => fits[Math.floor(((end - first) / perDay - days - LEAST_ROWS + 1) / REFIT_DAYS)]!;
}

interface Past {
  readonly rows: readonly (readonly number[])[];
  /** ln of what the hours of the week make of each row's window. */
  readonly seasons: readonly number[];
  /** ln of the mean daily variance of each row's window, as far as they are over. */
  readonly outcomes: readonly number[];
  /** Of predictions, out of sample. */
  readonly errors: readonly number[];
}

/** The level at which discounted residuals of squared-return variance average to nothing, and their spread. */
function levelled(slopes: Slopes, { errors, outcomes, rows, seasons }: Past): Fit {
  const decay = 0.5 ** (1 / LESSON_HALF_LIFE_DAYS);
  let weight = 0;
  let sum = 0;
  let squares = 0;
  let least = Number.POSITIVE_INFINITY;
  let greatest = Number.NEGATIVE_INFINITY;
  for (const [i, outcome] of outcomes.entries()) {
    const gap = outcome - seasons[i]! - dot(slopes, rows[i]!);
    weight = weight * decay + 1;
    sum = sum * decay + gap;
    squares = squares * decay + gap * gap;
    least = Math.min(least, outcome);
    greatest = Math.max(greatest, outcome);
  }
  const level = sum / weight;
  const spread = Math.sqrt(Math.max(0, squares / weight - level * level));
  return { slopes, level, spread, least, greatest, ...recentErrors(errors, spread, ERROR_HALF_LIFE_DAYS) };
}

function predict(fit: Fit, row: readonly number[], season: number): number {
  return within(fit, fit.level + dot(fit.slopes, row) + season);
}

/**
 * What was never seen is not forecast: a line may lead far out after a shock without precedent.
 *
 * Source: the "insanity filter" of Swanson and White (1995), as used on realised variance by Bollerslev, Patton and
 * Quaedvlieg, "Exploiting the errors" (2016).
 */
function within({ greatest, least }: Pick<Fit, 'greatest' | 'least'>, logVariance: number): number {
  return Math.min(Math.max(logVariance, least), greatest);
}

function dot(slopes: Slopes, row: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < row.length; i++) sum += slopes[i]! * row[i]!;
  return sum;
}
