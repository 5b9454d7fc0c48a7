import { type Bar, intervalOf, logReturns } from './bars.js';
import { barsPerDay } from './daily-forecaster.js';
import { ForecastInputInvalidError, HistoryTooShortError } from './errors.js';
import { DAYS_PER_YEAR, SECONDS_PER_DAY } from './realised-variance.js';

/** Where the price is expected to drift, how long that lasts, and how it answers to the next return. */
export interface TrendForecast {
  readonly model: string;
  /** Expected drift of the logarithm of the price now, per year. */
  readonly annualDrift: number;
  /** After which half of that drift is gone. */
  readonly halfLifeSeconds: number;
  /** By how much a log return of one raises `annualDrift`: positive where moves go on, negative where they turn. */
  readonly annualDriftPerReturn: number;
}

/** A forecaster sees bars up to now and nothing else. Pure and deterministic. */
export interface TrendForecaster {
  readonly id: string;
  /**
   * @param bars regular bars, ascending; the last one has closed
   * @throws {HistoryTooShortError} when there are too few
   */
  forecast(bars: readonly Bar[]): TrendForecast;
  /** What {@link TrendForecaster.forecast} says of the first `seen` bars, for each entry of `seen`. */
  series(bars: readonly Bar[], seen: readonly number[]): TrendForecast[];
}

/** Mean age of the returns that a trend is read from. */
const MEMORY_DAYS = 7;
/** Half-life of the volatility that returns are measured in. */
const VOLATILITY_HALF_LIFE_DAYS = 7;
/** Days before returns are measured in that volatility. */
const SETTLING_DAYS = 14;
/** Days that followed a signal, below which nothing is concluded. */
const LEAST_OUTCOMES = 20;
const LEAST_DAYS = SETTLING_DAYS + LEAST_OUTCOMES + 1;

/**
 * Whether last week's moves go on. Returns in units of their own recent volatility are averaged with exponential weights
 * of a mean age of a week; how much of that average the next day takes up is a regression over all days so far, and what
 * it says of one day dies out at the rate at which the average forgets. The slope is shrunk by the non-negative garrote,
 * to nothing where its t value is below one: where there is no trend to be seen, none is forecast.
 *
 * Source: the steady state of Kalman's filter for a price whose drift reverts to nothing; momentum of crypto assets over
 * one to four weeks by Liu and Tsyvinski, "Risks and returns of cryptocurrency" (2021); Breiman, "Better subset regression
 * using the nonnegative garrote" (1995).
 *
 * @throws {HistoryTooShortError} for less than 35 days
 * @throws {ForecastInputInvalidError} for prices that never move, or bars that do not divide a day
 *
 * @example
 * ```ts
 * const { annualDrift, halfLifeSeconds } = weekTrend().forecast(bars)
 * ```
 */
export function weekTrend(): TrendForecaster {
  const series = (bars: readonly Bar[], seen: readonly number[]): TrendForecast[] => {
    const perDay = barsPerDay(bars);
    const states = statesOf(bars, perDay);
    const halfLifeSeconds = MEMORY_DAYS * SECONDS_PER_DAY * Math.LN2;
    const barsPerYear = (DAYS_PER_YEAR * SECONDS_PER_DAY) / intervalOf(bars);
    return seen.map((count) => {
      if (count < LEAST_DAYS * perDay) throw new HistoryTooShortError(count, LEAST_DAYS * perDay);
      const { signal, slope, volatility } = states(count - 1);
      return Object.freeze({
        model: 'week-trend',
        annualDrift: slope * signal * volatility * barsPerYear,
        halfLifeSeconds,
        annualDriftPerReturn: slope * barsPerYear,
      });
    });
  };
  return Object.freeze({
    id: 'week-trend',
    forecast: (bars) => series(bars, [bars.length])[0]!,
    series,
  } satisfies TrendForecaster);
}

/** What is known after a bar. */
interface TrendState {
  /** Exponentially weighted sum of the returns, in standard deviations of a bar. */
  readonly signal: number;
  /** Drift of a bar, in the same, for a signal of one. */
  readonly slope: number;
  /** Standard deviation of a bar's return. */
  readonly volatility: number;
}

function statesOf(bars: readonly Bar[], perDay: number): (bar: number) => TrendState {
  const returns = logReturns(bars);
  const forgets = Math.exp(-1 / (MEMORY_DAYS * perDay));
  const ages = 0.5 ** (1 / (VOLATILITY_HALF_LIFE_DAYS * perDay));
  // What a drift that dies out comes to over a day, in bars.
  const day = (1 - forgets ** perDay) * MEMORY_DAYS * perDay;
  const first = SETTLING_DAYS * perDay;
  const count = bars.length;
  const signals = new Float64Array(count);
  const slopes = new Float64Array(count);
  const volatilities = new Float64Array(count);
  const sums = new Float64Array(count);
  const regression = slopeThroughOrigin();
  let squares = 0;
  let weight = 0;
  for (let i = 1; i < count; i++) {
    const volatility = volatilities[i - 1]!;
    if (i > first) {
      if (!(volatility > 0)) {
        throw new ForecastInputInvalidError('bars', 0, 'never move', 'Check the price history: is it a constant?');
      }
      const scaled = returns[i]! / volatility;
      signals[i] = signals[i - 1]! * forgets + scaled;
      sums[i] = sums[i - 1]! + scaled;
    }
    const past = i - perDay;
    if (past > first && (past - first) % perDay === 0) regression.add(signals[past]! * day, sums[i]! - sums[past]!);
    slopes[i] = regression.slope();
    squares = squares * ages + returns[i]! ** 2;
    weight = weight * ages + 1;
    volatilities[i] = Math.sqrt(squares / weight);
  }
  return (bar) => ({ signal: signals[bar]!, slope: slopes[bar]!, volatility: volatilities[bar]! });
}

/** Least squares of y on x without a constant, its slope shrunk by the non-negative garrote. */
function slopeThroughOrigin(): { readonly add: (x: number, y: number) => void; readonly slope: () => number } {
  let xx = 0;
  let xy = 0;
  let yy = 0;
  let count = 0;
  let slope = 0;
  return {
    add: (x, y) => {
      xx += x * x;
      xy += x * y;
      yy += y * y;
      count++;
      if (count < LEAST_OUTCOMES || !(xx > 0)) return;
      const plain = xy / xx;
      const squaredError = (yy - plain * xy) / (count - 1) / xx;
      slope = plain * Math.max(0, 1 - squaredError / (plain * plain));
      if (!Number.isFinite(slope)) slope = 0;
    },
    slope: () => slope,
  };
}
