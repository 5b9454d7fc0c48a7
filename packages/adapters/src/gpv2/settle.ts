import type { Address, Call, Hex } from '@evenkeel/core';
import { InvalidInputError } from '@evenkeel/intents';
import { settlementAbi } from './abi.js';
import { encodeTradeFlags } from './flags.js';
import { type Gpv2Domain, type Gpv2Order, parseOrder } from './order.js';
import { encodeOrderSignature, type OrderSignature } from './signature.js';

/** A signed order with how much of it a settlement executes. */
export interface Gpv2Trade {
  readonly order: Gpv2Order;
  readonly signature: OrderSignature;
  /** Of a partially fillable order: sold atoms of a sell order, bought atoms of a buy order. Default: 0, which the contract ignores for a fill-or-kill order. */
  readonly executedAtoms?: bigint;
}

/** A call that the settlement contract makes in its own name. */
export interface Gpv2Interaction {
  readonly target: Address;
  readonly valueWei: bigint;
  readonly callData: Hex;
}

/** Everything that one call of `settle` carries. */
export interface Gpv2Settlement {
  /** Price of each token that is traded; any common scale, only ratios count. */
  readonly prices: readonly { readonly token: Address; readonly price: bigint }[];
  readonly trades: readonly Gpv2Trade[];
  /** Before tokens come in, while the contract holds them, and after they went out. Default: none. */
  readonly before?: readonly Gpv2Interaction[];
  readonly during?: readonly Gpv2Interaction[];
  readonly after?: readonly Gpv2Interaction[];
}

/**
 * The call of `settle`, for an allowed solver to send.
 *
 * @throws {InvalidInputError} when an order breaks its schema, a traded token has no price or two, or a signature has the wrong length.
 * @example
 * ```ts
 * const call = settleCall({ chainId: 1, settlement }, { prices: [{ token: weth, price: 3_000_000_000n },
 *   { token: usdc, price: 10n ** 18n }], trades: [{ order, signature }] });
 * ```
 */
export function settleCall(domain: Gpv2Domain, settlement: Gpv2Settlement): Call {
  const { after = [], before = [], during = [], prices, trades } = settlement;
  const indices = tokenIndices(prices);
  const data = settlementAbi.encodeFunctionData('settle', [
    prices.map(({ token }) => token),
    prices.map(({ price }) => price),
    trades.map((trade) => encodeTrade(trade, indices)),
    [before, during, after].map((list) => list.map(({ callData, target, valueWei }) => [target, valueWei, callData])),
  ]) as Hex;
  return Object.freeze({
    chainId: domain.chainId,
    to: domain.settlement,
    data,
    valueWei: 0n,
    purpose: 'action',
    description: `settle ${trades.length} orders at one price a token`,
  });
}

function tokenIndices(prices: Gpv2Settlement['prices']): ReadonlyMap<string, number> {
  const indices = new Map(prices.map(({ token }, index) => [token.toLowerCase(), index]));
  if (indices.size === prices.length) return indices;
  throw new InvalidInputError('prices', prices.length, 'names a token twice', 'Give each token one price.');
}

function encodeTrade({ executedAtoms = 0n, order: input, signature }: Gpv2Trade, indices: ReadonlyMap<string, number>) {
  const order = parseOrder(input);
  const index = (token: Address): number => {
    const found = indices.get(token.toLowerCase());
    if (found !== undefined) return found;
    throw new InvalidInputError('prices', token, 'lacks a token of an order', 'Give every traded token a price.');
  };
  return [
    index(order.sellToken),
    index(order.buyToken),
    order.receiver,
    order.sellAmount,
    order.buyAmount,
    order.validTo,
    order.appData,
    order.feeAmount,
    encodeTradeFlags({ ...order, scheme: signature.scheme }),
    executedAtoms,
    encodeOrderSignature(signature),
  ];
}
