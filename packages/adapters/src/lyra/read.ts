import type { Address, ReadBatch } from '@evenkeel/core';
import * as v from 'valibot';
import { contractRead, optionalRead, readContracts } from '../common/read.js';
import { greekCacheAbi, optionMarketAbi, optionTokenAbi } from './abi.js';
import { LYRA_KINDS, type LyraKind, type LyraMarket } from './market.js';

/** A position with all that its value hangs on. Integers as the contracts have them, 18 decimals. */
export interface LyraPosition {
  readonly positionId: bigint;
  readonly strikeId: bigint;
  readonly boardId: bigint;
  readonly kind: LyraKind;
  readonly amount: bigint;
  readonly collateral: bigint;
  readonly strikePrice: bigint;
  readonly expirySeconds: number;
  /** The board's volatility per √year and the strike's multiple of it, as they are now. */
  readonly volatility: { readonly iv: bigint; readonly skew: bigint };
  /** The same, averaged over time as the venue does for its greeks; absent where it keeps none, as after settlement. */
  readonly averaged?: { readonly iv: bigint; readonly skew: bigint };
  /** Once the board is settled: the price, and what a unit of a covered call returned in the base asset. */
  readonly settlement?: { readonly price: bigint; readonly baseReturned: bigint };
}

export interface LyraBook {
  readonly positions: readonly LyraPosition[];
  /** What the venue discounts with, per year, 18 decimals. */
  readonly annualRate: bigint;
  /** Seconds over which it averages volatilities for its greeks. */
  readonly averagedOver: { readonly iv: bigint; readonly skew: bigint };
  readonly block: ReadBatch['block'];
}

/** Position state of a position that is held. */
const ACTIVE = 1n;

const uint = v.bigint();
/** Position id, strike id, kind, amount, collateral, state. */
export type LyraPositionRow = readonly [bigint, bigint, bigint, bigint, bigint, bigint];
export const positionsOutput: v.GenericSchema<unknown, LyraPositionRow[]> = v.array(
  v.tuple([uint, uint, uint, uint, uint, uint]),
);
const strikeOutput = v.tuple([uint, uint, uint, uint, uint, uint, uint, uint, uint]);
const boardOutput = v.tuple([uint, uint, uint, v.boolean(), v.array(uint)]);
const settlementOutput = v.tuple([uint, uint, uint]);
const paramsOutput = v.tuple([uint, uint, uint, uint, uint, uint, uint, uint, uint, uint]);

/**
 * All positions of an owner: three requests, each at one block; the block of the first is given.
 *
 * @throws {ContractUnreadableError} and what the chain throws
 */
export async function readLyraBook(market: LyraMarket, owner: Address, signal: AbortSignal): Promise<LyraBook> {
  const { chain, optionGreekCache, optionToken } = market;
  const { block, values } = await readContracts(
    chain,
    [
      contractRead(optionTokenAbi, optionToken, 'getOwnerPositions', [owner], positionsOutput),
      contractRead(greekCacheAbi, optionGreekCache, 'getGreekCacheParams', [], paramsOutput),
    ],
    signal,
  );
  const [found, [, , , , , ivPeriod, skewPeriod, , , annualRate]] = values;
  const held = found.filter(([, , , , , state]) => state === ACTIVE);
  const strikeIds = [...new Set(held.map(([, strikeId]) => strikeId))];
  const strikes = await byId(strikeIds, (id) => readStrike(market, id, skewPeriod, signal));
  const boardIds = [...new Set([...strikes.values()].map(({ boardId }) => boardId))];
  const boards = await byId(boardIds, (id) => readBoard(market, id, ivPeriod, signal));
  const positions = held.map(([positionId, strikeId, optionType, amount, collateral]): LyraPosition => {
    const strike = strikes.get(strikeId)!;
    const board = boards.get(strike.boardId)!;
    const { averageSkew, boardId, settlement, strikePrice } = strike;
    return {
      positionId,
      strikeId,
      boardId,
      kind: LYRA_KINDS[Number(optionType)]!,
      amount,
      collateral,
      strikePrice,
      expirySeconds: board.expirySeconds,
      volatility: { iv: board.iv, skew: strike.skew },
      ...averages(board.averageIv, averageSkew),
      ...(settlement && { settlement }),
    };
  });
  return { positions, annualRate, averagedOver: { iv: ivPeriod, skew: skewPeriod }, block };
}

function averages(iv: bigint | undefined, skew: bigint | undefined): Pick<LyraPosition, 'averaged'> {
  return iv === undefined || skew === undefined ? {} : { averaged: { iv, skew } };
}

/** The calls leave in one turn, so that they travel in one request. */
async function byId<T>(ids: readonly bigint[], read: (id: bigint) => Promise<T>): Promise<ReadonlyMap<bigint, T>> {
  const values = await Promise.all(ids.map(read));
  return new Map(ids.map((id, index) => [id, values[index]!]));
}

interface StrikeState {
  readonly strikePrice: bigint;
  readonly skew: bigint;
  readonly boardId: bigint;
  readonly averageSkew: bigint | undefined;
  readonly settlement: { readonly price: bigint; readonly baseReturned: bigint } | undefined;
}

interface BoardState {
  readonly expirySeconds: number;
  readonly iv: bigint;
  readonly averageIv: bigint | undefined;
  readonly frozen: boolean;
  readonly strikeIds: readonly bigint[];
}

/** A strike, with its volatility now and averaged. */
export async function readStrike(
  market: LyraMarket,
  strikeId: bigint,
  averagedOver: bigint,
  signal: AbortSignal,
): Promise<StrikeState> {
  const { chain, optionGreekCache, optionMarket } = market;
  const { values } = await readContracts(
    chain,
    [
      contractRead(optionMarketAbi, optionMarket, 'getStrike', [strikeId], strikeOutput),
      contractRead(optionMarketAbi, optionMarket, 'getSettlementParameters', [strikeId], settlementOutput),
      optionalRead(contractRead(greekCacheAbi, optionGreekCache, 'getSkewGWAV', [strikeId, averagedOver], uint)),
    ],
    signal,
  );
  const [[, strikePrice, skew, , , , , , boardId], [, price, baseReturned], averageSkew] = values;
  const settlement = price === 0n ? undefined : { price, baseReturned };
  return { strikePrice, skew, boardId, averageSkew, settlement };
}

/** A board, with its volatility now and averaged. */
export async function readBoard(
  market: LyraMarket,
  boardId: bigint,
  averagedOver: bigint,
  signal: AbortSignal,
): Promise<BoardState> {
  const { chain, optionGreekCache, optionMarket } = market;
  const { values } = await readContracts(
    chain,
    [
      contractRead(optionMarketAbi, optionMarket, 'getOptionBoard', [boardId], boardOutput),
      optionalRead(contractRead(greekCacheAbi, optionGreekCache, 'getIvGWAV', [boardId, averagedOver], uint)),
    ],
    signal,
  );
  const [[, expiry, iv, frozen, strikeIds], averageIv] = values;
  return { expirySeconds: Number(expiry), iv, averageIv, frozen, strikeIds };
}
