import { HistoryTooShortError, BarInvalidError } from './errors.js';

/** Open, high, low and close of one interval, numeraire per unit. */
export interface Bar {
  /** Start, unix seconds. */
  readonly timeSeconds: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
}

export interface RegularBars {
  readonly bars: readonly Bar[];
  readonly intervalSeconds: number;
  /** How many were missing and have been filled with the close before them. */
  readonly filled: number;
}

/** More missing bars than this share make a history that says too little. */
const MOST_MISSING = 0.05;

/**
 * Checks bars and makes them regular. A missing bar is filled flat at the close before it, so that the return over a gap
 * counts once and in full, in the bar that ends it. A jump is kept, however large: it is for estimators to judge.
 *
 * @throws {BarInvalidError} for prices that are not positive and finite, a high below a low, times out of order or off
 * the grid, or more than a twentieth of the bars missing
 */
export function regularBars(bars: readonly Bar[], intervalSeconds: number): RegularBars {
  const [first] = bars;
  if (first === undefined) throw new HistoryTooShortError(0, 1);
  checkBar(first, 0);
  const regular: Bar[] = [first];
  for (const [i, bar] of bars.entries()) {
    if (i === 0) continue;
    checkBar(bar, i);
    const before = regular.at(-1)!;
    const steps = (bar.timeSeconds - before.timeSeconds) / intervalSeconds;
    if (!(steps >= 1 && Number.isInteger(steps))) {
      throw new BarInvalidError(i, bar, `does not start a whole number of ${intervalSeconds} s after the one before`);
    }
    if ((regular.length + steps - (i + 1)) / (regular.length + steps) > MOST_MISSING && steps > 1) {
      throw new BarInvalidError(i, bar, 'ends a gap that leaves more than a twentieth of the history missing');
    }
    for (let step = 1; step < steps; step++) {
      regular.push(flatBar(before.timeSeconds + step * intervalSeconds, before.close));
    }
    regular.push(bar);
  }
  return { bars: regular, intervalSeconds, filled: regular.length - bars.length };
}

function flatBar(timeSeconds: number, price: number): Bar {
  return { timeSeconds, open: price, high: price, low: price, close: price };
}

function checkBar(bar: Bar, index: number): void {
  const { close, high, low, open, timeSeconds } = bar;
  if (!Number.isFinite(timeSeconds)) throw new BarInvalidError(index, bar, 'has no time');
  if (![open, high, low, close].every((price) => price > 0 && Number.isFinite(price))) {
    throw new BarInvalidError(index, bar, 'has a price that is not positive');
  }
  if (high < Math.max(open, close, low) || low > Math.min(open, close)) {
    throw new BarInvalidError(index, bar, 'has its open or close outside of its high and low');
  }
}

/** Logarithmic returns from close to close; the first bar's from its open. */
export function logReturns(bars: readonly Bar[]): number[] {
  return bars.map((bar, i) => Math.log(bar.close / (bars[i - 1]?.close ?? bar.open)));
}

/** The seconds between the first two bars; all are alike. */
export function intervalOf(bars: readonly Bar[]): number {
  const [first, second] = bars;
  if (first === undefined || second === undefined) throw new HistoryTooShortError(bars.length, 2);
  return second.timeSeconds - first.timeSeconds;
}
