import { type Bar, logReturns } from './bars.js';
import { barsPerDay as barsPerDayOf } from './daily-forecaster.js';
import { weekProfile } from './week-profile.js';

/** Days back over which variance is averaged: from six hours to two months. */
const VARIANCE_DAYS = [0.25, 1, 3, 7, 15, 30, 60] as const;
/** Days back over which the net move is held against the variance on the way. */
const MOVE_DAYS = [1, 3, 7, 30] as const;
const BURST_DAYS = [7, 30] as const;
/** Days back over which what jumps did is told from what diffused. */
const JUMP_DAYS = [1, 7, 30] as const;

/** Days of history that a row needs behind it. */
export const FEATURE_DAYS = 60;
/** How many of a row's features, its first ones, are logarithms of a variance. */
export const VARIANCE_FEATURES: number = 2 * VARIANCE_DAYS.length;
export const FEATURES: number = VARIANCE_FEATURES + BURST_DAYS.length + 2 * MOVE_DAYS.length + JUMP_DAYS.length;

/** Variances below this share of their mean so far are taken as it: logarithms need them above zero. */
const LEAST_SHARE = 1e-4;
/** Daily volatility below which a market that never moved so far is not taken to be. */
const LEAST_VOLATILITY = 1e-6;

/** Running sums of one measure over bars, and means over windows of them per day. */
interface Measure {
  /** Mean per day of `bars` bars that end before bar `end`; `floor` keeps it above zero. */
  readonly mean: (end: number, bars: number) => number;
  readonly floor: (end: number) => number;
}

function measure(values: ArrayLike<number>, barsPerDay: number, least: number): Measure {
  const sums = new Float64Array(values.length + 1);
  for (let i = 0; i < values.length; i++) sums[i + 1] = sums[i]! + values[i]!;
  const mean = (end: number, bars: number): number => ((sums[end]! - sums[end - bars]!) / bars) * barsPerDay;
  return { mean, floor: (end) => Math.max(LEAST_SHARE * mean(end, end), least) };
}

/** ln(high/low) of each bar with the close before it counted in, so that a gap, or a bar of one price, has a range too. */
function trueRanges(bars: readonly Bar[]): number[] {
  return bars.map(({ high, low }, i) => {
    const before = bars[i - 1]?.close ?? high;
    return Math.log(Math.max(high, before) / Math.min(low, before));
  });
}

/** What a regression on past variance reads from bars. Everything about bar `end` is known when `end` bars are seen. */
export interface VarianceFeatures {
  readonly barsPerDay: number;
  /** The regressors of a forecast that is made after `end` bars. */
  readonly row: (end: number) => number[];
  /** ln of the mean daily variance of the `days` days before `end`: from squared returns, and from ranges. */
  readonly logRealised: (end: number, days: number) => number;
  readonly logRange: (end: number, days: number) => number;
  /** ln of what the hours of the week make of the variance of the `days` days after `end`, as known after `end`. */
  readonly logSeason: (end: number, days: number) => number;
}

/**
 * Features of bars: range variance (Parkinson 1980, five times as efficient as squared returns) and absolute returns
 * (robust to jumps: Forsberg and Ghysels 2007) over seven windows, how far the variance came in bursts, how far the price
 * travelled for it, up and down apart (leverage: Corsi and Renò 2012), and how much of it came by jumps: the logarithm of
 * realised over bipower variance (Barndorff-Nielsen and Shephard 2004; as a regressor Andersen, Bollerslev and Diebold 2007).
 */
export function varianceFeatures(bars: readonly Bar[]): VarianceFeatures {
  const barsPerDay = barsPerDayOf(bars);
  const returns = logReturns(bars);
  const ranges = trueRanges(bars);
  const squared = measure(
    returns.map((each) => each * each),
    barsPerDay,
    LEAST_VOLATILITY ** 2,
  );
  const range = measure(
    ranges.map((each) => (each * each) / (4 * Math.LN2)),
    barsPerDay,
    LEAST_VOLATILITY ** 2,
  );
  const absolute = measure(returns.map(Math.abs), barsPerDay, LEAST_VOLATILITY);
  const rangeVolatility = measure(ranges, barsPerDay, LEAST_VOLATILITY);
  const bipower = measure(
    returns.map((each, i) => (Math.PI / 2) * Math.abs(each * (returns[i - 1] ?? each))),
    barsPerDay,
    LEAST_VOLATILITY ** 2,
  );
  const net = measure(returns, barsPerDay, LEAST_VOLATILITY);
  const season = weekProfile(bars, ranges);

  const barsIn = (days: number): number => Math.max(1, Math.round(days * barsPerDay));
  const logMean = ({ floor, mean }: Measure, end: number, days: number): number =>
    Math.log(Math.max(mean(end, barsIn(days)), floor(end)));

  const row = (end: number): number[] => {
    const seasons = VARIANCE_DAYS.map((days) => Math.log(season.factor(end - barsIn(days), days, end)));
    const moves = MOVE_DAYS.map((days) => {
      const variance = Math.max(range.mean(end, barsIn(days)), range.floor(end));
      return (net.mean(end, barsIn(days)) * days) / Math.sqrt(variance * days);
    });
    return [
      ...VARIANCE_DAYS.map((days, i) => logMean(range, end, days) - seasons[i]!),
      ...VARIANCE_DAYS.map((days, i) => 2 * logMean(absolute, end, days) - seasons[i]!),
      ...BURST_DAYS.map((days) => logMean(range, end, days) - 2 * logMean(rangeVolatility, end, days)),
      ...moves,
      ...moves.map(Math.abs),
      ...JUMP_DAYS.map((days) => logMean(squared, end, days) - logMean(bipower, end, days)),
    ];
  };
  return {
    barsPerDay,
    row,
    logRealised: (end, days) => logMean(squared, end, days),
    logRange: (end, days) => logMean(range, end, days),
    logSeason: (end, days) => Math.log(season.factor(end, days, end)),
  };
}
