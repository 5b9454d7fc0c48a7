import type { Lattice } from './lattice.js';

/** Reads one row of values between its columns, and knows which columns that takes. State of one row at a time. */
export interface RowReader {
  begin(row: number): void;
  needColumn(column: number): void;
  needHolding(holding: number): void;
  /** First and last column that are needed. */
  from(): number;
  to(): number;
  /** Takes the needed columns of V and of the trades to come, before they are overwritten. */
  load(values: Float64Array, trades: Float64Array): void;
  /** Interpolates at a holding that was announced; the results are read by the next two. */
  read(holding: number): void;
  /** γd·Qc. */
  exponent(): number;
  trades(): number;
}

const WIDTH = 4;

/**
 * Of two estimates of a curvature the smaller one, and none where they disagree or one is missing: a slope across a jump,
 * or one from two close columns carried across a wide gap, would feed upon itself from step to step.
 */
function gentler(a: number, b: number): number {
  if (!(a * b > 0)) return 0;
  return Math.abs(a) < Math.abs(b) ? a : b;
}

/**
 * A reader of the values of a lattice's rows. Between two columns γd·Qc is a parabola whose curvature is the gentler of
 * those on either side (Harten, Engquist, Osher and Chakravarthy 1987): of third order where values are smooth, and
 * without overshoot where a rule's trigger has put a jump.
 */
export function rowReader({ aversion, flat, holdings, offsets, problem, spots }: Lattice): RowReader {
  const columns = holdings.length;
  const width = Math.min(WIDTH, columns);
  // Gas saved by holding exactly nothing at the end puts a jump at the flat column: no polynomial across it.
  const jumpsAtFlat = problem.settlement === 'unwind' && problem.fixedCost > 0 && columns > WIDTH;
  const flatIsFirst = flat === 0;
  const firstStart = jumpsAtFlat && flatIsFirst ? 1 : 0;
  const lastStart = columns - width - (jumpsAtFlat && !flatIsFirst ? 1 : 0);
  const stay = new Float64Array(columns);
  const toCome = new Float64Array(columns);
  let row = 0;
  let from = columns;
  let to = -1;
  let lastRead = Number.NaN;
  let exponent = 0;
  let trades = 0;

  /** The column at or below a holding. */
  function below(holding: number): number {
    let low = 0;
    let high = columns - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (holdings[middle]! <= holding) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  function stencilStart(holding: number): number {
    return Math.max(firstStart, Math.min(lastStart, below(holding) - 1));
  }

  function widen(first: number, last: number): void {
    if (first < from) from = first;
    if (last > to) to = last;
  }

  const exponentAt = (column: number): number =>
    Math.log(stay[column]!) + aversion * (holdings[column]! * spots[row]! + offsets[column]!);

  /** γd·Qc's second divided difference over three neighbouring columns; none where one of them is missing. */
  function bend(middle: number, start: number): number {
    if (middle <= start || middle >= start + width - 1) return Number.NaN;
    const left = holdings[middle - 1]!;
    const right = holdings[middle + 1]!;
    const here = exponentAt(middle);
    const rise = (exponentAt(middle + 1) - here) / (right - holdings[middle]!);
    const fall = (here - exponentAt(middle - 1)) / (holdings[middle]! - left);
    return (rise - fall) / (right - left);
  }

  function readBetween(holding: number): void {
    const start = stencilStart(holding);
    const column = Math.max(start, Math.min(start + width - 2, below(holding)));
    const left = holdings[column]!;
    const right = holdings[column + 1]!;
    const share = (holding - left) / (right - left);
    const linear = (1 - share) * exponentAt(column) + share * exponentAt(column + 1);
    exponent = linear + (holding - left) * (holding - right) * gentler(bend(column, start), bend(column + 1, start));
    trades = Math.max(0, toCome[column]! + share * (toCome[column + 1]! - toCome[column]!));
  }

  return {
    begin(at) {
      row = at;
      from = columns;
      to = -1;
      lastRead = Number.NaN;
    },
    needColumn: (column) => widen(column, column),
    needHolding(holding) {
      const column = below(holding);
      if (holdings[column] === holding) {
        widen(column, column);
        return;
      }
      const start = stencilStart(holding);
      widen(start, start + width - 1);
    },
    from: () => from,
    to: () => to,
    load(values, tradesToCome) {
      const base = row * columns;
      for (let m = from; m <= to; m++) {
        stay[m] = values[base + m]!;
        toCome[m] = tradesToCome[base + m]!;
      }
    },
    read(holding) {
      if (holding === lastRead) return;
      lastRead = holding;
      const column = below(holding);
      if (holdings[column] !== holding) {
        readBetween(holding);
        return;
      }
      exponent = exponentAt(column);
      trades = toCome[column]!;
    },
    exponent: () => exponent,
    trades: () => trades,
  };
}
