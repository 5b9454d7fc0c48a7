import { hashIntent, type RebalanceIntent } from '@evenkeel/intents';
import { Decimal, type DecimalString, parseDecimal } from '../model/decimal.js';
import { sameAddress, type Token } from '../model/token.js';
import { BatchInputInvalidError } from './errors.js';
import type { BatchMarket, BatchOrder } from './order.js';

const BPS = 10_000;

/**
 * What an intent wants of a batch. It may go to every market on whose chain it lets its executor spend enough of the
 * token that is sold; its limit is its `maxCostBps` against its own reference price; it may be filled short as far as the
 * interval of its post-trade delta reaches.
 *
 * @param markets those of the intent's underlying
 * @param deltaBefore delta of the book before the trade, units; absent: not known, and nothing is filled short
 * @throws {InvalidInputError} when the intent breaks its schema
 * @throws {BatchInputInvalidError} when markets of the underlying differ in their tokens' decimals
 * @example
 * ```ts
 * const orders = intents.map((intent) => orderOfIntent(intent, markets));
 * ```
 */
export function orderOfIntent(
  intent: RebalanceIntent,
  markets: readonly BatchMarket[],
  deltaBefore?: DecimalString,
): BatchOrder {
  const change = parseDecimal(intent.deltaChangeUnits, 'intent.deltaChangeUnits');
  const side = change.gt(0) ? 'buy' : 'sell';
  const size = change.abs();
  const base = decimalsOf(markets, ({ base: token }) => token);
  const quote = decimalsOf(markets, ({ quote: token }) => token);
  const worth = size.times(parseDecimal(intent.referencePrice.price, 'intent.referencePrice.price'));
  const limit = worth.times(BPS + (side === 'buy' ? 1 : -1) * intent.maxCostBps).div(BPS);
  const limitQuoteAtoms = atoms(limit, quote);
  const baseAtoms = atoms(size, base);
  const needed = side === 'buy' ? limitQuoteAtoms : baseAtoms;
  const affordable = markets.filter(
    (market) => spendable(intent, side === 'buy' ? market.quote : market.base) >= needed,
  );
  return Object.freeze({
    id: hashIntent(intent),
    owner: intent.signer,
    side,
    markets: Object.freeze(affordable.map(({ id }) => id)),
    baseAtoms,
    limitQuoteAtoms,
    shortfallAtoms: deltaBefore === undefined ? 0n : atoms(roomOf(intent, change, deltaBefore), base),
    validUntil: intent.deadline,
  });
}

/** How far the delta after the whole trade lies inside the interval, on the side from which it comes. */
function roomOf(
  { partialFill, postTradeDelta }: RebalanceIntent,
  change: Decimal,
  deltaBefore: DecimalString,
): Decimal {
  if (partialFill !== 'allowed') return new Decimal(0);
  const after = parseDecimal(deltaBefore, 'deltaBefore').plus(change);
  const room = change.gt(0) ? after.minus(postTradeDelta.low) : new Decimal(postTradeDelta.high).minus(after);
  return Decimal.max(0, Decimal.min(room, change.abs()));
}

function spendable({ spending }: RebalanceIntent, token: Token): bigint {
  return spending
    .filter((limit) => limit.chainId === token.chainId && sameAddress(limit.token, token.address))
    .reduce((sum, { maxSpend }) => sum + maxSpend, 0n);
}

function decimalsOf(markets: readonly BatchMarket[], tokenOf: (market: BatchMarket) => Token): number {
  const [first, ...others] = markets.map((market) => tokenOf(market).decimals);
  if (first !== undefined && others.every((decimals) => decimals === first)) return first;
  throw new BatchInputInvalidError(
    'markets',
    markets.length,
    'of one underlying differ in decimals',
    'Scale them first.',
  );
}

function atoms(units: Decimal, decimals: number): bigint {
  return BigInt(units.shiftedBy(decimals).integerValue(Decimal.ROUND_DOWN).toFixed(0));
}
