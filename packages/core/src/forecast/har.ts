import { dailyForecaster } from './daily-forecaster.js';
import type { VolatilityForecaster } from './forecast.js';
import { pastErrors } from './dispersion.js';
import { rollingMeans } from './realised-variance.js';
import { leastSquares, mean, residualStdDev } from './statistics.js';

/** Day, week and month of a market that never closes. */
const WINDOWS = [1, 7, 30] as const;
const LONGEST = WINDOWS[2];
/** Observations below which four coefficients are not estimated. */
const LEAST_ROWS = 60;

/** Regressors after each day from the thirtieth on: a constant and the mean variance of day, week and month. */
function regressors(variances: readonly number[], transform: (variance: number) => number): number[][] {
  const means = WINDOWS.map((window) => rollingMeans(variances, window));
  const rows = variances.length - LONGEST + 1;
  return Array.from({ length: rows }, (_, t) => [
    1,
    ...WINDOWS.map((window, i) => transform(means[i]![t + LONGEST - window]!)),
  ]);
}

interface Fit {
  readonly rows: readonly number[][];
  readonly coefficients: readonly number[];
  /** Mean variance over the horizon that followed each row, as far as it has passed. */
  readonly outcomes: readonly number[];
}

function fit(variances: readonly number[], days: number, transform: (variance: number) => number): Fit {
  const rows = regressors(variances, transform);
  const outcomes = rollingMeans(variances, days).slice(LONGEST);
  const known = rows.slice(0, outcomes.length);
  return { rows, coefficients: leastSquares(known, outcomes.map(transform)), outcomes };
}

function predict(row: readonly number[], coefficients: readonly number[]): number {
  return row.reduce((sum, value, i) => sum + value * coefficients[i]!, 0);
}

const leastDays = (days: number): number => LONGEST + LEAST_ROWS + days;
const identity = (variance: number): number => variance;

/**
 * HAR-RV: mean variance over the horizon regressed on that of the last day, week and month (1, 7 and 30 days). A forecast
 * below a tenth of the least variance seen is raised to it, for the line may go through zero.
 *
 * Source: Corsi, "A simple approximate long-memory model of realized volatility" (2009).
 *
 * @throws {HistoryTooShortError} for less than 90 days and the horizon
 */
export function harRv(): VolatilityForecaster {
  return dailyForecaster({
    id: 'har-rv',
    leastDays,
    refitDays: 1,
    fit: ({ variances }, days) => fit(variances, days, identity),
    forecast: ({ variances }, days, { coefficients, rows }) => {
      const least = variances.reduce((a, b) => Math.min(a, b)) / 10;
      const forecasts = rows.map((row) => Math.max(least, predict(row, coefficients)));
      const { bias, stdDev } = pastErrors(variances.slice(LONGEST - 1), forecasts, days);
      const variance = forecasts.at(-1)!;
      return { variance, logMean: Math.log(variance) + bias, logStdDev: stdDev };
    },
  });
}

/**
 * log-HAR: the same regression in logarithms, whose residuals are near to normal. The expected variance is that of the
 * exponential: Duan's smearing estimate, e^{prediction} times the mean of e^{residual}.
 *
 * Source: Corsi (2009); Duan, "Smearing estimate: a nonparametric retransformation method" (1983).
 *
 * @throws {HistoryTooShortError} for less than 90 days and the horizon
 * @example
 * ```ts
 * const { annualVolatility, logVarianceStdDev } = logHar().forecast(bars, 7 * 86_400)
 * ```
 */
export function logHar(): VolatilityForecaster {
  return dailyForecaster({
    id: 'log-har',
    leastDays,
    refitDays: 1,
    fit: ({ variances }, days) => fit(variances, days, Math.log),
    forecast: (_, __, { coefficients, outcomes, rows }) => {
      const residuals = outcomes.map((outcome, t) => Math.log(outcome) - predict(rows[t]!, coefficients));
      const smearing = mean(residuals.map(Math.exp));
      const logMean = predict(rows.at(-1)!, coefficients);
      const logStdDev = residualStdDev(residuals, coefficients.length);
      return { variance: Math.exp(logMean) * smearing, logMean, logStdDev };
    },
  });
}
