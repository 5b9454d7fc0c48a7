import type { Address, Hex, Token } from './world.js';

interface Pair {
  readonly chainId: number;
  /** The token whose address sorts first. */
  readonly token0: Token;
  readonly token1: Token;
}

export interface UniswapV2Pool extends Pair {
  readonly kind: 'uniswap-v2';
  readonly address: Address;
}

export interface UniswapV3Pool extends Pair {
  readonly kind: 'uniswap-v3';
  readonly address: Address;
  /** Swap fee in hundredths of a basis point: 500 is 0.05 %. */
  readonly feePips: number;
  readonly tickSpacing: number;
}

/** What a V4 pool is identified by on chain. */
export interface UniswapV4PoolKey {
  readonly currency0: Address;
  readonly currency1: Address;
  readonly fee: number;
  readonly tickSpacing: number;
  readonly hooks: Address;
}

export interface UniswapV4Pool extends Pair {
  readonly kind: 'uniswap-v4';
  /** keccak256 of the ABI-encoded key. */
  readonly id: Hex;
  readonly key: UniswapV4PoolKey;
  /** Swap fee in hundredths of a basis point. */
  readonly feePips: number;
  readonly tickSpacing: number;
}

export interface BalancerWeightedPool extends Pair {
  readonly kind: 'balancer-weighted';
  readonly address: Address;
  readonly id: Hex;
  /** Share of `token0`, 1e18 = 1. */
  readonly weight0Wad: bigint;
  readonly weight1Wad: bigint;
  /** Swap fee, 1e18 = 1. */
  readonly feeWad: bigint;
}

/** A pool that the world was seeded with. */
export type Pool = UniswapV2Pool | UniswapV3Pool | UniswapV4Pool | BalancerWeightedPool;
