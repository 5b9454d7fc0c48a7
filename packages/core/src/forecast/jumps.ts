import { type Bar, intervalOf, logReturns } from './bars.js';
import { HistoryTooShortError } from './errors.js';
import { DAYS_PER_YEAR, SECONDS_PER_DAY } from './realised-variance.js';

/** A bar whose return is too large for the volatility around it. */
export interface Jump {
  /** Index of the bar. */
  readonly bar: number;
  /** Logarithmic return, signed. */
  readonly size: number;
  /** |return| in standard deviations of the bars before it. */
  readonly deviations: number;
}

/** Chance of taking the largest of a day's bars for a jump where there was none. */
const FALSE_ALARM = 0.001;

/**
 * Bars that jumped: |return| against the bipower volatility of the bars before it, with the threshold that the largest of a
 * day's bars exceeds one day in a thousand when there are no jumps. The window is √(bars a year), long enough for the
 * volatility and short enough to follow it. Each bar is judged by earlier ones alone.
 *
 * Source: Lee and Mykland, "Jumps in financial markets: a new nonparametric test and jump dynamics" (2008), definition 1 and
 * lemma 1; bipower variation Barndorff-Nielsen and Shephard (2004).
 *
 * @param bars regular, of at most six hours
 * @throws {HistoryTooShortError} for no more bars than the window
 * @example
 * ```ts
 * leeMyklandJumps(bars).map(({ bar, size }) => [bars[bar].timeSeconds, size]) // [[1584018000, -0.18], …]
 * ```
 */
export function leeMyklandJumps(bars: readonly Bar[]): readonly Jump[] {
  const perDay = SECONDS_PER_DAY / intervalOf(bars);
  const window = Math.ceil(Math.sqrt(DAYS_PER_YEAR * perDay));
  if (bars.length <= window) throw new HistoryTooShortError(bars.length, window + 1);
  const returns = logReturns(bars);
  const threshold = gumbelThreshold(Math.max(2, perDay));
  const jumps: Jump[] = [];
  let bipower = 0;
  const pair = (i: number): number => Math.abs(returns[i]! * returns[i - 1]!);
  for (let i = 2; i < returns.length; i++) {
    bipower += pair(i - 1);
    if (i > window) bipower -= pair(i - window);
    if (i < window) continue;
    const volatility = Math.sqrt((Math.max(0, bipower) * Math.PI) / 2 / (window - 1));
    const size = returns[i]!;
    // Where nothing has moved nothing can be judged: a first move is no jump.
    if (volatility > 1e-9 && Math.abs(size) > threshold * volatility) {
      jumps.push(Object.freeze({ bar: i, size, deviations: Math.abs(size) / volatility }));
    }
  }
  return Object.freeze(jumps);
}

/** The level in standard deviations that the largest of `count` standard normals exceeds with chance FALSE_ALARM. */
function gumbelThreshold(count: number): number {
  const root = Math.sqrt(2 * Math.log(count));
  const centre = root - (Math.log(Math.PI) + Math.log(Math.log(count))) / (2 * root);
  return centre - Math.log(-Math.log(1 - FALSE_ALARM)) / root;
}
