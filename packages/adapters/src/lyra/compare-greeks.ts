import { type Address, type AsOf, fromAtoms, type Hex, valuePosition } from '@evenkeel/core';
import * as v from 'valibot';
import { deepFreeze } from '../common/freeze.js';
import { type ContractRead, contractRead } from '../common/read.js';
import { greekCacheAbi } from './abi.js';
import { asOption } from './as-position.js';
import { isCall, type LyraKind, type LyraMarket } from './market.js';
import { type LyraBook, type LyraPosition, readLyraBook } from './read.js';

/** Greeks of a whole position, in the venue's convention. */
export interface LyraGreeks {
  /** Per unit of the spot. */
  readonly deltaUnits: number;
  /** Per volatility point, scaled to thirty days: vega · √(30 / days), with whole days and at least seven. */
  readonly standardVegaPerPoint: number;
}

/** What we say of a position and what its venue says, at the same spot, time and volatility. */
export interface LyraGreekComparison {
  readonly positionId: string;
  readonly kind: LyraKind;
  readonly ours: LyraGreeks;
  readonly venue: LyraGreeks;
  /** Ours less the venue's. */
  readonly gap: LyraGreeks;
  /** What both were computed with. */
  readonly convention: {
    readonly spot: number;
    readonly annualVolatility: number;
    readonly annualRate: number;
    readonly secondsToExpiry: number;
  };
  readonly asOf: AsOf;
}

const MIN_VEGA_DAYS = 7;
const STANDARD_DAYS = 30;
const DAY_SECONDS = 86_400;
const WAD = { decimals: 18 } as const;
const E18 = 10n ** 18n;

const uint = v.bigint();
const boardCacheOutput = v.looseTuple([uint, v.array(uint), uint, uint, v.unknown(), uint, uint]);
const strikeCacheOutput = v.looseTuple([uint, uint, uint, uint, v.tuple([uint, uint, uint, uint, uint])]);

/**
 * Compares our delta and vega of every live position of an owner with the venue's own. The venue keeps its greeks in a
 * cache that may be hours old; so the update of the cache is simulated and read in the same simulated block, together
 * with the averaged volatilities that it took. Nothing is sent. Expired options are left out: they have no greeks.
 *
 * @throws {ContractUnreadableError} and what the chain throws
 * @example
 * ```ts
 * const worst = Math.max(...(await compareLyraGreeks(market, owner, signal)).map(({ gap }) => Math.abs(gap.deltaUnits)))
 * ```
 */
export async function compareLyraGreeks(
  market: LyraMarket,
  owner: Address,
  signal: AbortSignal,
): Promise<readonly LyraGreekComparison[]> {
  const book = await readLyraBook(market, owner, signal);
  const { annualRate, block, positions } = book;
  const live = positions.filter((each) => each.settlement === undefined && each.expirySeconds > block.timeSeconds);
  if (live.length === 0) return Object.freeze([]);
  const fresh = await refreshedGreeks(market, owner, book, live, signal);
  return deepFreeze(live.map((position) => compare(market, position, fresh, annualRate, block.number)));
}

/** The venue's greeks as they would be in the next block, and what they were made of. */
interface FreshGreeks {
  readonly boards: ReadonlyMap<bigint, { readonly spot: bigint; readonly timeSeconds: number; readonly iv: bigint }>;
  readonly strikes: ReadonlyMap<bigint, StrikeGreeks>;
}

interface StrikeGreeks {
  readonly callDelta: bigint;
  readonly putDelta: bigint;
  readonly standardVega: bigint;
  readonly skew: bigint;
}

