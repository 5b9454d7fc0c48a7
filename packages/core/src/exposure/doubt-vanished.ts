import { EvenkeelError } from '@evenkeel/intents';
import { Decimal } from '../model/decimal.js';
import type { Interval } from '../model/interval.js';
import type { Position, PositionReading } from '../model/position.js';
import { toText } from './number.js';
import { valuePosition } from './value-position.js';

type KnownReading = Extract<PositionReading, { status: 'known' }>;

/** A position as it was last read as something, and since when it has been read as nothing. */
interface Remembered {
  readonly reading: KnownReading;
  readonly goneSinceSeconds?: number;
}

/** What earlier looks have seen, by id of the position. Give each look the memory that the one before has answered. */
export type PositionMemory = ReadonlyMap<string, Remembered>;

/** What has become of a position with no trade of ours in between. */
export interface PositionChange {
  readonly code: 'POSITION_VANISHED' | 'EXTERNAL_CLOSE';
  readonly id: string;
  readonly sentence: string;
}

export interface Look {
  readonly readings: readonly PositionReading[];
  readonly memory: PositionMemory;
  readonly underlying: string;
  readonly spot: number;
  readonly nowSeconds: number;
  /** Whether our own trades may have moved what the owner holds since the look before. */
  readonly hasTraded: boolean;
  /** For so long a position that reads as nothing is doubted. */
  readonly believeAfterSeconds: number;
}

export interface DoubtedLook {
  readonly readings: readonly PositionReading[];
  readonly memory: PositionMemory;
  readonly changes: readonly PositionChange[];
}

/** A change of size by less is not worth a word. */
const NOTICEABLE_SHARE = 0.001;

/**
 * Holds the readings of a look against those of the look before. A node that lags, or an index that lost its place,
 * answers nothing where there is something, and says so in the same words as a position that was closed. So a position
 * that reads as nothing, or is not there any more, may be anything between nothing and what it was, until it has read so
 * for `believeAfterSeconds`: no trade lowers the risk at both ends of that, and none is made. Believed at once are an
 * option that has expired, and holdings where trades of our own were in between.
 *
 * A position that got *smaller* without a trade of ours was closed by somebody else: a liquidation, a deleveraging, the
 * owner. That is believed, and told as `EXTERNAL_CLOSE`.
 *
 * @example
 * ```ts
 * const { readings, memory, changes } = doubtVanished({ ...look, memory: memoryOfTheLookBefore })
 * ```
 */
export function doubtVanished(look: Look): DoubtedLook {
  const { believeAfterSeconds, hasTraded, nowSeconds } = look;
  const memory = new Map<string, Remembered>();
  const changes: PositionChange[] = [];
  const seen = look.readings.filter((reading) => !isNothing(reading));
  for (const reading of seen) {
    const before = look.memory.get(reading.id);
    if (reading.status === 'unknown') {
      if (before !== undefined) memory.set(reading.id, before);
      continue;
    }
    memory.set(reading.id, { reading });
    const change = before === undefined || hasTraded ? undefined : closedByOthers(before.reading, reading);
    if (change !== undefined) changes.push(change);
  }
  const there = new Set(seen.map(({ id }) => id));
  const unread = new Set(seen.flatMap(({ asOf, status }) => (status === 'unknown' ? [asOf.source] : [])));
  const doubted: PositionReading[] = [];
  for (const [id, { goneSinceSeconds = nowSeconds, reading }] of look.memory) {
    if (there.has(id) || mayBeGone(reading.position, nowSeconds, hasTraded)) continue;
    // Its whole source says nothing: that is unknown already, and no evidence that this one is gone.
    if (unread.has(reading.asOf.source)) {
      memory.set(id, { reading });
      continue;
    }
    if (nowSeconds - goneSinceSeconds >= believeAfterSeconds) continue;
    memory.set(id, { reading, goneSinceSeconds });
    const doubt = doubtOf(reading, look, believeAfterSeconds - (nowSeconds - goneSinceSeconds));
    doubted.push(doubt.reading);
    changes.push(doubt.change);
  }
  const doubtedIds = new Set(doubted.map(({ id }) => id));
  const kept = look.readings.filter(({ id }) => !doubtedIds.has(id));
  return Object.freeze({
    readings: Object.freeze([...kept, ...doubted]),
    memory,
    changes: Object.freeze(changes),
  });
}

