import { type Address, type Hex, NATIVE_ADDRESS } from '@evenkeel/core';
import type { BatchFill, BatchMarket, ClearedMarket } from '@evenkeel/core/batch';
import { InvalidInputError } from '@evenkeel/intents';
import { type Gpv2Order, parseOrder } from '../gpv2/order.js';

/**
 * The order that a participant signs for its part of a batch: what it gets, at the clearing price or better, and nothing
 * else. It carries the intent's hash, so that one intent makes one order of a batch.
 *
 * The gas share is the order's fee, in the token that is sold. A price has no atoms: a buyer's order allows the one that
 * rounding up the clearing price takes.
 *
 * @param validTo Unix seconds, until when the solver may settle
 * @throws {InvalidInputError} when the id of the fill's order is not 32 bytes
 */
export function orderOfFill(
  market: BatchMarket,
  { price }: Pick<ClearedMarket, 'price'>,
  { baseAtoms, feeAtoms, order, quoteAtoms, side }: BatchFill,
  validTo: number,
): Gpv2Order {
  const [sellToken, buyToken] = side === 'buy' ? [market.quote, market.base] : [market.base, market.quote];
  const [sellAmount, buyAmount] =
    side === 'buy'
      ? [ceilQuotient(baseAtoms * price.quoteAtoms, price.baseAtoms), baseAtoms]
      : [baseAtoms - feeAtoms, quoteAtoms - (isExact(baseAtoms - feeAtoms, price) ? 0n : 1n)];
  return parseOrder({
    sellToken: sellToken.address,
    buyToken: buyToken.address,
    receiver: NATIVE_ADDRESS satisfies Address,
    sellAmount,
    buyAmount,
    validTo,
    appData: intentHash(order.id),
    feeAmount: feeAtoms,
    kind: side,
    partiallyFillable: false,
    sellTokenBalance: 'erc20',
    buyTokenBalance: 'erc20',
  });
}

function intentHash(id: string): Hex {
  if (/^0x[0-9a-f]{64}$/i.test(id)) return id as Hex;
  throw new InvalidInputError('order.id', id, 'is not the hash of an intent', 'Use the 32 bytes of hashIntent().');
}

function isExact(baseAtoms: bigint, price: ClearedMarket['price']): boolean {
  return (baseAtoms * price.quoteAtoms) % price.baseAtoms === 0n;
}

function ceilQuotient(a: bigint, b: bigint): bigint {
  return (a + b - 1n) / b;
}
