import { type Bar, intervalOf } from './bars.js';
import { SECONDS_PER_DAY } from './realised-variance.js';

const SECONDS_PER_HOUR = 3600;
const SECONDS_PER_WEEK = 7 * SECONDS_PER_DAY;
/** Weeks of a flat profile that stand beside what was observed. */
const PRIOR_WEEKS = 4;
/** A slot is averaged with its neighbours within two hours on either side. */
const REACH_SECONDS = 2 * SECONDS_PER_HOUR;

/** How variance is spread over the week, as it was known at any time. */
export interface WeekProfile {
  /**
   * Mean factor of `days` days from bar `start` on, by the weeks that were complete after `seen` bars; 1 over a whole week.
   * `start` may be `seen`: bars to come have a time of the week as well.
   */
  readonly factor: (start: number, days: number, seen: number) => number;
}

interface KnownProfile {
  /** Bars that must have been seen for it. */
  readonly seen: number;
  readonly factors: readonly number[];
}

/**
 * Learns the share of each hour of the week in its week's volatility: a market without closing hours still has working
 * hours and weekends. Each complete week counts once, by its range volatility relative to its own mean, so that a wild
 * week does not outvote a calm one.
 *
 * Source: intraday periodicity as a multiplicative factor, Andersen and Bollerslev, "Intraday periodicity and volatility
 * persistence in financial markets" (1997).
 *
 * @param rangeVolatility of each bar, not negative
 */
export function weekProfile(bars: readonly Bar[], rangeVolatility: ArrayLike<number>): WeekProfile {
  const interval = intervalOf(bars);
  const slotSeconds = SECONDS_PER_HOUR % interval === 0 ? SECONDS_PER_HOUR : interval;
  const slots = SECONDS_PER_WEEK / slotSeconds;
  const origin = bars[0]!.timeSeconds;
  const slotOf = (bar: number): number =>
    Math.floor(((origin + bar * interval) % SECONDS_PER_WEEK) / slotSeconds) % slots;
  const known = knownProfiles(bars.length, slots, {
    weekOf: (bar) => Math.floor((origin + bar * interval) / SECONDS_PER_WEEK),
    slotOf,
    rangeVolatility,
    barsPerWeek: SECONDS_PER_WEEK / interval,
    reach: Math.floor(REACH_SECONDS / slotSeconds),
  });
  const barsPerDay = SECONDS_PER_DAY / interval;
  const barsPerWeek = 7 * barsPerDay;
  const firstKnown = known[0]?.seen ?? Number.POSITIVE_INFINITY;

  const factor = (start: number, days: number, seen: number): number => {
    const profile = known[Math.floor((seen - firstKnown) / barsPerWeek)];
    const beyondWeeks = Math.round((days % 7) * barsPerDay);
    if (profile === undefined || beyondWeeks === 0) return 1;
    let sum = 0;
    for (let bar = start; bar < start + beyondWeeks; bar++) sum += profile.factors[slotOf(bar)]!;
    const whole = days * barsPerDay - beyondWeeks;
    return (sum + whole) / (whole + beyondWeeks);
  };
  return { factor };
}

interface Grid {
  readonly weekOf: (bar: number) => number;
  readonly slotOf: (bar: number) => number;
  readonly rangeVolatility: ArrayLike<number>;
  readonly barsPerWeek: number;
  readonly reach: number;
}

function knownProfiles(count: number, slots: number, grid: Grid): KnownProfile[] {
  const { barsPerWeek, rangeVolatility, reach, slotOf, weekOf } = grid;
  const known: KnownProfile[] = [];
  const shares = new Array<number>(slots).fill(PRIOR_WEEKS);
  for (let start = 0; start + barsPerWeek <= count;) {
    if (start > 0 ? weekOf(start) === weekOf(start - 1) : weekOf(0) !== weekOf(barsPerWeek - 1)) {
      start++;
      continue;
    }
    const end = start + barsPerWeek;
    let total = 0;
    for (let bar = start; bar < end; bar++) total += rangeVolatility[bar]!;
    for (let bar = start; bar < end; bar++) {
      shares[slotOf(bar)]! += total > 0 ? (rangeVolatility[bar]! / total) * slots : slots / barsPerWeek;
    }
    known.push({ seen: end, factors: varianceFactors(shares, reach) });
    start = end;
  }
  return known;
}

/** Squares of volatility shares, smoothed around the week, with a mean of one. */
function varianceFactors(shares: readonly number[], reach: number): number[] {
  const total = shares.reduce((sum, share) => sum + share, 0);
  const squares = shares.map((share) => (share / total) ** 2);
  const smooth = squares.map((_, slot) => {
    let sum = 0;
    for (let k = -reach; k <= reach; k++) sum += squares.at((slot + k) % squares.length)!;
    return sum;
  });
  const average = smooth.reduce((sum, each) => sum + each, 0) / smooth.length;
  return smooth.map((each) => each / average);
}
