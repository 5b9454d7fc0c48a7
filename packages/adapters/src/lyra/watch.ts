import { type Address, fromAtoms } from '@evenkeel/core';
import type { VenueCondition, VenueHappening, VenueWatch } from '@evenkeel/core/watch';
import { Interface, type Result } from 'ethers';
import * as v from 'valibot';
import { deepFreeze } from '../common/freeze.js';
import { happeningsOf, type WatchedBlocks } from '../common/happenings.js';
import { contractRead, optionalRead, readContracts } from '../common/read.js';
import { greekCacheAbi, synthetixAdapterAbi } from './abi.js';
import { isCall, type LyraTrading } from './market.js';
import { type LyraPosition, readBoard, readLyraBook } from './read.js';

/** What watching needs besides. */
export interface LyraWatched extends LyraTrading {
  readonly optionMarketPricer: Address;
}

const pricerAbi = new Interface([
  'function getTradeLimitParams() view returns ((int256 minDelta, uint256 minForceCloseDelta, uint256 tradingCutoff, uint256, uint256, uint256, uint256, uint256, uint256, uint256, uint256, bool))',
]);
const tokenEvents = new Interface([
  'event PositionUpdated(uint256 indexed positionId, address indexed owner, uint8 indexed updatedType, (uint256 positionId, uint256 strikeId, uint8 optionType, uint256 amount, uint256 collateral, uint8 state) position, uint256 timestamp)',
]);
/** Of `PositionUpdated`. */
const SETTLED = 7n;
const LIQUIDATED = 8n;

const WAD = { decimals: 18 } as const;
const E18 = 10n ** 18n;
const uint = v.bigint();
const limitsOutput = v.looseTuple([uint, uint, uint]);
const cacheParamsOutput = v.looseTuple([uint, uint, uint]);
const boardCacheOutput = v.looseTuple([uint, v.array(uint), uint, uint, v.unknown(), uint, uint]);
const strikeCacheOutput = v.looseTuple([uint, uint, uint, uint, v.looseTuple([uint])]);

/**
 * Watches the options of an owner on Lyra: boards that are frozen, in their last hours or over, held options that have left
 * the range of delta in which the market trades, greeks that are too old, a feed that halts; and options that were settled or
 * liquidated. Boards and options of which the owner has nothing are not looked at.
 *
 * @throws {ContractUnreadableError} and what the chain throws, by `look`
 * @example
 * ```ts
 * const { changes } = await pollVenues([lyraWatch({ ...market, optionMarketPricer })], owner, memory, signal)
 * ```
 */
export function lyraWatch(market: LyraWatched): VenueWatch {
  const id = `lyra-${market.chain.id}`;
  return Object.freeze({
    id,
    look: async (owner: Address, sinceBlock: number | undefined, signal: AbortSignal) => {
      const book = await readLyraBook(market, owner, signal);
      const { block, positions } = book;
      const [conditions, happened] = await Promise.all([
        conditionsOf(market, id, positions, block.timeSeconds, signal),
        happenedSince(market, owner, { sinceBlock, toBlock: block.number }, signal),
      ]);
      return deepFreeze({ conditions, happened, blockNumber: block.number });
    },
  });
}

