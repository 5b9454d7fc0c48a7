import { type Address, type AsOf, type ConcentratedCurve, swapExactIn } from '@evenkeel/core';
import { InvalidInputError } from '@evenkeel/intents';
import { Interface } from 'ethers';
import * as v from 'valibot';
import { deepFreeze } from '../common/freeze.js';
import { contractRead, readContracts } from '../common/read.js';
import { addressSchema } from '../common/schemas.js';
import { asOfBlock, concentratedCurve } from '../uniswap/pool.js';
import { readStaged } from '../uniswap/staged-read.js';
import { DEPTH_TICKS, requireDepth } from '../uniswap/tick-words.js';
import { type PoolView, stagedPool } from '../uniswap-v3/pool-read.js';
import { PerpLiquidityShortError } from './errors.js';
import type { PerpV2Market } from './market.js';

/** Where the pool under a market is found and read. */
export interface PerpV2Pool {
  readonly market: Pick<PerpV2Market, 'baseToken' | 'chain' | 'exchange' | 'quoteToken'>;
  /** Uniswap V3's factory that the clearing house was made with. */
  readonly factory: Address;
  /** TickLens of v3-periphery. */
  readonly tickLens: Address;
  /** As for `uniswapV3`: how far from the price liquidity is read. */
  readonly depthTicks?: number;
}

/** A market's liquidity at one block. Frozen. */
export interface PerpV2Curve {
  /** Of the pool, base first. Its own fee is charged and given back by the clearing house. */
  readonly pool: ConcentratedCurve;
  /** What the clearing house charges in the quote token, parts per million. */
  readonly exchangeFeePpm: number;
  readonly asOf: AsOf;
}

export interface PerpV2Swap {
  /** Atoms of the other token, net of the fee. */
  readonly output: bigint;
  /** Atoms of the quote token. */
  readonly fee: bigint;
}

const bridgeAbi = new Interface(['function getMarketRegistry() view returns (address)']);
const registryAbi = new Interface([
  'function getMarketInfo(address baseToken) view returns ((address pool, uint24 exchangeFeeRatio, uint24 uniswapFeeRatio, uint24 insuranceFundFeeRatio, uint24 maxPriceSpreadRatio))',
]);
const ratio = v.pipe(v.bigint(), v.maxValue(999_999n), v.transform(Number));
const marketInfo = v.pipe(
  v.looseTuple([addressSchema, ratio, ratio]),
  v.transform(([pool, exchangeFeePpm, poolFeePpm]) => ({ pool, exchangeFeePpm, poolFeePpm })),
);

/**
 * The curve of a market of Perp v2, read and not simulated: what {@link replayPerpV2} gives for any size at that block. It
 * knows nothing of the account's margin, nor of the market's limits of price, which `quote` of the venue has.
 *
 * @throws {PerpLiquidityShortError} where nobody makes a market; CONTRACT_UNREADABLE, STATE_UNSETTLED and what the chain throws
 * @example
 * ```ts
 * const curve = await readPerpV2Curve({ market, factory, tickLens }, signal)
 * const { output } = replayPerpV2(curve, { isBaseToQuote: true, atoms: 10n ** 18n }) // vUSD for a short of one
 * ```
 */
export async function readPerpV2Curve(place: PerpV2Pool, signal: AbortSignal): Promise<PerpV2Curve> {
  const { factory, market, tickLens } = place;
  const { baseToken, chain, exchange, quoteToken } = market;
  const depthTicks = requireDepth(place.depthTicks ?? DEPTH_TICKS);
  const found = await readContracts(
    chain,
    [contractRead(bridgeAbi, exchange, 'getMarketRegistry', [], addressSchema)],
    signal,
  );
  const [registry] = found.values;
  const info = contractRead(registryAbi, registry, 'getMarketInfo', [baseToken.address], marketInfo);
  const { exchangeFeePpm, poolFeePpm } = (await readContracts(chain, [info], signal)).values[0];
  const memory = new Map<string, PoolView>();
  const subject = stagedPool({ factory, tickLens, depthTicks }, [baseToken, quoteToken], poolFeePpm);
  const [pool] = await readStaged(chain, [subject], memory, signal);
  const curve = pool!.value && concentratedCurve(pool!.value.state);
  if (curve === undefined) throw new PerpLiquidityShortError('perp-v2', 0n, 0n);
  return deepFreeze({ pool: curve, exchangeFeePpm, asOf: asOfBlock('perp-v2', chain.id, pool!.block) });
}

