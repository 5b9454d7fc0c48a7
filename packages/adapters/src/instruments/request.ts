import {
  type Address,
  type Clock,
  Decimal,
  parseDecimal,
  sameAddress,
  type TradeFill,
  type TradeRequest,
} from '@evenkeel/core';
import { InvalidInputError } from '@evenkeel/intents';
import { nowSeconds } from '../common/clock.js';
import { FillMismatchError } from '../common/errors.js';

const E18 = 10n ** 18n;

/**
 * What no instrument can do anything with is refused before anybody is asked.
 *
 * @returns the signed size with 18 decimals
 * @throws {InvalidInputError} naming the field
 */
export function checkTradeRequest({ slippageBps, spot, units }: TradeRequest): bigint {
  const scaled = parseDecimal(units, 'request.units').shiftedBy(18);
  if (scaled.isZero() || !scaled.isInteger()) {
    const hint = 'Ask for a size above or below zero, with at most 18 decimals.';
    throw new InvalidInputError('request.units', units, 'is not a size', hint);
  }
  if (!Number.isInteger(slippageBps) || slippageBps < 0 || slippageBps > 10_000) {
    const hint = 'Write whole basis points, 0 to 10,000.';
    throw new InvalidInputError('request.slippageBps', slippageBps, 'is not a tolerance', hint);
  }
  if (!(spot > 0 && Number.isFinite(spot))) {
    throw new InvalidInputError('request.spot', spot, 'is not a price', 'Give numeraire for one unit.');
  }
  return BigInt(scaled.toFixed(0));
}

/**
 * The end of a quote's life.
 * @throws {InvalidInputError} when the deadline has passed
 */
export function validUntil(
  deadline: number,
  clock: Clock,
  block: { readonly timeSeconds: number },
  lifeSeconds: number,
): number {
  const now = nowSeconds(clock, block);
  if (deadline > now) return Math.min(now + lifeSeconds, deadline);
  throw new InvalidInputError('request.deadline', deadline, 'has passed', `It is ${now}: allow more time.`);
}

/** @throws {FillMismatchError} for a quote of another adapter */
export function requireOwnQuote(id: string, { quote }: TradeFill): void {
  if (quote.adapter !== id) throw new FillMismatchError(id, 'fill.quote.adapter', quote.adapter, 'is another adapter');
}

/** @throws {FillMismatchError} when the quote was made for another account, whose positions are not this one's */
export function requireOwner(id: string, owner: Address, quotedFor: Address): void {
  if (sameAddress(owner, quotedFor)) return;
  throw new FillMismatchError(id, 'fill.owner', owner, `is not ${quotedFor}, for whom the quote was made`);
}

/** A number with 18 decimals, as far as a JavaScript number holds it. */
export function fromWad(value: bigint): number {
  return Number(new Decimal(value.toString()).shiftedBy(-18));
}

/** Atoms of any token as a number of units. */
export function unitsOf(token: { readonly decimals: number }, atoms: bigint): number {
  return Number(new Decimal(atoms.toString()).shiftedBy(-token.decimals));
}

/** Changed by a tolerance, towards paying more or getting less. */
export function atLeast(atoms: bigint, slippageBps: number): bigint {
  return atoms - (atoms * BigInt(slippageBps)) / 10_000n;
}

export function atMost(atoms: bigint, slippageBps: number): bigint {
  return atoms + (atoms * BigInt(slippageBps) + 9_999n) / 10_000n;
}

/** The part of a product of 18-decimal numbers that is whole. */
export function mulWad(a: bigint, b: bigint): bigint {
  return (a * b) / E18;
}
