import { type Bar, intervalOf, logReturns } from './bars.js';
import { ForecastInputInvalidError, HistoryTooShortError } from './errors.js';
import type { VolatilityForecast, VolatilityForecaster } from './forecast.js';
import { DAYS_PER_YEAR, flooredVariances, horizonDays, SECONDS_PER_DAY } from './realised-variance.js';

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

export interface DailyModel<Fit> {
  readonly id: string;
  /** Days of history that are needed to look `days` ahead. */
  readonly leastDays: (days: number) => number;
  /** Parameters hold for so many days; they are fitted on the history up to a multiple of them. */
  readonly refitDays: number;
  /** @param days of the horizon */
  readonly fit: (history: DailyHistory, days: number) => Fit;
  readonly forecast: (history: DailyHistory, days: number, fit: Fit) => DailyForecast;
}

/** A forecaster from a model of daily variances. */
export function dailyForecaster<Fit>(model: DailyModel<Fit>): VolatilityForecaster {
  const { id, leastDays } = model;
  const series = (bars: readonly Bar[], horizonSeconds: number, seen: readonly number[]): VolatilityForecast[] => {
    const days = horizonDays(horizonSeconds);
    const perDay = barsPerDay(bars);
    const need = leastDays(days) * perDay;
    const phases = new Map<number, Phase<Fit>>();
    return seen.map((count) => {
      if (count < need) throw new HistoryTooShortError(count, need);
      const phase = phases.get(count % perDay) ?? phaseOf(model, bars, count % perDay, days);
      phases.set(count % perDay, phase);
      const dayCount = Math.floor(count / perDay);
      const fit = phase.fitAfter(dayCount - (dayCount % model.refitDays));
      const { logMean, logStdDev, variance } = model.forecast(phase.history(dayCount), days, fit);
      return Object.freeze({
        model: id,
        horizonSeconds,
        annualVolatility: Math.sqrt(variance * DAYS_PER_YEAR),
        logVarianceMean: logMean + Math.log(DAYS_PER_YEAR),
        logVarianceStdDev: logStdDev,
      });
    });
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

/** The days of a history that start at one time of day. */
interface Phase<Fit> {
  readonly history: (dayCount: number) => DailyHistory;
  readonly fitAfter: (dayCount: number) => Fit;
}

function phaseOf<Fit>(model: DailyModel<Fit>, bars: readonly Bar[], firstBar: number, days: number): Phase<Fit> {
  const raw = rawDays(bars, firstBar);
  const history = (dayCount: number): DailyHistory => ({
    variances: flooredVariances(raw.variances.slice(0, dayCount)),
    returns: raw.returns.slice(0, dayCount),
  });
  const fits = new Map<number, Fit>();
  const fitAfter = (dayCount: number): Fit => {
    const known = fits.get(dayCount) ?? model.fit(history(dayCount), days);
    fits.set(dayCount, known);
    return known;
  };
  return { history, fitAfter };
}

function rawDays(bars: readonly Bar[], firstBar: number): DailyHistory {
  const perDay = barsPerDay(bars);
  const returns = logReturns(bars);
  const variances: number[] = [];
  const totals: number[] = [];
  for (let start = firstBar; start + perDay <= bars.length; start += perDay) {
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
