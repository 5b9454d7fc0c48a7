import type { AsOf } from './as-of.js';
import type { Address, Token } from './token.js';

/** x·y = k with the fee taken from the input. Reserves in the order of the pool's tokens, in atoms. */
export interface ConstantProductCurve {
  readonly kind: 'constant-product';
  readonly reserves: readonly [bigint, bigint];
  readonly feePpm: number;
}

/** One initialised tick of a concentrated-liquidity pool. */
export interface TickLiquidity {
  readonly index: number;
  /** Added to the active liquidity when the price crosses upwards. */
  readonly liquidityNet: bigint;
}

/** Uniswap V3 and V4 state, enough for an exact integer replay between `tickRange.low` and `tickRange.high`. */
export interface ConcentratedCurve {
  readonly kind: 'concentrated';
  readonly sqrtPriceX96: bigint;
  readonly tick: number;
  readonly liquidity: bigint;
  readonly tickSpacing: number;
  /** Fee on the input in parts per million, protocol share included. */
  readonly feePpm: number;
  /** The fee when token 1 is the input, where the two directions differ (Uniswap V4 protocol fees); else `feePpm`. */
  readonly feePpmToken1In?: number;
  /** Initialised ticks, ascending. */
  readonly ticks: readonly TickLiquidity[];
  /**
   * What was read: outside of it nothing is known, and a replay that gets there stops with the rest unfilled. The ends
   * are those of bitmap words (256 spacings) or of the whole tick range, where the contracts end a step as well.
   */
  readonly tickRange: { readonly low: number; readonly high: number };
}

/** Two-coin StableSwap (Egorov 2019) in normalised 18-decimal balances. */
export interface StableSwapCurve {
  readonly kind: 'stable-swap';
  readonly balances: readonly [bigint, bigint];
  /** What one atom of each coin counts in 18-decimal terms, times 10^18. */
  readonly rates: readonly [bigint, bigint];
  /** A·A_PRECISION as the contract holds it. */
  readonly amplification: bigint;
  readonly feePpm: number;
}

/** One price level of an order book: takes up to `amountIn` atoms and pays `amountOut` for the whole level. */
export interface BookLevel {
  readonly amountIn: bigint;
  readonly amountOut: bigint;
}

/** Order-book levels for one direction, best first. */
export interface LevelsCurve {
  readonly kind: 'levels';
  readonly tokenInIndex: 0 | 1;
  readonly levels: readonly BookLevel[];
}

/** Sampled opaque quotes for one direction: cumulative amounts, ascending. The router takes their concave hull. */
export interface LadderCurve {
  readonly kind: 'ladder';
  readonly tokenInIndex: 0 | 1;
  readonly points: readonly BookLevel[];
}

export type Curve = ConstantProductCurve | ConcentratedCurve | StableSwapCurve | LevelsCurve | LadderCurve;

/** A source of liquidity on one chain whose price is a pure function of its state. */
export interface Pool {
  /** Unique within its adapter and chain, stable over time: the pool's address or id. */
  readonly id: string;
  readonly adapter: string;
  readonly chainId: number;
  /** In the protocol's own order. */
  readonly tokens: readonly [Token, Token];
  readonly curve: Curve;
  /** Gas of one swap through this pool; `perTick` for each initialised tick that is crossed. */
  readonly gas: { readonly base: bigint; readonly perTick: bigint };
  readonly asOf: AsOf;
  /** What the adapter needs to build a swap (router, pool key, fee tier); plain JSON, opaque to the core. */
  readonly payload: JsonValue;
  readonly address?: Address;
}

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };
