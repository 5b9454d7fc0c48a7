import type { PiecewiseCost } from '../policy/piecewise-cost.js';

/**
 * What trades from one column to another cost at a spot of 1, by side. That of a trade from column m over n columns stands
 * at [n·columns + m]: neighbours that trade as far stand next to one another.
 */
export interface CostsBetween {
  readonly cost: Float64Array;
  /**
   * Of the last unit, and how fast that rises, one after the other; NaN for the latter where it changes within `room` of
   * the trade's end.
   */
  readonly marginals: Float64Array;
}

/** @param room how far from a column a trade may end that is looked for around it */
export function costsBetween(
  holdings: Float64Array,
  { cost, marginal, slope }: PiecewiseCost,
  direction: 1 | -1,
  room: (column: number) => number,
): CostsBetween {
  const columns = holdings.length;
  const costs = new Float64Array(columns * columns);
  const marginals = new Float64Array(2 * columns * columns);
  for (let m = 0; m < columns; m++) {
    for (let over = 0, end = m; end >= 0 && end < columns; over++, end += direction) {
      const size = Math.abs(holdings[end]! - holdings[m]!);
      const cell = over * columns + m;
      const hasKink = slope(Math.max(0, size - room(end))) !== slope(size + room(end));
      costs[cell] = cost(size);
      marginals[2 * cell] = marginal(size);
      marginals[2 * cell + 1] = hasKink ? Number.NaN : slope(size);
    }
  }
  return { cost: costs, marginals };
}