const PPM = 1_000_000n;

/**
 * What a trade with an exact input gives, to the atom, by pure arithmetic. The clearing house swaps in the pool as if it had
 * no fee, by adding to the input what the pool takes, and charges its own: of a long on what it pays, of a short on what it
 * gets, rounded up in each step of the pool.
 *
 * Source: curie-contract 2.8.4, `SwapMath.calcScaledAmountForSwaps`, `OrderBook.replaySwap` and `Exchange._swap`.
 *
 * @param trade isBaseToQuote: a short, of so many atoms of the base token; else a long, for so many of the quote token
 * @throws {InvalidInputError} for nothing; {@link PerpLiquidityShortError} beyond the ticks that were read
 */
export function replayPerpV2(
  curve: Pick<PerpV2Curve, 'exchangeFeePpm' | 'pool'>,
  { atoms, isBaseToQuote }: { readonly isBaseToQuote: boolean; readonly atoms: bigint },
): PerpV2Swap {
  if (atoms <= 0n) throw new InvalidInputError('trade.atoms', atoms, 'is not above zero', 'Give atoms of the input.');
  return Object.freeze(isBaseToQuote ? shorted(curve, atoms) : bought(curve, atoms));
}

function bought({ exchangeFeePpm, pool }: Pick<PerpV2Curve, 'exchangeFeePpm' | 'pool'>, atoms: bigint): PerpV2Swap {
  const kept = PPM - BigInt(exchangeFeePpm);
  const input = divideUp(atoms * kept, PPM - BigInt(pool.feePpm));
  const { amountInUsed, amountOut } = swapExactIn(pool, 1, input);
  if (amountInUsed < input) throw new PerpLiquidityShortError('perp-v2', input, amountInUsed);
  return { output: amountOut, fee: atoms - (atoms * kept) / PPM };
}

function shorted({ exchangeFeePpm, pool }: Pick<PerpV2Curve, 'exchangeFeePpm' | 'pool'>, atoms: bigint): PerpV2Swap {
  const input = divideUp(atoms * PPM, PPM - BigInt(pool.feePpm));
  let [rest, gross, fee] = [input, 0n, 0n];
  let state = pool;
  while (rest > 0n) {
    const low = Math.max(endOfStepDown(state), pool.tickRange.low);
    const step = swapExactIn({ ...state, tickRange: { ...pool.tickRange, low } }, 0, rest);
    // A swap leaves a curve of the kind that it found.
    state = step.after as ConcentratedCurve;
    rest -= step.amountInUsed;
    gross += step.amountOut;
    fee += divideUp(step.amountOut * BigInt(exchangeFeePpm), PPM);
    if (rest > 0n && state.tick < pool.tickRange.low) throw new PerpLiquidityShortError('perp-v2', input, input - rest);
  }
  return { output: gross - fee, fee };
}

/** A step of the pool ends at the next tick with liquidity, or at the end of its word of 256 spacings. */
function endOfStepDown({ tick, ticks, tickSpacing }: ConcentratedCurve): number {
  const endOfWord = Math.floor(tick / tickSpacing / 256) * 256 * tickSpacing;
  return ticks.reduce((end, { index }) => (index <= tick ? Math.max(end, index) : end), endOfWord);
}

const divideUp = (a: bigint, b: bigint): bigint => (a + b - 1n) / b;
