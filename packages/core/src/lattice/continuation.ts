import type { Lattice } from './lattice.js';

/** Columns after which factors are computed anew: rounding does not pile up, and a capped one does not stay capped. */
const BLOCK = 48;
/** e to this is still a number, with room for a sum; beyond it, holding on is ruin. */
const MOST_EXPONENT = 600;
/** By how much an exponent may change over a block, so that ruin at its first column is ruin at its last. */
const MOST_CHANGE = 300;

/**
 * E{exp γd(Q′ − y(X′ − X) − W)} of holding on for one step, for the columns of one row. Between columns of equal spacing
 * the factor of each move of the spot is a geometric progression, so that no exponential stands in the inner loop.
 */
export interface Continuation {
  /** Frictionless value of every alive row one step earlier: `now[row]` = the mean of `next`. */
  means(next: Float64Array, now: Float64Array, first: number, last: number): void;
  /**
   * Writes `out[from..to]`.
   *
   * @param next E one step later, of all rows and columns
   * @param meansNext W one step later
   * @param mean W of the row now
   */
  hold(
    next: Float64Array,
    meansNext: Float64Array,
    mean: number,
    row: number,
    from: number,
    to: number,
    out: Float64Array,
  ): void;
}

/** The continuation under one of the states that the volatility may have. */
export function continuation({ aversion, holdings, kernels, spots }: Lattice, state: number): Continuation {
  const { reach, weights } = kernels[state]!;
  const width = weights.length;
  const columns = holdings.length;
  const factor = new Float64Array(width);
  const ratio = new Float64Array(width);
  const at = new Int32Array(width);

  function means(next: Float64Array, now: Float64Array, first: number, last: number): void {
    for (let row = first; row <= last; row++) {
      let sum = 0;
      for (let j = 0, i = row - reach; j < width; j++, i++) sum += weights[j]! * next[i]!;
      now[row] = sum;
    }
  }

  function hold(
    next: Float64Array,
    meansNext: Float64Array,
    mean: number,
    row: number,
    from: number,
    to: number,
    out: Float64Array,
  ): void {
    const here = spots[row]!;
    let m = from;
    while (m <= to) {
      const spacing = m < columns - 1 ? holdings[m + 1]! - holdings[m]! : 0;
      const change = aversion * spacing * (spots[row + reach]! - here);
      let end = Math.min(to, m + Math.min(BLOCK, Math.floor(MOST_CHANGE / Math.max(change, 1e-9))));
      // As far as the spacing stays the same.
      while (end > m + 1 && Math.abs(holdings[end]! - holdings[m]! - (end - m) * spacing) > 1e-9 * spacing) end--;
      for (let j = 0; j < width; j++) {
        const i = row - reach + j;
        const move = spots[i]! - here;
        const exponent = aversion * (meansNext[i]! - mean - holdings[m]! * move);
        factor[j] = exponent < MOST_EXPONENT ? weights[j]! * Math.exp(exponent) : Number.POSITIVE_INFINITY;
        ratio[j] = Math.exp(-aversion * spacing * move);
        at[j] = i * columns;
      }
      for (let column = m; column <= end; column++) out[column] = 0;
      // Two moves at a time, whose progressions do not wait for one another.
      for (let j = 0; j + 1 < width; j += 2) addTwo(next, out, m, end, j);
      addLast(next, out, m, end);
      m = end + 1;
    }
  }

  function addTwo(next: Float64Array, out: Float64Array, from: number, to: number, j: number): void {
    let first = factor[j]!;
    let second = factor[j + 1]!;
    const firstRatio = ratio[j]!;
    const secondRatio = ratio[j + 1]!;
    const firstAt = at[j]!;
    const secondAt = at[j + 1]!;
    for (let m = from; m <= to; m++) {
      out[m]! += first * next[firstAt + m]! + second * next[secondAt + m]!;
      first *= firstRatio;
      second *= secondRatio;
    }
  }

  /** A kernel has an odd number of moves. */
  function addLast(next: Float64Array, out: Float64Array, from: number, to: number): void {
    let last = factor[width - 1]!;
    const lastRatio = ratio[width - 1]!;
    const lastAt = at[width - 1]!;
    for (let m = from; m <= to; m++) {
      out[m]! += last * next[lastAt + m]!;
      last *= lastRatio;
    }
  }

  return { means, hold };
}
