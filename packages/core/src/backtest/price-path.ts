import { BacktestInputInvalidError, PriceJumpError } from './errors.js';

/** Prices at regular times, numeraire per unit. */
export interface PricePath {
  /** Of the first price, unix seconds. */
  readonly startSeconds: number;
  readonly stepSeconds: number;
  readonly prices: Float64Array;
}

/** A move by more than this from one price to the next is a wrong tick or another unit, not a market. */
const MOST_JUMP_RATIO = 10;

/**
 * @throws {BacktestInputInvalidError} for fewer than two prices, a price that is not positive and finite, or no step
 * @throws {PriceJumpError} for a step by more than ten times, up or down
 */
export function checkPath({ prices, startSeconds, stepSeconds }: PricePath): void {
  if (!(Number.isSafeInteger(stepSeconds) && stepSeconds > 0)) {
    throw new BacktestInputInvalidError('path.stepSeconds', stepSeconds, 'is no step', 'Give whole seconds above 0.');
  }
  if (!Number.isSafeInteger(startSeconds)) {
    throw new BacktestInputInvalidError('path.startSeconds', startSeconds, 'is no time', 'Give unix seconds.');
  }
  if (prices.length < 2) {
    throw new BacktestInputInvalidError('path.prices', prices.length, 'are fewer than two', 'Give a longer path.');
  }
  for (let i = 0; i < prices.length; i++) {
    const price = prices[i]!;
    if (!(price > 0 && Number.isFinite(price))) {
      throw new BacktestInputInvalidError(`path.prices[${i}]`, price, 'is no price', 'Correct or leave out the data.');
    }
    const before = prices[i - 1] ?? price;
    if (price > before * MOST_JUMP_RATIO || price * MOST_JUMP_RATIO < before) {
      throw new PriceJumpError(i, before, price, MOST_JUMP_RATIO);
    }
  }
}

/** Between two prices of a path the logarithm moves in a straight line; before and after the path it stands still. */
export function priceAt({ prices, startSeconds, stepSeconds }: PricePath, seconds: number): number {
  const at = Math.min(Math.max((seconds - startSeconds) / stepSeconds, 0), prices.length - 1);
  const step = Math.floor(at);
  const before = prices[step]!;
  if (at === step) return before;
  return before * (prices[step + 1]! / before) ** (at - step);
}

export function endSecondsOf({ prices, startSeconds, stepSeconds }: PricePath): number {
  return startSeconds + (prices.length - 1) * stepSeconds;
}