function doubtOf(
  { asOf, id, label, position }: KnownReading,
  { nowSeconds, spot, underlying }: Look,
  leftSeconds: number,
): { readonly reading: PositionReading; readonly change: PositionChange } {
  const reason = `reads as nothing, with no trade of ours in between; believed in ${leftSeconds} s`;
  const bounds = boundsOf(position, spot, nowSeconds, underlying);
  return {
    reading: {
      status: 'unknown',
      id,
      label,
      reason,
      ...(bounds === undefined ? {} : { deltaBounds: bounds }),
      asOf: { ...asOf, timeSeconds: nowSeconds },
    },
    change: { code: 'POSITION_VANISHED', id, sentence: `${label} ${reason}.` },
  };
}

/** From nothing to what it was, at today's spot; undefined where that cannot be told. */
function boundsOf(position: Position, spot: number, nowSeconds: number, underlying: string): Interval | undefined {
  try {
    const { deltaUnits } = valuePosition(position, spot, nowSeconds, underlying);
    return { low: toText(Math.min(0, deltaUnits), 'low'), high: toText(Math.max(0, deltaUnits), 'high') };
  } catch (error) {
    if (!(error instanceof EvenkeelError)) throw error;
    return undefined;
  }
}

function closedByOthers({ label, position }: KnownReading, now: KnownReading): PositionChange | undefined {
  const [before, after] = [sizeOf(position), sizeOf(now.position)];
  if (before === undefined || after === undefined || before.isZero()) return undefined;
  const closed = before.abs().minus(after.abs()).div(before.abs());
  if (closed.lt(NOTICEABLE_SHARE)) return undefined;
  const percent = closed.times(100).toPrecision(3);
  const sentence = `${label} went from ${before.toFixed()} to ${after.toFixed()} by itself: ${percent} % of it was closed.`;
  return { code: 'EXTERNAL_CLOSE', id: now.id, sentence };
}

/** Positions that end, or that our own trades move. */
function mayBeGone(position: Position, nowSeconds: number, hasTraded: boolean): boolean {
  if (position.kind === 'option') return position.expirySeconds <= nowSeconds;
  return hasTraded && (position.kind === 'holding' || position.kind === 'rate-bearing');
}

function isNothing(reading: PositionReading): boolean {
  if (reading.status === 'unknown') return false;
  const { position } = reading;
  switch (position.kind) {
    case 'holding':
    case 'rate-bearing':
      return position.amount.atoms === 0n;
    case 'concentrated-liquidity':
      return position.liquidity === 0n && position.owed.every((atoms) => atoms === 0n);
    case 'constant-product-liquidity':
      return position.amounts.every((atoms) => atoms === 0n);
    case 'lending':
      return [...position.collateral, ...position.debt].every(({ amountUnits }) => Number(amountUnits) === 0);
    case 'vault':
      return Number(position.scale) === 0;
    case 'measured':
      return Number(position.value) === 0 && Number(position.deltaUnits) === 0;
    case 'option':
    case 'perpetual':
    case 'quanto-perpetual':
    case 'inverse-perpetual':
    case 'power-perpetual':
      return sizeOf(position)?.isZero() === true;
  }
}

/** Signed size of what a venue can close by itself; undefined for other kinds. */
function sizeOf(position: Position): Decimal | undefined {
  switch (position.kind) {
    case 'option':
    case 'perpetual':
    case 'quanto-perpetual':
      return new Decimal(position.sizeUnits);
    case 'inverse-perpetual':
      return new Decimal(position.notional);
    case 'power-perpetual':
      return new Decimal(position.sizeTokens);
    case 'holding':
    case 'rate-bearing':
    case 'concentrated-liquidity':
    case 'constant-product-liquidity':
    case 'lending':
    case 'vault':
    case 'measured':
      return undefined;
  }
}
