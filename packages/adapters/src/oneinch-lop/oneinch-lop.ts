import type { Address, LiquidityRequest, Pool, Token, VenueAdapter } from '@evenkeel/core';
import { InvalidInputError } from '@evenkeel/intents';
import * as v from 'valibot';
import { throwIfAborted } from '../common/abort.js';
import { deepFreeze } from '../common/freeze.js';
import { chainTable, type UniswapChain } from '../uniswap/config.js';
import { poolPayload, requireSwap } from '../uniswap/fill.js';
import { type Pair, pairsOf } from '../uniswap/pairs.js';
import { asOfBlock } from '../uniswap/pool.js';
import { bookOf } from './book.js';
import { fillCalls } from './build.js';
import { limitOrderHash, type SignedLimitOrder, signedOrderSchema } from './order.js';
import { bookPayload, bookSchema } from './payload.js';
import type { LimitOrderRequest, LimitOrderSource } from './source.js';
import { readOrders, type SeenOrder } from './state.js';

/** One deployment of the 1inch Limit Order Protocol v4. */
export interface OneinchLopChain extends UniswapChain {
  readonly limitOrderProtocol: Address;
  readonly permit2: Address;
}

export interface OneinchLopOptions {
  readonly chains: Readonly<Record<number, OneinchLopChain>>;
  readonly source: LimitOrderSource;
  /** Orders that end sooner than this after the latest block count as expired. Default: 60 seconds. */
  readonly marginSeconds?: number;
  /** So many orders a direction, the best, make the book: each costs gas of its own. Default: 8. */
  readonly maxOrders?: number;
  /** Default: `oneinch-lop`. */
  readonly id?: string;
}

export type OneinchLop = VenueAdapter &
  Required<Pick<VenueAdapter, 'liquidity'>> & {
    /** Every order of the source between two of the tokens, with what the chain says of it: what is left out, and why. */
    orders(request: LimitOrderRequest): Promise<readonly SeenOrder[]>;
  };

const MARGIN_SECONDS = 60;
const MAX_ORDERS = 8;
/**
 * Gas of the receipts of two approvals (46k and 48k), a fill (88k to 109k) and a revocation (26k), measured, and a margin;
 * for each further order a fill.
 */
const GAS = { base: 240_000n, perTick: 112_000n } as const;

/**
 * The 1inch Limit Order Protocol v4 as a venue: the open orders of a book are the levels of a curve, one for each
 * direction of a pair, whose replay equals the protocol to the atom. One order is filled in part, or several one after
 * another, best first.
 *
 * Taken are orders that anybody may fill in part: signed by a key or a contract, neither expired, cancelled, filled nor
 * void by their maker's epoch, as far as their maker has the money and lets the protocol take it. Orders with an
 * extension, through Permit2, all or nothing, or for somebody else are not.
 *
 * The deadline of a fill is that of the allowance in Permit2. Whoever fills an order before us leaves less of it: the
 * price is kept, or the fill reverts, but it may come out smaller, and the last call takes away what was allowed for the
 * rest.
 *
 * @throws {InvalidInputError} for a configuration that cannot be right. `liquidity` throws CHAIN_NOT_CONFIGURED,
 * CONTRACT_UNREADABLE and what the chain and the source throw, `build` FILL_MISMATCH, INVALID_INPUT and
 * FEE_ON_TRANSFER_TOKEN.
 *
 * @example
 * ```ts
 * const venue = oneinchLop({ chains: { 1: { chain, limitOrderProtocol, permit2 } }, source: heldOrders(() => book) })
 * const pools = await venue.liquidity({ chainId: 1, tokens: [weth, usdc], signal })
 * ```
 */