async function conditionsOf(
  market: LyraWatched,
  id: string,
  positions: readonly LyraPosition[],
  now: number,
  signal: AbortSignal,
): Promise<readonly VenueCondition[]> {
  if (positions.length === 0) return [];
  const { chain, optionGreekCache, optionMarket, optionMarketPricer, synthetixAdapter } = market;
  const { values } = await readContracts(
    chain,
    [
      contractRead(pricerAbi, optionMarketPricer, 'getTradeLimitParams', [], limitsOutput),
      contractRead(greekCacheAbi, optionGreekCache, 'getGreekCacheParams', [], cacheParamsOutput),
      optionalRead(contractRead(synthetixAdapterAbi, synthetixAdapter, 'getSpotPriceForMarket', [optionMarket], uint)),
    ],
    signal,
  );
  const [[minDelta, , cutoff], [, acceptableMove, staleAfter], spot] = values;
  if (spot === undefined) {
    const sentence = `The price feed of Lyra on ${chain.name} gives no price: nothing is traded or settled until it does.`;
    return [{ id, code: 'FEED_HALTED', sentence, answer: 'hedge-elsewhere' }];
  }
  const boardIds = [...new Set(positions.map(({ boardId }) => boardId))];
  const found = await Promise.all(
    boardIds.map(async (boardId): Promise<readonly VenueCondition[]> => {
      const own = positions.filter((each) => each.boardId === boardId);
      const { expirySeconds, frozen } = await readBoard(market, boardId, 0n, signal);
      const at = `${id}/board-${boardId}`;
      const name = `Board ${boardId} of Lyra on ${chain.name}`;
      if (expirySeconds <= now) {
        if (own.every(({ settlement }) => settlement !== undefined)) {
          const sentence = `${name} is settled, and ${own.length} options on it wait to be paid out.`;
          return [{ id: at, code: 'BOARD_EXPIRED', sentence, answer: 'settle' }];
        }
        const sentence = `${name} has expired with ${own.length} options of this account, and nobody has settled it.`;
        return [{ id: at, code: 'BOARD_EXPIRED', sentence, answer: 'settle' }];
      }
      const conditions: VenueCondition[] = [];
      if (frozen) {
        const sentence = `${name} is frozen: its ${own.length} options cannot be traded, and are hedged elsewhere.`;
        conditions.push({ id: at, code: 'BOARD_FROZEN', sentence, answer: 'hedge-elsewhere' });
      } else if (expirySeconds - now <= Number(cutoff)) {
        const sentence = `${name} is in its last ${Number(cutoff) / 3_600} hours, in which nothing is traded.`;
        conditions.push({ id: at, code: 'BOARD_CLOSING', sentence, answer: 'hedge-elsewhere' });
      }
      const cache = await readCaches(market, boardId, own, signal);
      const move = magnitude(spot - cache.updatedAtPrice) * E18;
      if (now - cache.updatedAt > Number(staleAfter) || move > acceptableMove * cache.updatedAtPrice) {
        const sentence = `The greeks that ${name} keeps are too old, or too far from the spot.`;
        conditions.push({ id: at, code: 'FEED_STALE', sentence, answer: 'wait' });
      }
      for (const { kind, strikeId } of own) {
        const callDelta = cache.callDeltas.get(strikeId)!;
        if (callDelta >= minDelta && callDelta <= E18 - minDelta) continue;
        const named = `${id}/strike-${strikeId}`;
        if (conditions.some((each) => each.id === named)) continue;
        const delta = fromAtoms(WAD, isCall(kind) ? callDelta : callDelta - E18).slice(0, 6);
        const sentence = `The delta of strike ${strikeId} is ${delta}, outside of what ${name} trades: it can be force-closed.`;
        conditions.push({ id: named, code: 'DELTA_OUT_OF_RANGE', sentence, answer: 'force-close' });
      }
      return conditions;
    }),
  );
  return found.flat();
}

async function readCaches(
  { chain, optionGreekCache }: LyraWatched,
  boardId: bigint,
  own: readonly LyraPosition[],
  signal: AbortSignal,
) {
  const strikeIds = [...new Set(own.map(({ strikeId }) => strikeId))];
  const [board, strikes] = await Promise.all([
    readContracts(
      chain,
      [contractRead(greekCacheAbi, optionGreekCache, 'getOptionBoardCache', [boardId], boardCacheOutput)],
      signal,
    ),
    readContracts(
      chain,
      strikeIds.map((strikeId) =>
        contractRead(greekCacheAbi, optionGreekCache, 'getStrikeCache', [strikeId], strikeCacheOutput),
      ),
      signal,
    ),
  ]);
  const [, , , , , updatedAt, updatedAtPrice] = board.values[0];
  const callDeltas = new Map(strikeIds.map((strikeId, at) => [strikeId, strikes.values[at]![4][0]]));
  return { updatedAt: Number(updatedAt), updatedAtPrice, callDeltas };
}

function happenedSince(
  { chain, optionToken }: LyraWatched,
  owner: Address,
  blocks: WatchedBlocks,
  signal: AbortSignal,
): Promise<readonly VenueHappening[]> {
  const tell = (args: Result) => {
    const [positionId, , type, position] = args as unknown as [bigint, Address, bigint, { readonly strikeId: bigint }];
    const what = `position ${positionId} of strike ${position.strikeId} on Lyra on ${chain.name}`;
    if (type === LIQUIDATED) {
      const sentence = `Its collateral was too little: ${what} was liquidated by somebody.`;
      return { code: 'LIQUIDATED', sentence, answer: 'rehedge' } as const;
    }
    if (type !== SETTLED) return undefined;
    return { code: 'OPTION_SETTLED', sentence: `Somebody paid out ${what}.`, answer: 'rehedge' } as const;
  };
  const told = { abi: tokenEvents, event: 'PositionUpdated', address: optionToken, indexed: [null, owner] };
  return happeningsOf(chain, told, blocks, tell, signal);
}

const magnitude = (value: bigint): bigint => (value < 0n ? -value : value);