async function refreshedGreeks(
  { chain, optionGreekCache }: LyraMarket,
  owner: Address,
  { averagedOver }: LyraBook,
  live: readonly LyraPosition[],
  signal: AbortSignal,
): Promise<FreshGreeks> {
  const boardIds = [...new Set(live.map(({ boardId }) => boardId))];
  const strikeIds = [...new Set(live.map(({ strikeId }) => strikeId))];
  const read = <T>(name: string, args: readonly unknown[], schema: v.GenericSchema<unknown, T>): ContractRead<T> =>
    contractRead(greekCacheAbi, optionGreekCache, name, args, schema);
  const updates = boardIds.map((id) => greekCacheAbi.encodeFunctionData('updateBoardCachedGreeks', [id]) as Hex);
  const boardReads = boardIds.map((id) => ({
    cache: read('getOptionBoardCache', [id], boardCacheOutput),
    average: read('getIvGWAV', [id, averagedOver.iv], uint),
  }));
  const strikeReads = strikeIds.map((id) => ({
    cache: read('getStrikeCache', [id], strikeCacheOutput),
    average: read('getSkewGWAV', [id, averagedOver.skew], uint),
  }));
  const reads = [...boardReads, ...strikeReads].flatMap(({ average, cache }) => [cache.data, average.data]);
  const calls = [...updates, ...reads].map((data) => ({ to: optionGreekCache, data, valueWei: 0n }));
  const answers = (await chain.simulate({ from: owner, calls }, signal)).slice(updates.length);
  const boards = boardReads.map(({ average, cache }, index) => {
    const [, , , , , updatedAt, spot] = cache.decode(answers[2 * index]!, chain.id);
    const iv = average.decode(answers[2 * index + 1]!, chain.id);
    return { spot, timeSeconds: Number(updatedAt), iv };
  });
  const offset = 2 * boardReads.length;
  const strikes = strikeReads.map(({ average, cache }, index): StrikeGreeks => {
    const [, , , , greeks] = cache.decode(answers[offset + 2 * index]!, chain.id);
    const [callDelta, putDelta, standardVega] = greeks;
    return { callDelta, putDelta, standardVega, skew: average.decode(answers[offset + 2 * index + 1]!, chain.id) };
  });
  return {
    boards: new Map(boardIds.map((id, index) => [id, boards[index]!])),
    strikes: new Map(strikeIds.map((id, index) => [id, strikes[index]!])),
  };
}

function compare(
  { chain }: LyraMarket,
  position: LyraPosition,
  { boards, strikes }: FreshGreeks,
  annualRate: bigint,
  blockNumber: number,
): LyraGreekComparison {
  const { iv, spot, timeSeconds } = boards.get(position.boardId)!;
  const strike = strikes.get(position.strikeId)!;
  const secondsToExpiry = position.expirySeconds - timeSeconds;
  const option = asOption(position, (iv * strike.skew) / E18, annualRate, timeSeconds);
  const own = valuePosition(option, toNumber(spot), timeSeconds);
  const days = Math.max(MIN_VEGA_DAYS, Math.floor(secondsToExpiry / DAY_SECONDS));
  const ours: LyraGreeks = {
    deltaUnits: own.deltaUnits,
    standardVegaPerPoint: own.vegaPerPoint * Math.sqrt(STANDARD_DAYS / days),
  };
  const size = Number(option.sizeUnits);
  const venue: LyraGreeks = {
    deltaUnits: size * toNumber(isCall(position.kind) ? strike.callDelta : strike.putDelta),
    standardVegaPerPoint: size * toNumber(strike.standardVega),
  };
  return {
    positionId: position.positionId.toString(),
    kind: position.kind,
    ours,
    venue,
    gap: {
      deltaUnits: ours.deltaUnits - venue.deltaUnits,
      standardVegaPerPoint: ours.standardVegaPerPoint - venue.standardVegaPerPoint,
    },
    convention: {
      spot: toNumber(spot),
      annualVolatility: Number(option.annualVolatility),
      annualRate: Number(option.annualRate),
      secondsToExpiry,
    },
    asOf: { source: 'lyra', timeSeconds, chainId: chain.id, blockNumber },
  };
}

const toNumber = (value: bigint): number => Number(fromAtoms(WAD, value));
