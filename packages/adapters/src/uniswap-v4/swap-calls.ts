import { type Address, type Call, type Hex, NATIVE_ADDRESS, sameAddress, type SwapFill } from '@evenkeel/core';
import { approval, action } from '../uniswap/fill.js';
import { coder, permit2Abi, POOL_KEY_TYPE, universalRouterAbi } from './abi.js';
import { keyTuple, type PoolKey } from './pool-key.js';
import type { UniswapV4Chain } from './uniswap-v4.js';

/** Command of the Universal Router. */
const V4_SWAP = '0x10';
/** Actions of v4-periphery: SWAP_EXACT_IN_SINGLE, SETTLE_ALL, TAKE. */
const SWAP_SETTLE_TAKE = '0x060c0e';
/** TAKE: whatever the swap has paid. */
const OPEN_DELTA = 0n;
/** No further limit on the price of the hop: `amountOutMinimum` is the limit. */
const NO_HOP_PRICE = 0n;

/** Versions of the Universal Router, whose single-hop swaps are encoded differently. */
export type UniversalRouterVersion = '2.0' | '2.1.1';

const SWAP_TYPES: Readonly<Record<UniversalRouterVersion, string>> = {
  '2.0': `(${POOL_KEY_TYPE},bool,uint128,uint128,bytes)`,
  '2.1.1': `(${POOL_KEY_TYPE},bool,uint128,uint128,uint256,bytes)`,
};

export function isRouterVersion(version: string): version is UniversalRouterVersion {
  return Object.hasOwn(SWAP_TYPES, version);
}

/**
 * Approvals of exactly the input, from the token to Permit2 and in Permit2 to the router until the deadline; then the
 * swap, which settles the whole input, so that both are used up.
 */
export function swapCalls(
  fill: SwapFill,
  tokenInIndex: 0 | 1,
  key: PoolKey,
  config: UniswapV4Chain,
  name: string,
): readonly Call[] {
  const { universalRouter } = config;
  const data = universalRouterAbi.encodeFunctionData('execute', [
    V4_SWAP,
    [swapInput(fill, tokenInIndex, key, config.universalRouterVersion)],
    fill.deadline,
  ]);
  return [...approvals(fill, config), action(fill, universalRouter, data, `${name} ${key.fee / 10_000} %`)];
}

function approvals(fill: SwapFill, config: UniswapV4Chain): readonly Call[] {
  const { amountIn, deadline, tokenIn } = fill;
  if (sameAddress(tokenIn.address, NATIVE_ADDRESS)) return [];
  const args = [tokenIn.address, config.universalRouter, amountIn, deadline];
  return [
    ...approval(fill, config.permit2, config),
    {
      chainId: tokenIn.chainId,
      to: config.permit2,
      data: permit2Abi.encodeFunctionData('approve', args) as Hex,
      valueWei: 0n,
      purpose: 'approve',
      description: `let the Universal Router take the ${tokenIn.symbol} through Permit2`,
    },
  ];
}

function swapInput(fill: SwapFill, tokenInIndex: 0 | 1, key: PoolKey, version: UniversalRouterVersion): string {
  const { amountIn, recipient, tokenIn, tokenOut } = fill;
  const params = [
    singleSwap(fill, tokenInIndex, key, version),
    coder.encode(['address', 'uint256'], [tokenIn.address, amountIn]),
    coder.encode(['address', 'address', 'uint256'], [tokenOut.address, recipient satisfies Address, OPEN_DELTA]),
  ];
  return coder.encode(['bytes', 'bytes[]'], [SWAP_SETTLE_TAKE, params]);
}

/** Parameters of the action SWAP_EXACT_IN_SINGLE, as this version of the router reads them. */
export function singleSwap(
  { amountIn, minReceived }: Pick<SwapFill, 'amountIn' | 'minReceived'>,
  tokenInIndex: 0 | 1,
  key: PoolKey,
  version: UniversalRouterVersion,
): string {
  const hookData = '0x';
  const head = [keyTuple(key), tokenInIndex === 0, amountIn, minReceived];
  const swap = version === '2.0' ? [...head, hookData] : [...head, NO_HOP_PRICE, hookData];
  return coder.encode([SWAP_TYPES[version]], [swap]);
}
