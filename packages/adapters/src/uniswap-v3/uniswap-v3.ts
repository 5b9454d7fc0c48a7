import type { Address, Call, LiquidityRequest, Pool, SwapFill, VenueAdapter } from '@evenkeel/core';
import { InvalidInputError } from '@evenkeel/intents';
import * as v from 'valibot';
import { deepFreeze } from '../common/freeze.js';
import { chainTable, type UniswapChain } from '../uniswap/config.js';
import { action, approval, poolPayload, requireSwap } from '../uniswap/fill.js';
import { type Pair, pairsOf } from '../uniswap/pairs.js';
import { asOfBlock, concentratedCurve } from '../uniswap/pool.js';
import { DEPTH_TICKS, requireDepth } from '../uniswap/tick-words.js';
import { readStaged, type StagedValue } from '../uniswap/staged-read.js';
import { routerAbi } from './abi.js';
import { type FoundPool, type PoolView, stagedPool } from './pool-read.js';

/** One deployment of Uniswap V3, or of a fork that kept its contracts. */
export interface UniswapV3Chain extends UniswapChain {
  readonly factory: Address;
  /** TickLens of v3-periphery. */
  readonly tickLens: Address;
  /** SwapRouter02. */
  readonly router: Address;
  /** Fee tiers to look for, in parts per million. Default: 100, 500, 3000, 10000. */
  readonly feesPpm?: readonly number[];
}

export interface UniswapV3Options {
  readonly chains: Readonly<Record<number, UniswapV3Chain>>;
  /**
   * How far from the price liquidity is read, in ticks of 0.01 % each. What lies beyond is not known to the curves.
   * Default: 2000, which is 22 % up and 18 % down.
   */
  readonly depthTicks?: number;
  /** Default: `uniswap-v3`. A fork needs an id of its own. */
  readonly id?: string;
  /** For people. Default: `Uniswap V3`. */
  readonly name?: string;
}

const FEES_PPM: readonly number[] = [100, 500, 3000, 10_000];
/** Gas of the receipts of an approval (46k) and of `exactInputSingle` (106k to 109k), measured, and a margin. A tick takes
 * 18k when it was crossed before and 37k the first time. */
const GAS = { base: 160_000n, perTick: 30_000n } as const;

const payloadSchema = v.strictObject({ feePpm: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(999_999)) });

/**
 * Uniswap V3 as a venue: each pool is a concentrated-liquidity curve whose replay equals QuoterV2 to the atom within the
 * ticks that were read.
 *
 * In the steady state a pool takes its price, its liquidity and a few words of ticks around the price that it had the
 * last time, in the same request as all other pools and venues. Only after a large move is a second one made.
 *
 * A swap is an exact approval of SwapRouter02, then `exactInputSingle` within `multicall(deadline, …)`. The router takes
 * the whole input, so no allowance is left, unless the pool runs dry to the very end of the price range.
 *
 * @throws {InvalidInputError} for a configuration that cannot be right. `liquidity` throws CHAIN_NOT_CONFIGURED,
 * CONTRACT_UNREADABLE, STATE_UNSETTLED and what the chain throws, `build` FILL_MISMATCH and FEE_ON_TRANSFER_TOKEN.
 *
 * @example
 * ```ts
 * const venue = uniswapV3({ chains: { 1: { chain, factory, tickLens, router } } })
 * const pools = await venue.liquidity({ chainId: 1, tokens: [weth, usdc], signal })
 * swapExactIn(pools[0].curve, 0, 10n ** 18n).amountOut
 * ```
 */
export function uniswapV3(options: UniswapV3Options): VenueAdapter & Required<Pick<VenueAdapter, 'liquidity'>> {
  const { id = 'uniswap-v3', name = 'Uniswap V3', chains } = options;
  const depthTicks = requireDepth(options.depthTicks ?? DEPTH_TICKS);
  const configOf = chainTable(id, chains, ['factory', 'tickLens', 'router']);
  for (const [key, { feesPpm }] of Object.entries(chains)) {
    feesPpm?.forEach((fee, index) => assertFee(fee, `chains.${key}.feesPpm[${index}]`));
  }
  const memory = new Map<number, Map<string, PoolView>>();
  const memoryOf = (chainId: number): Map<string, PoolView> => {
    const known = memory.get(chainId) ?? new Map<string, PoolView>();
    memory.set(chainId, known);
    return known;
  };

  const liquidity = async ({ chainId, tokens, signal }: LiquidityRequest): Promise<readonly Pool[]> => {
    const config = configOf(chainId);
    const candidates = pairsOf(tokens, config, { native: false }).flatMap((pair) =>
      (config.feesPpm ?? FEES_PPM).map((feePpm) => ({ pair, feePpm })),
    );
    const subjects = candidates.map(({ pair, feePpm }) => stagedPool({ ...config, depthTicks }, pair, feePpm));
    const found = await readStaged(config.chain, subjects, memoryOf(chainId), signal);
    return deepFreeze(found.flatMap((each, index) => toPool(id, chainId, candidates[index]!.pair, each)));
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
      const { fill } = requireSwap(id, request, config, 255);
      return deepFreeze([...approval(fill, config.router, config), swapCall(id, fill, config.router, name)]);
    },
  } satisfies VenueAdapter);
}

function toPool(
  adapter: string,
  chainId: number,
  pair: Pair,
  { value, block }: StagedValue<FoundPool | undefined>,
): readonly Pool[] {
  const curve = value && concentratedCurve(value.state);
  if (value === undefined || curve === undefined) return [];
  return [
    {
      id: value.address.toLowerCase(),
      adapter,
      chainId,
      tokens: pair,
      curve,
      gas: GAS,
      asOf: asOfBlock(adapter, chainId, block),
      payload: { feePpm: value.state.feePpm },
      address: value.address,
    },
  ];
}

function swapCall(adapter: string, fill: SwapFill, router: Address, name: string): Call {
  const { amountIn, minReceived, tokenIn, tokenOut, recipient, deadline, pool } = fill;
  const { feePpm } = poolPayload(adapter, payloadSchema, pool.payload);
  const swap = routerAbi.encodeFunctionData('exactInputSingle', [
    [tokenIn.address, tokenOut.address, feePpm, recipient, amountIn, minReceived, 0n],
  ]);
  const data = routerAbi.encodeFunctionData('multicall', [deadline, [swap]]);
  return action(fill, router, data, `${name} ${feePpm / 10_000} %`);
}

function assertFee(feePpm: number, field: string): void {
  if (Number.isInteger(feePpm) && feePpm >= 0 && feePpm < 1_000_000) return;
  throw new InvalidInputError(field, feePpm, 'is not a fee in parts per million', 'Write 500 for 0.05 %.');
}
