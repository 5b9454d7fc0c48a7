import type { MarginalPiece } from './cost-function.js';

/** A convex cost given by its marginal cost, piece by piece; beyond the last piece this goes on rising as it did in it. */
export interface PiecewiseCost {
  readonly cost: (size: number) => number;
  readonly marginal: (size: number) => number;
  /** How fast the marginal cost rises. */
  readonly slope: (size: number) => number;
  /** The least of it over all sizes. */
  readonly leastSlope: number;
}

/** A cost of `base` for every unit, and on top of it what the pieces say. */
export function piecewiseCost(base: number, pieces: readonly MarginalPiece[]): PiecewiseCost {
  const count = Math.max(1, pieces.length);
  const starts = new Float64Array(count);
  const costs = new Float64Array(count);
  const marginals = new Float64Array(count).fill(base);
  const slopes = new Float64Array(count);
  let start = 0;
  let sum = 0;
  pieces.forEach(({ left, length, right }, i) => {
    starts[i] = start;
    costs[i] = sum;
    marginals[i] = base + left;
    slopes[i] = (right - left) / length;
    start += length;
    sum += length * (base + (left + right) / 2);
  });
  const last = count - 1;
  const pieceAt = (size: number): number => {
    let i = 0;
    while (i < last && starts[i + 1]! <= size) i++;
    return i;
  };
  return {
    cost: (size) => {
      const i = pieceAt(size);
      const beyond = size - starts[i]!;
      return costs[i]! + beyond * (marginals[i]! + (slopes[i]! * beyond) / 2);
    },
    marginal: (size) => {
      const i = pieceAt(size);
      return marginals[i]! + slopes[i]! * (size - starts[i]!);
    },
    slope: (size) => slopes[pieceAt(size)]!,
    leastSlope: Math.min(...slopes),
  };
}
