import type { Address, LiquidityRequest, Pool, Token, VenueAdapter } from '@evenkeel/core';
import { InvalidInputError } from '@evenkeel/intents';
import * as v from 'valibot';
import { deepFreeze } from '../common/freeze.js';
import { chainTable, isListed, type UniswapChain } from '../uniswap/config.js';
import { poolPayload, requireSwap } from '../uniswap/fill.js';
import { type Pair, pairsOf } from '../uniswap/pairs.js';
import { asOfBlock, concentratedCurve, type ConcentratedState } from '../uniswap/pool.js';
import { readStaged, type StagedValue } from '../uniswap/staged-read.js';
import { DEPTH_TICKS, requireDepth } from '../uniswap/tick-words.js';
import { COMMON_TIERS, keyOf, keysBetween, type PoolKey, poolIdOf, requirePlainKey } from './pool-key.js';
import { type PoolView, stagedPool } from './pool-read.js';
import { isRouterVersion, swapCalls, type UniversalRouterVersion } from './swap-calls.js';

/** One deployment of Uniswap V4. */
export interface UniswapV4Chain extends UniswapChain {
  /** StateView of v4-periphery. */
  readonly stateView: Address;
  readonly permit2: Address;
  readonly universalRouter: Address;
  /**
   * `2.0` for Universal Router 2.0 and 2.1.0, `2.1.1` for the later ones, which know a limit on the price of each
   * hop. The wrong one reverts, or worse does not: look at what is deployed.
   */
  readonly universalRouterVersion: UniversalRouterVersion;
  /** Pools to look for besides those of the common fee tiers. Pools with hooks are refused: they are no plain curves. */
  readonly poolKeys?: readonly PoolKey[];
}

export interface UniswapV4Options {
  readonly chains: Readonly<Record<number, UniswapV4Chain>>;
  /**
   * How far from the price liquidity is read, in ticks of 0.01 % each. What lies beyond is not known to the curves.
   * Default: 2000, which is 22 % up and 18 % down.
   */
  readonly depthTicks?: number;
  /** Default: `uniswap-v4`. */
  readonly id?: string;
  /** For people. Default: `Uniswap V4`. */
  readonly name?: string;
}

/** Gas of the receipts of two approvals (46k and 31k) and of `execute` (120k to 122k), measured, and a margin. A tick takes
 * 15k when it was crossed before and 28k the first time. */
const GAS = { base: 205_000n, perTick: 25_000n } as const;

const payloadSchema = v.strictObject({
  feePpm: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(999_999)),
  tickSpacing: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(32_767)),
});

/**
 * Uniswap V4 as a venue: each pool without hooks is a concentrated-liquidity curve whose replay equals V4Quoter to the
 * atom within the ticks that were read. The native coin is a token like any other.
 *
 * In the steady state a pool takes its price, its liquidity, the bitmap around the price and the ticks that were
 * initialised the last time, in the same request as all other pools and venues. Only when liquidity has appeared at a
 * new tick, or after a large move, is a second one made.
 *
 * A swap is an exact approval of Permit2, one in Permit2 of the Universal Router that ends with the deadline, then
 * `execute`. The whole input is settled, so no allowance is left, unless the pool runs dry to the very end of the price
 * range.
 *
 * @throws {InvalidInputError} for a configuration that cannot be right. `liquidity` throws CHAIN_NOT_CONFIGURED,
 * CONTRACT_UNREADABLE, STATE_UNSETTLED and what the chain throws, `build` FILL_MISMATCH and FEE_ON_TRANSFER_TOKEN.
 *
 * @example
 * ```ts
 * const venue = uniswapV4({
 *   chains: { 1: { chain, stateView, permit2, universalRouter, universalRouterVersion: '2.0' } },
 * })
 * const pools = await venue.liquidity({ chainId: 1, tokens: [weth, usdc], signal })
 * swapExactIn(pools[0].curve, 0, 10n ** 18n).amountOut
 * ```
 */
export function uniswapV4(options: UniswapV4Options): VenueAdapter & Required<Pick<VenueAdapter, 'liquidity'>> {
  const { id = 'uniswap-v4', name = 'Uniswap V4', chains } = options;
  const depthTicks = requireDepth(options.depthTicks ?? DEPTH_TICKS);
  const configOf = chainTable(id, chains, ['stateView', 'permit2', 'universalRouter']);
  for (const [key, { poolKeys, universalRouterVersion: version }] of Object.entries(chains)) {
    poolKeys?.forEach((poolKey, index) => requirePlainKey(poolKey, `chains.${key}.poolKeys[${index}]`));
    if (!isRouterVersion(version)) {
      const field = `chains.${key}.universalRouterVersion`;
      throw new InvalidInputError(field, version, 'is not a known version', 'Write "2.0" or "2.1.1".');
    }
  }
  const memory = new Map<number, Map<string, PoolView>>();
  const memoryOf = (chainId: number): Map<string, PoolView> => {
    const known = memory.get(chainId) ?? new Map<string, PoolView>();
    memory.set(chainId, known);
    return known;
  };

  const liquidity = async ({ chainId, tokens, signal }: LiquidityRequest): Promise<readonly Pool[]> => {
    const config = configOf(chainId);
    const candidates = candidatesOf(tokens, config);
    const subjects = candidates.map(({ key }) =>
      stagedPool(config.stateView, depthTicks, poolIdOf(key), key.tickSpacing),
    );
    const found = await readStaged(config.chain, subjects, memoryOf(chainId), signal);
    return deepFreeze(found.flatMap((each, index) => toPool(id, chainId, candidates[index]!, each)));
  };

  return deepFreeze({
    kind: 'venue',
    id,
    name,
    capabilities: { chains: Object.keys(chains).map(Number), curve: true, quote: false },
    targets: (chainId) => Object.freeze([configOf(chainId).universalRouter, configOf(chainId).permit2]),
    liquidity,
    build: (request) => {
      const chainId = request.kind === 'swap' ? request.pool.chainId : request.quote.input.token.chainId;
      const config = configOf(chainId);
      const { fill, tokenInIndex } = requireSwap(id, request, config, 128);
      const tier = poolPayload(id, payloadSchema, fill.pool.payload);
      return deepFreeze(swapCalls(fill, tokenInIndex, keyOf(fill.pool.tokens, tier), config, name));
    },
  } satisfies VenueAdapter);
}

interface Candidate {
  readonly pair: Pair;
  readonly key: PoolKey;
}

/** Common tiers and configured keys between the tokens, each pool once. */
function candidatesOf(tokens: readonly Token[], config: UniswapV4Chain): readonly Candidate[] {
  const usable = tokens.filter((token) => token.chainId === config.chain.id && !isListed(token, config.feeOnTransfer));
  const common = pairsOf(usable, config, { native: true }).flatMap((pair) =>
    COMMON_TIERS.map((tier) => ({ pair, key: keyOf(pair, tier) })),
  );
  const all = [...common, ...keysBetween(usable, config.poolKeys ?? [])];
  return [...new Map(all.map((candidate) => [poolIdOf(candidate.key), candidate])).values()];
}

function toPool(
  adapter: string,
  chainId: number,
  { key, pair }: Candidate,
  { value, block }: StagedValue<ConcentratedState | undefined>,
): readonly Pool[] {
  const curve = value && concentratedCurve(value);
  if (curve === undefined) return [];
  return [
    {
      id: poolIdOf(key),
      adapter,
      chainId,
      tokens: pair,
      curve,
      gas: GAS,
      asOf: asOfBlock(adapter, chainId, block),
      payload: { feePpm: key.fee, tickSpacing: key.tickSpacing },
    },
  ];
}
