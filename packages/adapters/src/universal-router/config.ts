import type { Address, Chain } from '@evenkeel/core';
import type { AcrossAdapter } from '../across/across.js';
import type { UniversalRouterVersion } from '../uniswap-v4/swap-calls.js';

/** The router on one chain, joined to the pools of Uniswap V2, V3 and V4 and to Across there. */
export interface UniversalRouterChain {
  readonly chain: Chain;
  readonly universalRouter: Address;
  readonly permit2: Address;
  /** `2.0` for Universal Router 2.0 and 2.1.0, `2.1.1` for the later ones: how a V4 swap is encoded. */
  readonly universalRouterVersion: UniversalRouterVersion;
  /** Tokens that take a fee of each transfer: refused. */
  readonly feeOnTransfer?: readonly Address[];
  /** Tokens that refuse to change an allowance that is not zero (USDT): it is reset first. */
  readonly resetAllowance?: readonly Address[];
}

export interface UniversalRouterOptions {
  readonly chains: Readonly<Record<number, UniversalRouterChain>>;
  /** Quotes and follows the deposits; without it, only swaps are bundled. */
  readonly across?: AcrossAdapter;
}

/** Id of the adapter in intents, steps and quotes. */
export const UNIVERSAL_ROUTER = 'universal-router';
