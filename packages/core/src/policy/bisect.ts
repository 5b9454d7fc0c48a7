const ITERATIONS = 64;

/**
 * The root of a falling function between `low` and `high`; the end nearer to it where there is none between. The ends
 * themselves are not evaluated at `low`, where the function may be infinite. Counted in iterations, so deterministic.
 */
export function bisect(low: number, high: number, falling: (x: number) => number): number {
  if (!(high > low) || falling(high) >= 0) return high;
  let below = low;
  let above = high;
  for (let i = 0; i < ITERATIONS; i++) {
    const middle = (below + above) / 2;
    if (middle === below || middle === above) break;
    if (falling(middle) > 0) below = middle;
    else above = middle;
  }
  return (below + above) / 2;
}
