const ITERATIONS = 128;

/**
 * The root of a falling function between `low` and `high`, to the last digits; the end nearer to it where there is none
 * between. The function is not evaluated at `low`, where it may be infinite. Counted in iterations, so deterministic.
 *
 * Halves the bracket until both ends have a finite value, then interpolates where that is sure to be faster.
 *
 * Source: Chandrupatla, "A new hybrid quadratic/bisection algorithm for finding the zero of a nonlinear function without
 * using derivatives" (1997).
 */
export function bisect(low: number, high: number, falling: (x: number) => number): number {
  if (!(high > low)) return high;
  const atHigh = falling(high);
  if (atHigh >= 0) return high;
  let above = high;
  let atAbove = atHigh;
  for (let i = 0; i < ITERATIONS; i++) {
    const middle = (low + above) / 2;
    if (middle === low || middle === above) return middle;
    const value = falling(middle);
    if (value > 0) return between(middle, value, above, atAbove, falling);
    above = middle;
    atAbove = value;
  }
  return low;
}

/** `a` is the newest point, `b` lies on the other side of the root, `c` is what `a` or `b` has replaced. */
function between(below: number, atBelow: number, above: number, atAbove: number, f: (x: number) => number): number {
  let [a, fa, b, fb] = [below, atBelow, above, atAbove];
  let share = 0.5;
  for (let i = 0; i < ITERATIONS; i++) {
    const x = a + share * (b - a);
    const fx = f(x);
    if (fx === 0) return x;
    let [c, fc] = [a, fa];
    if (fx > 0 !== fa > 0) [c, fc, b, fb] = [b, fb, a, fa];
    a = x;
    fa = fx;
    const best = Math.abs(fa) < Math.abs(fb) ? a : b;
    const least = (2 * Number.EPSILON * Math.abs(best)) / Math.abs(b - a);
    if (!(least < 0.5)) return best;
    share = interpolated(a, fa, b, fb, c, fc) ?? 0.5;
    share = Math.min(1 - least, Math.max(least, share));
  }
  return a;
}

/** Where the inverse quadratic through three points goes through zero, as a share of the way from `a` to `b`. */
function interpolated(a: number, fa: number, b: number, fb: number, c: number, fc: number): number | undefined {
  const xi = (a - b) / (c - b);
  const phi = (fa - fb) / (fc - fb);
  if (!(phi * phi < xi && (1 - phi) * (1 - phi) < 1 - xi)) return undefined;
  return (fa / (fb - fa)) * (fc / (fb - fc)) + ((c - a) / (b - a)) * (fa / (fc - fa)) * (fb / (fc - fb));
}
