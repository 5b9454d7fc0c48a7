import {
  type Address,
  type Call,
  Decimal,
  type JsonValue,
  midPrice,
  type Pool,
  sameToken,
  type SwapFill,
  swapExactIn,
  swapExactOut,
  type Token,
  type VenueAdapter,
} from '@evenkeel/core';
import * as v from 'valibot';
import { FillMismatchError } from '../common/errors.js';
import { addressSchema, atomsSchema, tokenSchema } from '../common/schemas.js';
import { TradeTooLargeError } from './errors.js';

/** A venue whose pools are curves. */
export type CurveVenue = VenueAdapter & Required<Pick<VenueAdapter, 'liquidity'>>;

/** A swap through one pool. */
export interface PlannedSwap {
  readonly pool: Pool;
  readonly tokenIn: Token;
  readonly tokenOut: Token;
  readonly amountIn: bigint;
  readonly amountOut: bigint;
}

/** The pools of one pair on all venues that there are. */
export async function poolsOf(
  venues: readonly CurveVenue[],
  tokens: readonly [Token, Token],
  signal: AbortSignal,
): Promise<readonly Pool[]> {
  const { chainId } = tokens[0];
  const found = await Promise.all(venues.map((venue) => venue.liquidity({ chainId, tokens, signal })));
  return found.flat();
}

/** The pool that pays most for all of `amountIn`. @throws {TradeTooLargeError} */
export function bestSale(
  adapter: string,
  pools: readonly Pool[],
  tokenIn: Token,
  tokenOut: Token,
  amountIn: bigint,
): PlannedSwap {
  const offers = pools.flatMap((pool) => {
    const { amountInUsed, amountOut } = swapExactIn(pool.curve, indexOf(pool, tokenIn), amountIn);
    return amountInUsed === amountIn && amountOut > 0n ? [{ pool, tokenIn, tokenOut, amountIn, amountOut }] : [];
  });
  const best = offers.reduce<PlannedSwap | undefined>(
    (top, each) => (top === undefined || each.amountOut > top.amountOut ? each : top),
    undefined,
  );
  if (best !== undefined) return best;
  throw tooLarge(adapter, tokenIn, amountIn);
}

/** The pool that takes least for `amountOut`. @throws {TradeTooLargeError} */
export function bestPurchase(
  adapter: string,
  pools: readonly Pool[],
  tokenIn: Token,
  tokenOut: Token,
  amountOut: bigint,
): PlannedSwap {
  const offers = pools.flatMap((pool) => {
    const result = swapExactOut(pool.curve, indexOf(pool, tokenIn), amountOut);
    if (result.amountOut < amountOut) return [];
    return [{ pool, tokenIn, tokenOut, amountIn: result.amountInUsed, amountOut }];
  });
  const best = offers.reduce<PlannedSwap | undefined>(
    (top, each) => (top === undefined || each.amountIn < top.amountIn ? each : top),
    undefined,
  );
  if (best !== undefined) return best;
  throw tooLarge(adapter, tokenOut, amountOut);
}

function tooLarge(adapter: string, { decimals, symbol }: Token, atoms: bigint): TradeTooLargeError {
  const units = new Decimal(atoms.toString()).shiftedBy(-decimals).toFixed();
  return new TradeTooLargeError(adapter, units, `no pool takes ${units} ${symbol}`);
}

/** Units of `quote` for one of `base` in the middle of a pool. */
export function middleOf(pool: Pool, base: Token): number {
  const [first, second] = pool.tokens;
  const price = Number(midPrice(pool.curve, [first.decimals, second.decimals]));
  return sameToken(first, base) ? price : 1 / price;
}

const indexOf = (pool: Pool, tokenIn: Token): 0 | 1 => (sameToken(pool.tokens[0], tokenIn) ? 0 : 1);

/** A swap as it will be ordered from its venue. */
export interface SwapOrder {
  readonly venue: string;
  readonly pool: Pick<Pool, 'id' | 'payload' | 'tokens'> & { readonly address?: Address | undefined };
  readonly tokenIn: Token;
  readonly tokenOut: Token;
  readonly amountIn: bigint;
  readonly minReceived: bigint;
}

/** A planned swap as a payload carries it; `build` of a venue needs the pool's name and payload, not its curve. */
export const swapSchema: v.GenericSchema<unknown, SwapOrder> = v.strictObject({
  venue: v.string(),
  pool: v.strictObject({
    id: v.string(),
    tokens: v.tuple([tokenSchema, tokenSchema]),
    address: v.optional(addressSchema),
    payload: v.any(),
  }),
  tokenIn: tokenSchema,
  tokenOut: tokenSchema,
  amountIn: atomsSchema,
  minReceived: atomsSchema,
});

export function swapOrder({ amountIn, pool, tokenIn, tokenOut }: PlannedSwap, minReceived: bigint): SwapOrder {
  const { address, id, payload, tokens } = pool;
  return {
    venue: pool.adapter,
    pool: { id, tokens: [{ ...tokens[0] }, { ...tokens[1] }], ...(address !== undefined && { address }), payload },
    tokenIn: { ...tokenIn },
    tokenOut: { ...tokenOut },
    amountIn,
    minReceived,
  };
}

/** The same as plain JSON. */
export function swapPayload({ amountIn, minReceived, pool, tokenIn, tokenOut, venue }: SwapOrder): JsonValue {
  const { address, id, payload, tokens } = pool;
  return {
    venue,
    pool: { id, tokens: tokens.map(plain), ...(address !== undefined && { address }), payload },
    tokenIn: plain(tokenIn),
    tokenOut: plain(tokenOut),
    amountIn: amountIn.toString(),
    minReceived: minReceived.toString(),
  };
}

const plain = ({ address, chainId, decimals, symbol }: Token): JsonValue => ({ address, chainId, decimals, symbol });

/** The calls of its venue. */
export function swapCalls(
  adapter: string,
  venues: readonly VenueAdapter[],
  order: SwapOrder,
  owner: Address,
  deadline: number,
): readonly Call[] {
  const venue = venues.find(({ id }) => id === order.venue);
  if (venue === undefined)
    throw new FillMismatchError(adapter, 'fill.quote.payload', order.venue, 'names no venue of it');
  const { amountIn, minReceived, pool, tokenIn, tokenOut } = order;
  const fill: SwapFill = {
    kind: 'swap',
    pool: {
      id: pool.id,
      adapter: order.venue,
      chainId: tokenIn.chainId,
      tokens: pool.tokens,
      curve: { kind: 'levels', tokenInIndex: 0, levels: [] },
      gas: { base: 0n, perTick: 0n },
      asOf: { source: adapter, timeSeconds: 0 },
      payload: pool.payload,
      ...(pool.address !== undefined && { address: pool.address }),
    },
    tokenIn,
    tokenOut,
    amountIn,
    minReceived,
    sender: owner,
    recipient: owner,
    deadline,
  };
  return venue.build(fill);
}
