import { InvalidInputError } from '@evenkeel/intents';
import type { Curve } from '../curve.js';

/** What a replayed swap does to a curve. Amounts in atoms. */
export interface SwapResult<C extends Curve = Curve> {
  /**
   * Taken from the trader, fee included. After an exact-in replay it is less than the amount given only where the
   * known range of the curve ends; the rest stays with the trader.
   */
  readonly amountInUsed: bigint;
  /**
   * Paid to the trader. After an exact-out replay it is less than the amount asked for only where the known range of
   * the curve ends.
   */
  readonly amountOut: bigint;
  /** Initialised ticks crossed, or order-book levels emptied; 0 for curves that have neither. Drives the gas estimate. */
  readonly ticksCrossed: number;
  /** The curve after the swap: replay the next swap of the same pool on it. */
  readonly after: C;
}

export function swapResult<C extends Curve>(
  amountInUsed: bigint,
  amountOut: bigint,
  ticksCrossed: number,
  after: C,
): SwapResult<C> {
  return Object.freeze({ amountInUsed, amountOut, ticksCrossed, after });
}

/** A swap that does nothing: for an amount of zero, or where the curve has nothing to give. */
export function noSwap<C extends Curve>(curve: C): SwapResult<C> {
  return swapResult(0n, 0n, 0, curve);
}

/** Throws INVALID_INPUT for a negative amount. */
export function assertAmount(amount: bigint, field: string): void {
  if (amount < 0n) throw new InvalidInputError(field, amount, 'is negative', 'Give an amount of zero or more atoms.');
}

/** ⌈a / b⌉ for a ≥ 0 and b > 0. */
export function divideRoundingUp(a: bigint, b: bigint): bigint {
  return a === 0n ? 0n : (a - 1n) / b + 1n;
}
