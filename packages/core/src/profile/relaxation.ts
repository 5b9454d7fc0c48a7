import type { Range } from './profile.js';
import type { MarginalPiece } from '../policy/cost-function.js';
import { type ProgrammeSolution, type QuadraticProgramme, solveQuadratic } from './interior-point.js';
import { cut, envelope, type Side, variableCost } from './side.js';

/** What is decided about one side in a part of the search. */
export interface SideChoice {
  /** `open`: the fixed part is paid; `closed`: nothing is traded; `free`: not decided. */
  readonly mode: 'free' | 'open' | 'closed';
  readonly low: number;
  readonly high: number;
}

/** One coupling of all sides: Σ coefficient · size, which has to lie in `within`, or costs for lying outside. */
export interface Row {
  readonly coefficients: readonly number[];
  readonly within: Range;
  /** Where it may lie at a cost of weight × squared distance from `within`; absent: nowhere else. */
  readonly outside?: { readonly weight: number; readonly allowed: Range };
}

export interface RelaxedSolution {
  readonly status: ProgrammeSolution['status'];
  /** Size of each side. */
  readonly sizes: readonly number[];
  /** Of each row: change of the optimum per unit that its value has to be higher. */
  readonly multipliers: readonly number[];
  /** What no choice of sizes within the part can fall below. */
  readonly bound: number;
}

interface Column {
  readonly side?: number;
  readonly length: number;
  readonly left: number;
  readonly right: number;
  readonly entries: readonly number[];
}

/**
 * The cheapest sizes when what is not decided is relaxed: lots are ignored, and a fixed part that may be paid or not is
 * replaced by the convex envelope. With `costs` false trades are free, and only the rows' distances count.
 */
export function relax(
  sides: readonly Side[],
  choices: readonly SideChoice[],
  rows: readonly Row[],
  costs: boolean,
): RelaxedSolution {
  let paid = 0;
  const columns: Column[] = [];
  const given = rows.map(() => 0);
  for (const [i, side] of sides.entries()) {
    const { low, mode } = choices[i]!;
    if (mode === 'closed') continue;
    const entries = rows.map(({ coefficients }) => coefficients[i]!);
    for (const [r, entry] of entries.entries()) given[r]! += entry * low;
    if (costs && (mode === 'open' || low > 0)) paid += side.fixedCost + variableCost(side, low);
    for (const piece of piecesOf(side, choices[i]!, costs)) columns.push({ side: i, entries, ...piece });
  }
  const rightSide = rows.map((row, r) => {
    const reach = reachOf(columns, r, given[r]!);
    const unit = rows.map((_, other) => (other === r ? -1 : 0));
    const inside = clip(row.within, reach);
    if (inside.high > inside.low) {
      columns.push({ length: inside.high - inside.low, left: 0, right: 0, entries: unit });
    }
    if (row.outside !== undefined) columns.push(...distances(row, row.outside, inside, reach, unit));
    return inside.low - given[r]!;
  });
  if (columns.length === 0) return withoutColumns(choices, rightSide, paid);
  const solution = solveQuadratic(programmeOf(columns, rightSide));
  const sizes = choices.map(({ low, mode }) => (mode === 'closed' ? 0 : low));
  for (const [c, { side }] of columns.entries()) {
    if (side !== undefined) sizes[side]! += solution.x[c]!;
  }
  const multipliers = [...solution.y];
  return { status: solution.status, sizes, multipliers, bound: solution.bound + paid };
}

function piecesOf(side: Side, { high, low, mode }: SideChoice, costs: boolean): readonly MarginalPiece[] {
  if (!(high > low)) return [];
  if (!costs) return [{ length: high - low, left: 0, right: 0 }];
  if (mode === 'open' || low > 0 || side.fixedCost === 0) return cut(side.pieces, low, high);
  return envelope(side.pieces, side.fixedCost, high);
}

/** Between which values the trades can move a row. */
function reachOf(columns: readonly Column[], r: number, given: number): Range {
  let low = given;
  let high = given;
  for (const { entries, length, side } of columns) {
    if (side === undefined) continue;
    low += Math.min(0, entries[r]! * length);
    high += Math.max(0, entries[r]! * length);
  }
  return { low, high };
}

/** The part of a range that can be reached; its nearest point where none can. */
function clip({ high, low }: Range, reach: Range): Range {
  const from = Math.min(Math.max(low, reach.low), high);
  const to = Math.max(Math.min(high, reach.high), low);
  return from <= to ? { low: from, high: to } : { low: from, high: from };
}

function distances(
  { within }: Row,
  { allowed, weight }: NonNullable<Row['outside']>,
  inside: Range,
  reach: Range,
  unit: readonly number[],
): Column[] {
  // Longer than can be needed, so that a point which no trade moves is not the only one.
  const above = Math.min(within.high + 2 * (reach.high - within.high), allowed.high) - within.high;
  const below = within.low - Math.max(within.low + 2 * (reach.low - within.low), allowed.low);
  const columns: Column[] = [];
  // A distance counts from the edge of the band, which an unreachable inside has been clipped to already.
  if (above > 0 && inside.high === within.high) {
    columns.push({ length: above, left: 0, right: 2 * weight * above, entries: unit });
  }
  if (below > 0 && inside.low === within.low) {
    columns.push({ length: below, left: 0, right: 2 * weight * below, entries: unit.map((each) => -each) });
  }
  return columns;
}

function programmeOf(columns: readonly Column[], rightSide: readonly number[]): QuadraticProgramme {
  return {
    linear: Float64Array.from(columns, ({ left }) => left),
    quadratic: Float64Array.from(columns, ({ left, length, right }) => Math.max(0, right - left) / length),
    upper: Float64Array.from(columns, ({ length }) => length),
    rows: rightSide.map((_, r) => Float64Array.from(columns, ({ entries }) => entries[r]!)),
    rightSide: Float64Array.from(rightSide),
  };
}

function withoutColumns(choices: readonly SideChoice[], rightSide: readonly number[], paid: number): RelaxedSolution {
  const met = rightSide.every((right) => Math.abs(right) <= 1e-12);
  return {
    status: met ? 'optimal' : 'infeasible',
    sizes: choices.map(({ low, mode }) => (mode === 'closed' ? 0 : low)),
    multipliers: rightSide.map(() => 0),
    bound: met ? paid : Infinity,
  };
}
