import { isCall, isLong } from './market.js';
import type { LyraPosition } from './read.js';

const E18 = 10n ** 18n;

/**
 * What a position on a settled board pays out when somebody settles it, in atoms of the base asset for a covered call and
 * of the quote asset for any other.
 *
 * Source: Lyra Avalon, ShortCollateral `settleOptions` (protocol 0.1.3).
 */
export function settledAtoms(
  { amount, collateral, kind, strikePrice }: LyraPosition,
  { baseReturned, price }: NonNullable<LyraPosition['settlement']>,
): bigint {
  if (kind === 'short-call-base') return atLeastNothing(collateral - multiply(baseReturned, amount));
  const inTheMoney = atLeastNothing(isCall(kind) ? price - strikePrice : strikePrice - price);
  const payoff = multiply(inTheMoney, amount);
  return isLong(kind) ? payoff : atLeastNothing(collateral - payoff);
}

const multiply = (a: bigint, b: bigint): bigint => (a * b) / E18;
const atLeastNothing = (atoms: bigint): bigint => (atoms > 0n ? atoms : 0n);
