import type { Lattice } from './lattice.js';

/** Of |γd·(W − yX)|: with ruin beside it, e to it is still a number. */
const MOST_EXPONENT = 150;

/** Values of one step under one state of the volatility, as {@link Tilting} keeps them. */
export interface TiltedLayer {
  /** E·e^{γd(W − yX)}, by row and column. */
  readonly values: Float64Array;
  /** W and e^{γd·W} of each row, as it was tilted by. */
  readonly means: Float64Array;
  readonly growth: Float64Array;
}

/**
 * The continuation, see {@link continuation}, where exponents stay small. With F = E·e^{γd(W − yX)} it is
 *
 *   e^{−γd(W − yX)} Σ p_j F(X_j, y),
 *
 * so that each column takes one sum of products, whatever the rows that it looks at.
 */
export interface Tilting {
  /** Rows up to this one may be held; those a step beyond it are still tilted. */
  readonly lastRow: number;
  layer(): TiltedLayer;
  /** Keeps e^{γd·W} of a row before its columns are put. */
  grow(layer: TiltedLayer, row: number, mean: number): void;
  put(layer: TiltedLayer, row: number, column: number, value: number): void;
  putAll(layer: TiltedLayer, row: number, list: Int32Array, count: number, values: Float64Array): void;
  /** Holding on for one step, of some columns of a row: `out[i]` of column `list[i]`, for all i below `count`. */
  hold(layer: TiltedLayer, mean: number, row: number, list: Int32Array, count: number, out: Float64Array): void;
}

export function tilting(
  { aversion, holdings, kernels, owedAt, problem, rows, spots }: Lattice,
  state: number,
): Tilting {
  const { reach, weights } = kernels[state]!;
  const stride = Math.max(...kernels.map((kernel) => kernel.reach));
  const width = weights.length;
  const columns = holdings.length;
  const most = Math.max(...holdings.map(Math.abs));
  let owed = 0;
  for (let step = 1; step <= problem.steps; step++) owed += Math.abs(owedAt(step)?.[0] ?? 0);
  // What is owed grows with the spot no faster than the largest hedge.
  let tilted = 0;
  while (tilted < rows && aversion * (owed + 2 * most * spots[tilted]!) <= MOST_EXPONENT) tilted++;
  const lastRow = tilted - 1 - stride;
  const tilts = new Float64Array(tilted * columns);
  const untilts = new Float64Array(tilted * columns);
  for (let row = 0; row < tilted; row++) {
    for (let m = 0; m < columns; m++) {
      const exponent = aversion * holdings[m]! * spots[row]!;
      tilts[row * columns + m] = Math.exp(-exponent);
      untilts[row * columns + m] = Math.exp(exponent);
    }
  }
  return {
    lastRow,
    layer: () => ({
      values: new Float64Array(tilted * columns),
      means: new Float64Array(rows),
      growth: new Float64Array(rows).fill(1),
    }),
    grow({ growth, means }, row, mean) {
      means[row] = mean;
      if (row < tilted) growth[row] = Math.exp(aversion * mean);
    },
    put({ growth, values }, row, column, value) {
      const at = row * columns + column;
      if (row < tilted) values[at] = value * tilts[at]! * growth[row]!;
    },
    putAll({ growth, values }, row, list, count, put) {
      if (row >= tilted) return;
      const base = row * columns;
      const grown = growth[row]!;
      for (let i = 0; i < count; i++) {
        const at = base + list[i]!;
        values[at] = put[i]! * tilts[at]! * grown;
      }
    },
    hold({ values }, mean, row, list, count, out) {
      const base = row * columns;
      const start = base - reach * columns;
      const shrink = Math.exp(-aversion * mean);
      let i = 0;
      // Four columns at a time, whose sums do not wait for one another.
      for (; i + 3 < count; i += 4) {
        let a = start + list[i]!;
        let b = start + list[i + 1]!;
        let c = start + list[i + 2]!;
        let d = start + list[i + 3]!;
        let atA = 0;
        let atB = 0;
        let atC = 0;
        let atD = 0;
        for (let j = 0; j < width; j++) {
          const weight = weights[j]!;
          atA += weight * values[a]!;
          atB += weight * values[b]!;
          atC += weight * values[c]!;
          atD += weight * values[d]!;
          a += columns;
          b += columns;
          c += columns;
          d += columns;
        }
        out[i] = atA * untilts[base + list[i]!]! * shrink;
        out[i + 1] = atB * untilts[base + list[i + 1]!]! * shrink;
        out[i + 2] = atC * untilts[base + list[i + 2]!]! * shrink;
        out[i + 3] = atD * untilts[base + list[i + 3]!]! * shrink;
      }
      for (; i < count; i++) {
        let sum = 0;
        for (let j = 0, at = start + list[i]!; j < width; j++, at += columns) sum += weights[j]! * values[at]!;
        out[i] = sum * untilts[base + list[i]!]! * shrink;
      }
    },
  };
}
