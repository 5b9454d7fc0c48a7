import { dailyForecaster } from './daily-forecaster.js';
import type { VolatilityForecaster } from './forecast.js';
import { rollingMeans } from './realised-variance.js';
import { growingLeastSquares, mean, residualStdDev } from './statistics.js';

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

/** A regression that is refitted every day on all windows that are over. */
interface Regression {
  readonly rows: readonly (readonly number[])[];
  /** Mean variance over the horizon that followed each row. */
  readonly outcomes: readonly number[];
  /** How many rows there are after so many days, how many of them have an outcome, and what those say. */
  readonly after: (dayCount: number) => {
    readonly rowCount: number;
    readonly outcomeCount: number;
    readonly coefficients: readonly number[];
  };
}

/** Days are asked for in ascending order. */
function dailyRegression(
  variances: readonly number[],
  days: number,
  transform: (variance: number) => number,
): Regression {
  const rows = regressors(variances, transform);
  const outcomes = rollingMeans(variances, days).slice(LONGEST);
  const regression = growingLeastSquares(1 + WINDOWS.length);
  let added = 0;
  return {
    rows,
    outcomes,
    after: (dayCount) => {
      const rowCount = dayCount - LONGEST + 1;
      const outcomeCount = dayCount - days - LONGEST + 1;
      for (; added < outcomeCount; added++) regression.add(rows[added]!, transform(outcomes[added]!));
      return { rowCount, outcomeCount, coefficients: regression.coefficients() };
    },
  };
}

function predict(row: readonly number[], coefficients: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < row.length; i++) sum += row[i]! * coefficients[i]!;
  return sum;
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
    prepare: ({ variances }, days) => {
      const { after, outcomes, rows } = dailyRegression(variances, days, identity);
      let least = Number.POSITIVE_INFINITY;
      const floors = variances.map((variance) => (least = Math.min(least, variance)) / 10);
      return (dayCount) => {
        const { coefficients, outcomeCount, rowCount } = after(dayCount);
        const floor = floors[dayCount - 1]!;
        const forecast = (row: number): number => Math.max(floor, predict(rows[row]!, coefficients));
        const errors = outcomes.slice(0, outcomeCount).map((outcome, t) => Math.log(outcome / forecast(t)));
        const bias = mean(errors);
        const variance = forecast(rowCount - 1);
        const logStdDev = residualStdDev(
          errors.map((error) => error - bias),
          1,
        );
        return { variance, logMean: Math.log(variance) + bias, logStdDev };
      };
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
    prepare: ({ variances }, days) => {
      const { after, outcomes, rows } = dailyRegression(variances, days, Math.log);
      const logOutcomes = outcomes.map(Math.log);
      return (dayCount) => {
        const { coefficients, outcomeCount, rowCount } = after(dayCount);
        const known = logOutcomes.slice(0, outcomeCount);
        const residuals = known.map((outcome, t) => outcome - predict(rows[t]!, coefficients));
        const smearing = mean(residuals.map(Math.exp));
        const logMean = predict(rows[rowCount - 1]!, coefficients);
        const logStdDev = residualStdDev(residuals, coefficients.length);
        return { variance: Math.exp(logMean) * smearing, logMean, logStdDev };
      };
    },
  });
}
