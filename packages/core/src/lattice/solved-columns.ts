import type { Lattice } from './lattice.js';
import { logarithm } from './near-one.js';

/**
 * Of the columns far from where a row holds on, one of so many is solved; of many columns, one of more. With a fixed cost
 * values bend wherever another trade becomes the best one, and more columns are wanted.
 */
const STRIDES = { smooth: { few: 4, many: 8 }, bent: { few: 1, many: 3 } } as const;
const MANY = 144;
/** Columns on either side of the jump at no holding that are always solved: lines to it are drawn through them. */
const BESIDE_FLAT = 2;
/** Through how many solved columns the others are read. */
const NODES = 4;

/**
 * The columns of a row that are solved: all of a window, and outside of it, where values change slowly, one of a few, the
 * same in all rows. The others are read from these by a cubic of ln E.
 */
export interface SolvedColumns {
  /** Ascending, as laid last. */
  readonly list: Int32Array;
  /** Their holdings. */
  readonly at: Float64Array;
  /** From each to the one below and above it; 1 at the ends. */
  readonly below: Float64Array;
  readonly above: Float64Array;
  /** One over the product of both and their sum: of the parabola through a column and these two. */
  readonly perWidths: Float64Array;
  /** Lays them out for a window, and says how many there are. */
  readonly lay: (from: number, to: number) => number;
  /** Whether a column is solved in every row. */
  readonly isAlways: (column: number) => boolean;
  /** ln E of a column that is not, from those that are, of a row whose values begin at `base`. */
  readonly lnBetween: (values: Float64Array, base: number, column: number) => number;
}

/** How many columns apart those are that are solved outside of the window. */
export function strideOf(columns: number, fixedCost: number): number {
  return STRIDES[fixedCost > 0 ? 'bent' : 'smooth'][columns < MANY ? 'few' : 'many'];
}

export function solvedColumns({ flat, holdings, problem }: Lattice): SolvedColumns {
  const jumpsAtFlat = problem.settlement === 'unwind' && problem.fixedCost > 0;
  const columns = holdings.length;
  const stride = strideOf(columns, problem.fixedCost);
  const always = new Uint8Array(columns);
  for (let m = 0; m < columns; m++) {
    const isEnd = m === 0 || m === columns - 1;
    always[m] = m % stride === 0 || isEnd || Math.abs(m - flat) <= BESIDE_FLAT ? 1 : 0;
  }
  const nodes = Array.from(always.keys()).filter((m) => always[m] === 1 && !(jumpsAtFlat && m === flat));
  if (nodes.length < NODES) always.fill(1);
  const nodesOf = new Int32Array(columns * NODES);
  const shares = new Float64Array(columns * NODES);
  let first = 0;
  for (let m = 0; m < columns && nodes.length >= NODES; m++) {
    while (first + NODES < nodes.length && nodes[first + NODES / 2]! < m) first++;
    for (let i = 0; i < NODES; i++) {
      nodesOf[m * NODES + i] = nodes[first + i]!;
      shares[m * NODES + i] = lagrange(holdings, nodes.slice(first, first + NODES), i, holdings[m]!);
    }
  }
  const solvedAlways = Int32Array.from(always.keys()).filter((m) => always[m] === 1);
  const list = new Int32Array(columns);
  const at = new Float64Array(columns);
  const below = new Float64Array(columns).fill(1);
  const above = new Float64Array(columns).fill(1);
  const perWidths = new Float64Array(columns);
  let laidFrom = -1;
  let laidTo = -1;
  let count = 0;
  return {
    list,
    at,
    below,
    above,
    perWidths,
    lay(from, to) {
      if (from === laidFrom && to === laidTo) return count;
      laidFrom = from;
      laidTo = to;
      count = 0;
      let i = 0;
      while (i < solvedAlways.length && solvedAlways[i]! < from) list[count++] = solvedAlways[i++]!;
      for (let m = from; m <= to; m++) list[count++] = m;
      while (i < solvedAlways.length && solvedAlways[i]! <= to) i++;
      while (i < solvedAlways.length) list[count++] = solvedAlways[i++]!;
      let before = 1;
      for (let n = 0; n < count; n++) {
        const here = holdings[list[n]!]!;
        const after = n + 1 < count ? holdings[list[n + 1]!]! - here : 1;
        at[n] = here;
        below[n] = before;
        above[n] = after;
        perWidths[n] = 1 / (before * after * (before + after));
        before = after;
      }
      return count;
    },
    isAlways: (column) => always[column] === 1,
    lnBetween(values, base, column) {
      let sum = 0;
      for (let i = column * NODES; i < (column + 1) * NODES; i++) {
        sum += shares[i]! * logarithm(values[base + nodesOf[i]!]!);
      }
      return sum;
    },
  };
}

/** The polynomial that is one at one of the nodes and none at the others. */
function lagrange(holdings: Float64Array, nodes: readonly number[], of: number, at: number): number {
  const own = holdings[nodes[of]!]!;
  return nodes.reduce((product, node, i) => {
    return i === of ? product : (product * (at - holdings[node]!)) / (own - holdings[node]!);
  }, 1);
}
