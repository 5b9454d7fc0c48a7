import { type Bar, intervalOf, logReturns } from './bars.js';
import { ForecastInputInvalidError, HistoryTooShortError } from './errors.js';
import type { VolatilityForecast, VolatilityForecaster } from './forecast.js';
import { DAYS_PER_YEAR, flooredSoFar, horizonDays, SECONDS_PER_DAY } from './realised-variance.js';

/** Whole days of a history, oldest first, the newest of them ending with its last bar. */
export interface DailyHistory {
  /** Realised variance of each day, above zero. */
  readonly variances: readonly number[];
  /** Logarithmic return of each day. */
  readonly returns: readonly number[];
}

/** Mean daily variance over the horizon, and the normal distribution of its logarithm. */
export interface DailyForecast {
  readonly variance: number;
  readonly logMean: number;
  readonly logStdDev: number;
}

export interface DailyModel {
  readonly id: string;
  /** Days of history that are needed to look `days` ahead. */
  readonly leastDays: (days: number) => number;
  /**
   * What is said after so many days of a history, for the mean of the `days` days that follow; from those days alone.
   * Days are asked for in ascending order, so that sums can grow.
   */
  readonly prepare: (history: DailyHistory, days: number) => (dayCount: number) => DailyForecast;
}

/** A forecaster from a model of daily variances. Each time of day that is asked for has a history of days of its own. */
export function dailyForecaster({ id, leastDays, prepare }: DailyModel): VolatilityForecaster {
  const series = (bars: readonly Bar[], horizonSeconds: number, seen: readonly number[]): VolatilityForecast[] => {
    const days = horizonDays(horizonSeconds);
    const perDay = barsPerDay(bars);
    const need = leastDays(days) * perDay;
    const returns = logReturns(bars);
    const phases = new Map<number, Phase>();
    const forecasts = new Map<number, VolatilityForecast>();
    for (const count of [...seen].sort((a, b) => a - b)) {
      if (count < need) throw new HistoryTooShortError(count, need);
      const firstBar = count % perDay;
      const phase = phases.get(firstBar) ?? phaseOf(returns, perDay, firstBar, (history) => prepare(history, days));
      phases.set(firstBar, phase);
      const { logMean, logStdDev, variance } = phase(Math.floor(count / perDay));
      forecasts.set(
        count,
        Object.freeze({
          model: id,
          horizonSeconds,
          annualVolatility: Math.sqrt(variance * DAYS_PER_YEAR),
          logVarianceMean: logMean + Math.log(DAYS_PER_YEAR),
          logVarianceStdDev: logStdDev,
        }),
      );
    }
    return seen.map((count) => forecasts.get(count)!);
  };
  return Object.freeze({
    id,
    forecast: (bars, horizonSeconds) => series(bars, horizonSeconds, [bars.length])[0]!,
    series,
  } satisfies VolatilityForecaster);
}

/**
 * @throws {ForecastInputInvalidError} when bars do not divide a day
 */
export function barsPerDay(bars: readonly Bar[]): number {
  const interval = intervalOf(bars);
  const perDay = SECONDS_PER_DAY / interval;
  if (Number.isInteger(perDay)) return perDay;
  const hint = 'Use bars of 1 day, 1 hour, 5 minutes or the like.';
  throw new ForecastInputInvalidError('bars', interval, 's long do not divide a day', hint);
}

/** What is said after so many of the days that start at one time of day. */
type Phase = (dayCount: number) => DailyForecast;

function phaseOf(
  barReturns: readonly number[],
  perDay: number,
  firstBar: number,
  prepare: (history: DailyHistory) => Phase,
): Phase {
  const { returns, variances } = rawDays(barReturns, perDay, firstBar);
  const firstMove = variances.findIndex((variance) => variance > 0);
  const after = prepare({ variances: flooredSoFar(variances), returns });
  return (dayCount) => {
    if (firstMove >= 0 && firstMove < dayCount) return after(dayCount);
    throw new ForecastInputInvalidError('bars', 0, 'never move', 'Check the price history: is it a constant?');
  };
}

function rawDays(returns: readonly number[], perDay: number, firstBar: number): DailyHistory {
  const variances: number[] = [];
  const totals: number[] = [];
  for (let start = firstBar; start + perDay <= returns.length; start += perDay) {
    let variance = 0;
    let total = 0;
    for (let i = start; i < start + perDay; i++) {
      variance += returns[i]! ** 2;
      total += returns[i]!;
    }
    variances.push(variance);
    totals.push(total);
  }
  return { variances, returns: totals };
}
