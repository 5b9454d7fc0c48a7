import {
  type Address,
  type AsOf,
  interval,
  optionDeltaBounds,
  type PositionReading,
  type PositionSource,
  type Token,
} from '@evenkeel/core';
import { deepFreeze } from '../common/freeze.js';
import { positionId, unknownReading, unreadable } from '../positions/readings.js';
import { asOption, type LyraVolatility, volatilityOf } from './as-position.js';
import { isLong, type LyraMarket } from './market.js';
import { type LyraBook, type LyraPosition, readLyraBook } from './read.js';
import { settledAtoms } from './settlement.js';

export interface LyraPositionsOptions extends LyraMarket {
  /**
   * Which volatility options are valued with. Default: `averaged`, so that delta and vega are the venue's own; `current`
   * is closer to what closing pays after the market has just moved.
   */
  readonly volatility?: LyraVolatility;
  /** Default: `lyra-` and the chain's id. */
  readonly id?: string;
}

/**
 * Options held and written on Lyra, and the collateral behind those that were written: a covered call is a short call and
 * as much of the underlying.
 *
 * An option that has expired and whose board nobody has settled is *unknown* within the bounds of its size; once it is
 * settled it is what it pays out. Three requests. When the chain cannot be read the positions are *unknown*; `read` throws
 * only when it is aborted.
 *
 * @example
 * ```ts
 * const source = lyraPositions({ chain, optionMarket, optionToken, optionGreekCache, quoteAsset: sUsd, baseAsset: sEth })
 * const readings = await source.read(owner, signal)
 * ```
 */
export function lyraPositions(options: LyraPositionsOptions): PositionSource {
  const { chain, volatility = 'averaged' } = options;
  const source = { id: options.id ?? `lyra-${chain.id}`, name: `Lyra options on ${chain.name}`, chain };
  const lastSeen = new Map<Address, readonly PositionReading[]>();

  const read = async (owner: Address, signal: AbortSignal): Promise<readonly PositionReading[]> => {
    try {
      const book = await readLyraBook(options, owner, signal);
      const readings = deepFreeze(
        book.positions.flatMap((position) => readingsOf(source, options, owner, book, position, volatility)),
      );
      lastSeen.set(owner, readings);
      return readings;
    } catch (error) {
      return deepFreeze(unreadable(error, source, owner, lastSeen.get(owner) ?? [], signal));
    }
  };
  return Object.freeze({ id: source.id, name: source.name, read });
}

function readingsOf(
  source: Pick<PositionSource, 'id' | 'name'>,
  market: LyraMarket,
  owner: Address,
  book: LyraBook,
  position: LyraPosition,
  convention: LyraVolatility,
): readonly PositionReading[] {
  const { number: blockNumber, timeSeconds } = book.block;
  const asOf: AsOf = { source: source.id, timeSeconds, chainId: market.chain.id, blockNumber };
  const id = positionId(source.id, owner, position.positionId.toString());
  const label = `Lyra ${position.kind} ${position.positionId} on ${market.chain.name}`;
  const asset = position.kind === 'short-call-base' ? market.baseAsset : market.quoteAsset;
  if (position.settlement !== undefined) {
    const atoms = settledAtoms(position, position.settlement);
    return [holding(id, `${label}, settled`, market, asset, atoms, asOf)];
  }
  const collateral = isLong(position.kind)
    ? []
    : [holding(`${id}:collateral`, `collateral of ${label}`, market, asset, position.collateral, asOf)];
  return [option(id, label, book, position, convention, asOf), ...collateral];
}

function option(
  id: string,
  label: string,
  { annualRate, block }: LyraBook,
  position: LyraPosition,
  convention: LyraVolatility,
  asOf: AsOf,
): PositionReading {
  const volatility = volatilityOf(position, convention);
  const known = asOption(position, volatility ?? 0n, annualRate, block.timeSeconds);
  if (volatility !== undefined && volatility > 0n && block.timeSeconds < position.expirySeconds) {
    return { status: 'known', id, label, position: known, asOf };
  }
  const { high, low } = optionDeltaBounds(known);
  const deltaBounds = interval(low.toString(), high.toString());
  const reason =
    block.timeSeconds < position.expirySeconds
      ? 'the venue has no volatility for it'
      : 'it has expired, and nobody has settled its board';
  return { ...unknownReading(id, label, reason, asOf), deltaBounds };
}

function holding(
  id: string,
  label: string,
  { baseAsset }: LyraMarket,
  token: Token,
  atoms: bigint,
  asOf: AsOf,
): PositionReading {
  const isBase = token === baseAsset;
  const worth = { deltaPerUnit: isBase ? '1' : '0', valuePerUnit: isBase ? '0' : '1' };
  return { status: 'known', id, label, position: { kind: 'holding', amount: { token, atoms }, ...worth }, asOf };
}
