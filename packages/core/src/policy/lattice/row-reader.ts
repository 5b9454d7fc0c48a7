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

  function readBetween(holding: number): void {
    const start = stencilStart(holding);
    let sum = 0;
    for (let i = start; i < start + width; i++) {
      let weight = 1;
      for (let j = start; j < start + width; j++) {
        if (j !== i) weight *= (holding - holdings[j]!) / (holdings[i]! - holdings[j]!);
      }
      sum += weight * exponentAt(i);
    }
    exponent = sum;
    const column = Math.max(start, Math.min(start + width - 2, below(holding)));
    const share = (holding - holdings[column]!) / (holdings[column + 1]! - holdings[column]!);
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
      if (holdings[column] === holding) return widen(column, column);
      const start = stencilStart(holding);
      return widen(start, start + width - 1);
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
      if (holdings[column] !== holding) return readBetween(holding);
      exponent = exponentAt(column);
      trades = toCome[column]!;
    },
    exponent: () => exponent,
    trades: () => trades,
  };
}
