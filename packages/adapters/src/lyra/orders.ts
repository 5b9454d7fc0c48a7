import { type Address, type Call, fromAtoms, type Hex } from '@evenkeel/core';
import * as v from 'valibot';
import { approveCalls, revokeCall } from '../common/erc20.js';
import { addressSchema, atomsSchema } from '../common/schemas.js';
import { optionMarketAbi } from './abi.js';
import { LYRA_KINDS, type LyraKind, type LyraMarket } from './market.js';

/** One order to the market. Amounts have 18 decimals. */
export interface LyraOrder {
  readonly verb: 'open' | 'close';
  readonly kind: LyraKind;
  readonly strikeId: bigint;
  /** Zero opens a new position. */
  readonly positionId: bigint;
  readonly amount: bigint;
  /** What the position has afterwards. */
  readonly collateral: bigint;
  readonly minTotalCost: bigint;
  readonly maxTotalCost: bigint;
}

export interface LyraPayload {
  readonly owner: Address;
  readonly orders: readonly LyraOrder[];
  /** The most that the market may take of each. */
  readonly quoteAllowance: bigint;
  readonly baseAllowance: bigint;
}

const orderSchema: v.GenericSchema<unknown, LyraOrder> = v.strictObject({
  verb: v.picklist(['open', 'close']),
  kind: v.picklist(LYRA_KINDS),
  strikeId: atomsSchema,
  positionId: atomsSchema,
  amount: atomsSchema,
  collateral: atomsSchema,
  minTotalCost: atomsSchema,
  maxTotalCost: atomsSchema,
});

export const payloadSchema: v.GenericSchema<unknown, LyraPayload> = v.strictObject({
  owner: addressSchema,
  orders: v.pipe(v.array(orderSchema), v.minLength(1)),
  quoteAllowance: atomsSchema,
  baseAllowance: atomsSchema,
});

/** Approvals, the orders, and the end of what was not used of the approvals: costs are known within bounds only. */
export function orderCalls(
  market: LyraMarket,
  { baseAllowance, orders, quoteAllowance }: Omit<LyraPayload, 'owner'>,
): readonly Call[] {
  const rights = [
    { token: market.quoteAsset, atoms: quoteAllowance },
    { token: market.baseAsset, atoms: baseAllowance },
  ].filter(({ atoms }) => atoms > 0n);
  return [
    ...rights.flatMap(({ atoms, token }) => approveCalls(token, market.optionMarket, atoms, false)),
    ...orders.map((order) => orderCall(market, order)),
    ...rights.map(({ token }) => revokeCall(token, market.optionMarket)),
  ];
}

export function orderCall({ chain, optionMarket }: LyraMarket, order: LyraOrder): Call {
  const { amount, collateral, kind, maxTotalCost, minTotalCost, positionId, strikeId, verb } = order;
  const terms = [strikeId, positionId, 1n, LYRA_KINDS.indexOf(kind), amount, collateral, minTotalCost, maxTotalCost];
  return {
    chainId: chain.id,
    to: optionMarket,
    data: optionMarketAbi.encodeFunctionData(`${verb}Position`, [terms]) as Hex,
    valueWei: 0n,
    purpose: 'action',
    minGasLimit: MIN_GAS_LIMIT,
    description: `${verb} ${fromAtoms({ decimals: 18 }, amount)} ${kind} of strike ${strikeId} on Lyra`,
  };
}

/** What an order costs the owner at most of the quote asset, and of the base asset, that the market has to be let take. */
export function allowanceOf(order: LyraOrder, held: bigint): { readonly quote: bigint; readonly base: bigint } {
  const { collateral, kind, maxTotalCost, minTotalCost, verb } = order;
  const more = positive(collateral - held);
  if (!isWritten(kind)) return { quote: verb === 'open' ? maxTotalCost : 0n, base: 0n };
  if (kind === 'short-call-base') return { quote: verb === 'close' ? maxTotalCost : 0n, base: more };
  // Premiums go into the collateral, and what closing costs comes out of it.
  const change = verb === 'open' ? -minTotalCost : maxTotalCost;
  return { quote: positive(collateral - held + change), base: 0n };
}

/** In the block of another second the averages write slots that an estimate did not see: it is too low by a tenth. */
const MIN_GAS_LIMIT = 2_000_000n;

const isWritten = (kind: LyraKind): boolean => kind.startsWith('short');
const positive = (atoms: bigint): bigint => (atoms > 0n ? atoms : 0n);
