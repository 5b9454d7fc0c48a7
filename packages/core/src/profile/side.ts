import { type MarginalPiece, marginalPieces } from '../policy/cost-function.js';
import { GREEKS, type InstrumentSide, type ProfileInstrument } from './profile.js';

/** One direction of one instrument, ready to optimise over. Amounts are positive whatever the direction. */
export interface Side {
  /** Index of the instrument in the problem. */
  readonly instrument: number;
  readonly direction: 'buy' | 'sell';
  /** Convex marginal cost of execution and holding, from nothing outwards. */
  readonly pieces: readonly MarginalPiece[];
  /** Marginal cost of holding, inside of `pieces`. */
  readonly holdingPerUnit: number;
  readonly fixedCost: number;
  readonly most: number;
  /** Zero where any size goes. */
  readonly lot: number;
  readonly marginPerUnit: number;
  /** Change of the book's greeks per unit, in the order of {@link GREEKS}. */
  readonly greeks: readonly number[];
}

/** The directions in which something can be traded at all. */
export function sidesOf(instruments: readonly ProfileInstrument[], holdingDays: number): readonly Side[] {
  return instruments.flatMap((instrument, index) =>
    (['buy', 'sell'] as const).flatMap((direction) => {
      const side = instrument[direction];
      const made = side === undefined ? undefined : sideOf(instrument, index, direction, side, holdingDays);
      return made !== undefined && made.most > 0 ? [made] : [];
    }),
  );
}

function sideOf(
  { greeks, lotUnits }: ProfileInstrument,
  instrument: number,
  direction: Side['direction'],
  { curve, holdingCostPerDay, marginPerUnit, maxUnits = Infinity }: InstrumentSide,
  holdingDays: number,
): Side {
  const lot = lotUnits === undefined ? 0 : Number(lotUnits);
  const limit = Math.min(maxUnits, curve.points.at(-1)?.sizeUnits ?? 0);
  const holdingPerUnit = holdingCostPerDay * holdingDays;
  const sign = direction === 'buy' ? 1 : -1;
  return {
    instrument,
    direction,
    pieces: marginalPieces(curve).map(({ left, length, right }) => ({
      length,
      left: left + holdingPerUnit,
      right: right + holdingPerUnit,
    })),
    holdingPerUnit,
    fixedCost: curve.fixedCost,
    most: lot > 0 ? wholeLots(limit, lot) : limit,
    lot,
    marginPerUnit,
    greeks: GREEKS.map((greek) => sign * greeks[greek]),
  };
}

/** The largest multiple of the lot within a size, forgiving the last bits. */
export function wholeLots(size: number, lot: number): number {
  return Math.floor((size / lot) * (1 + 1e-12)) * lot;
}

/** Cost of execution and holding without the fixed part. */
export function variableCost({ pieces }: Side, size: number): number {
  let left = size;
  let cost = 0;
  for (const piece of pieces) {
    const taken = Math.min(left, piece.length);
    cost += taken * (piece.left + (taken * (piece.right - piece.left)) / (2 * piece.length));
    left -= taken;
    if (left <= 0) break;
  }
  return cost;
}

/** What the next unit costs. */
export function marginalCost({ pieces }: Side, size: number): number {
  let left = size;
  for (const piece of pieces) {
    if (left < piece.length) return piece.left + (left * (piece.right - piece.left)) / piece.length;
    left -= piece.length;
  }
  return pieces.at(-1)?.right ?? Infinity;
}

/** All that trading a size costs; nothing for nothing. */
export function fullCost(side: Side, size: number): number {
  return size > 0 ? side.fixedCost + variableCost(side, size) : 0;
}

/** The stretch of the marginal cost from one size to another. */
export function cut(pieces: readonly MarginalPiece[], from: number, to: number): MarginalPiece[] {
  const made: MarginalPiece[] = [];
  let start = 0;
  for (const { left, length, right } of pieces) {
    const low = Math.max(from, start);
    const high = Math.min(to, start + length);
    const slope = (right - left) / length;
    if (high > low) {
      made.push({ length: high - low, left: left + slope * (low - start), right: left + slope * (high - start) });
    }
    start += length;
  }
  return made;
}

/**
 * The convex envelope over [0, most] of a cost with a fixed part: the straight line from nothing that touches the curve,
 * and the curve from there on. No convex function below the cost lies above it, so that relaxing "pay once, or not at
 * all" loses as little as can be.
 */
export function envelope(pieces: readonly MarginalPiece[], fixedCost: number, most: number): MarginalPiece[] {
  const within = cut(pieces, 0, most);
  let start = 0;
  let cost = 0;
  for (const [i, { left, length, right }] of within.entries()) {
    const slope = (right - left) / length;
    // marginal · size − variable cost grows with size from nothing; the line touches where it is the fixed cost
    const short = fixedCost + cost - left * start;
    const touch = short <= 0 ? 0 : slope > 0 ? -start + Math.sqrt(start * start + (2 * short) / slope) : Infinity;
    if (touch < length) {
      const size = start + touch;
      const line = (fixedCost + cost + touch * (left + (slope * touch) / 2)) / size;
      const rest = { length: length - touch, left: left + slope * touch, right };
      return [{ length: size, left: line, right: line }, rest, ...within.slice(i + 1)];
    }
    cost += (length * (left + right)) / 2;
    start += length;
  }
  const line = (fixedCost + cost) / start;
  return start > 0 ? [{ length: start, left: line, right: line }] : [];
}