export function oneinchLop(options: OneinchLopOptions): OneinchLop {
  const { chains, id = 'oneinch-lop', marginSeconds = MARGIN_SECONDS, maxOrders = MAX_ORDERS, source } = options;
  const configOf = chainTable(id, chains, ['limitOrderProtocol', 'permit2']);
  requireCount(marginSeconds, 'marginSeconds', 0);
  requireCount(maxOrders, 'maxOrders', 1);

  const look = async (request: LimitOrderRequest) => {
    const { chainId, signal } = request;
    const config = configOf(chainId);
    throwIfAborted(signal);
    const pairs = pairsOf(request.tokens, config, { native: false });
    const given = pairs.length === 0 ? [] : await source.orders(request);
    throwIfAborted(signal);
    return { pairs, ...(await readOrders(config, knownOrders(given, pairs, config), marginSeconds, signal)) };
  };

  return deepFreeze({
    kind: 'venue',
    id,
    name: '1inch orders',
    capabilities: { chains: Object.keys(chains).map(Number), curve: true, quote: false },
    targets: (chainId) => {
      const { limitOrderProtocol, permit2 } = configOf(chainId);
      return Object.freeze([limitOrderProtocol, permit2]);
    },
    liquidity: async (request: LiquidityRequest) => {
      const { block, pairs, seen } = await look(request);
      const directions = pairs.flatMap((pair) => [0, 1].map((side) => ({ pair, tokenInIndex: side as 0 | 1 })));
      return deepFreeze(
        directions.flatMap(({ pair, tokenInIndex }): Pool[] => {
          const [tokenIn, tokenOut] = tokenInIndex === 0 ? pair : [pair[1], pair[0]];
          const entries = bookOf(seen, tokenIn.address, tokenOut.address, maxOrders);
          if (entries.length === 0) return [];
          return [
            {
              id: poolId(tokenIn, tokenOut),
              adapter: id,
              chainId: request.chainId,
              tokens: pair,
              curve: { kind: 'levels', tokenInIndex, levels: entries.map(({ level }) => level) },
              gas: GAS,
              asOf: asOfBlock(id, request.chainId, block),
              payload: bookPayload(entries, block.timeSeconds),
              address: configOf(request.chainId).limitOrderProtocol,
            },
          ];
        }),
      );
    },
    orders: async (request) => deepFreeze((await look(request)).seen),
    build: (request) => {
      const chainId = request.kind === 'swap' ? request.pool.chainId : request.quote.input.token.chainId;
      const config = configOf(chainId);
      // Permit2 counts in 160 bits.
      const { fill } = requireSwap(id, request, config, 160);
      const book = poolPayload(id, bookSchema, fill.pool.payload);
      if (fill.deadline <= book.readAtSeconds) {
        const now = `The orders were read at ${book.readAtSeconds}: allow more time.`;
        throw new InvalidInputError('fill.deadline', fill.deadline, 'has passed', now);
      }
      return deepFreeze(fillCalls(id, fill, book, config));
    },
  } satisfies OneinchLop);
}

function poolId({ address: from }: Token, { address: to }: Token): string {
  return `${from}-${to}`.toLowerCase();
}

/** Those between the tokens that were asked for, each signature once. What is no order at all is left out. */
function knownOrders(
  given: readonly unknown[],
  pairs: readonly Pair[],
  { chain, limitOrderProtocol }: OneinchLopChain,
): readonly SignedLimitOrder[] {
  const sides = new Set(pairs.flatMap(([a, b]) => [poolId(a, b), poolId(b, a)]));
  const known = new Map<string, SignedLimitOrder>();
  for (const each of given) {
    const parsed = v.safeParse(signedOrderSchema, each);
    if (!parsed.success) continue;
    const { makerAsset, takerAsset } = parsed.output.order;
    if (!sides.has(`${takerAsset}-${makerAsset}`.toLowerCase())) continue;
    const hash = limitOrderHash(parsed.output.order, { chainId: chain.id, limitOrderProtocol });
    // With a signature that is wrong an order must not take the place of the same with one that is right.
    known.set(`${hash}:${parsed.output.signature.toLowerCase()}`, parsed.output);
  }
  return [...known.values()];
}

function requireCount(value: number, field: string, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new InvalidInputError(field, value, 'is not a count', `Use a whole number from ${least}.`);
}
