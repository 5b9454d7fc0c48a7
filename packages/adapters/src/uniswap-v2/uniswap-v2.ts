import type { Address, Call, LiquidityRequest, Pool, SwapFill, VenueAdapter } from '@evenkeel/core';
import { InvalidInputError } from '@evenkeel/intents';
import { deepFreeze } from '../common/freeze.js';
import { chainTable, type UniswapChain } from '../uniswap/config.js';
import { action, approval, requireSwap } from '../uniswap/fill.js';
import { pairsOf } from '../uniswap/pairs.js';
import { asOfBlock } from '../uniswap/pool.js';
import { readStaged, type StagedValue } from '../uniswap/staged-read.js';
import { routerAbi } from './abi.js';
import { type FoundPair, type PairView, type Reserves, reservesRead, stagedPair } from './pair-read.js';

/** One deployment of Uniswap V2, or of a fork that kept its contracts. */
export interface UniswapV2Chain extends UniswapChain {
  readonly factory: Address;
  /** UniswapV2Router02. */
  readonly router: Address;
  /** Fee on the input in parts per million. Default: 3000, which is 0.3 %. */
  readonly feePpm?: number;
}

export interface UniswapV2Options {
  readonly chains: Readonly<Record<number, UniswapV2Chain>>;
  /** Default: `uniswap-v2`. A fork needs an id of its own. */
  readonly id?: string;
  /** For people. Default: `Uniswap V2`. */
  readonly name?: string;
}

const FEE_PPM = 3000;
/** Gas of the receipts of an approval (46k) and of `swapExactTokensForTokens` (87k), measured, and a margin. */
const GAS = { base: 140_000n, perTick: 0n } as const;

/**
 * Uniswap V2 as a venue: each pair is a constant-product curve whose replay equals the router's quote to the atom.
 *
 * Once a pair is known, its reserves take one call; all pairs, and those that do not exist yet, share one request. Pairs
 * with the native coin do not exist: the protocol trades its wrapped form.
 *
 * A swap is an exact approval of the router, then `swapExactTokensForTokens`, which takes the whole input or reverts, so
 * that no allowance is left and none has to be revoked.
 *
 * @throws {InvalidInputError} for a configuration that cannot be right. `liquidity` throws CHAIN_NOT_CONFIGURED,
 * CONTRACT_UNREADABLE and what the chain throws, `build` FILL_MISMATCH and FEE_ON_TRANSFER_TOKEN.
 *
 * @example
 * ```ts
 * const venue = uniswapV2({ chains: { 1: { chain, factory, router } } })
 * const pools = await venue.liquidity({ chainId: 1, tokens: [weth, usdc], signal })
 * swapExactIn(pools[0].curve, 0, 10n ** 18n).amountOut
 * ```
 */
export function uniswapV2(options: UniswapV2Options): VenueAdapter & Required<Pick<VenueAdapter, 'liquidity'>> {
  const { id = 'uniswap-v2', name = 'Uniswap V2', chains } = options;
  const configOf = chainTable(id, chains, ['factory', 'router']);
  for (const [key, { feePpm = FEE_PPM }] of Object.entries(chains)) assertFee(feePpm, `chains.${key}.feePpm`);
  const memory = new Map<number, Map<string, PairView>>();
  const memoryOf = (chainId: number): Map<string, PairView> => {
    const known = memory.get(chainId) ?? new Map<string, PairView>();
    memory.set(chainId, known);
    return known;
  };

  const liquidity = async ({ chainId, tokens, signal }: LiquidityRequest): Promise<readonly Pool[]> => {
    const config = configOf(chainId);
    const subjects = pairsOf(tokens, config, { native: false }).map((pair) =>
      stagedPair(config.factory, pair, reservesRead),
    );
    const found = await readStaged(config.chain, subjects, memoryOf(chainId), signal);
    return deepFreeze(found.flatMap((each) => toPool(id, chainId, config.feePpm ?? FEE_PPM, each)));
  };

  return deepFreeze({
    kind: 'venue',
    id,
    name,
    capabilities: { chains: Object.keys(chains).map(Number), curve: true, quote: false },
    targets: (chainId) => Object.freeze([configOf(chainId).router]),
    liquidity,
    build: (request) => {
      const chainId = request.kind === 'swap' ? request.pool.chainId : request.quote.input.token.chainId;
      const config = configOf(chainId);
      const { fill } = requireSwap(id, request, config, 256);
      return deepFreeze([...approval(fill, config.router, config), swapCall(fill, config.router, name)]);
    },
  } satisfies VenueAdapter);
}

function toPool(
  adapter: string,
  chainId: number,
  feePpm: number,
  { value, block }: StagedValue<FoundPair<Reserves> | undefined>,
): readonly Pool[] {
  if (value === undefined || value.state[0] === 0n || value.state[1] === 0n) return [];
  const { address, pair, state } = value;
  return [
    {
      id: address.toLowerCase(),
      adapter,
      chainId,
      tokens: pair,
      curve: { kind: 'constant-product', reserves: state, feePpm },
      gas: GAS,
      asOf: asOfBlock(adapter, chainId, block),
      payload: null,
      address,
    },
  ];
}

function swapCall(fill: SwapFill, router: Address, name: string): Call {
  const { amountIn, minReceived, tokenIn, tokenOut, recipient, deadline } = fill;
  const path = [tokenIn.address, tokenOut.address];
  const args = [amountIn, minReceived, path, recipient, deadline];
  return action(fill, router, routerAbi.encodeFunctionData('swapExactTokensForTokens', args), name);
}

function assertFee(feePpm: number, field: string): void {
  if (Number.isInteger(feePpm) && feePpm >= 0 && feePpm < 1_000_000) return;
  throw new InvalidInputError(field, feePpm, 'is not a fee in parts per million', 'Write 3000 for 0.3 %.');
}
