/** How far beyond a trigger knots lie, in half-widths of the band; two more lie evenly in ratio up to the last holding. */
const BEYOND = [0.5, 1.5, 4] as const;
const KNOTS_BEYOND = BEYOND.length + 2;
/** Points of a node at which the value of holding on is kept: so many beyond either trigger, seven from one to the other. */
export const KNOTS: number = 2 * KNOTS_BEYOND + 7;

/**
 * Where a band puts its knots, ascending net deltas: its edges, the points midway between them, and some beyond, as far
 * as holdings go: a book that begins without a hedge may be hundreds of narrow bands away from it. Being tied to the band
 * they move with it, so that neighbouring nodes of a table can be mixed knot by knot.
 *
 * @param least half-width that a band counts for at least: trades that are spread over many looks need none
 */
export function layKnots(band: KnotBand, least: number, out: Float64Array | number[]): void {
  const { buyInner, buyOuter, highest, lowest, sellInner, sellOuter } = band;
  const half = Math.max(least, (sellOuter - buyOuter) / 2);
  const beyond = KNOTS_BEYOND;
  for (let i = 0; i < BEYOND.length; i++) {
    out[beyond - 1 - i] = buyOuter - BEYOND[i]! * half;
    out[beyond + 7 + i] = sellOuter + BEYOND[i]! * half;
  }
  const near = BEYOND.at(-1)! * half;
  out[0] = lowest;
  out[1] = buyOuter - Math.sqrt(near * Math.max(near, buyOuter - lowest));
  out[KNOTS - 2] = sellOuter + Math.sqrt(near * Math.max(near, highest - sellOuter));
  out[KNOTS - 1] = highest;
  out[beyond] = buyOuter;
  out[beyond + 1] = (buyOuter + buyInner) / 2;
  out[beyond + 2] = buyInner;
  out[beyond + 3] = (buyInner + sellInner) / 2;
  out[beyond + 4] = sellInner;
  out[beyond + 5] = (sellInner + sellOuter) / 2;
  out[beyond + 6] = sellOuter;
  for (let i = 0; i < KNOTS; i++) out[i] = Math.min(highest, Math.max(lowest, out[i]!));
}

/** What knots are laid by: the edges of a band and how far holdings go, net deltas. */
export interface KnotBand {
  readonly buyOuter: number;
  readonly buyInner: number;
  readonly sellInner: number;
  readonly sellOuter: number;
  readonly lowest: number;
  readonly highest: number;
}

/** V(y): what holding on at a net delta costs, numeraire, up to a constant; V′ from it. Cubic between knots, straight beyond. */
export interface ValueShape {
  readonly knots: ArrayLike<number>;
  readonly values: ArrayLike<number>;
  readonly slopes: ArrayLike<number>;
}

/** A convex cost in the units of a shape, with its derivative. */
export interface ShapeCost {
  readonly variable: (size: number) => number;
  readonly marginal: (size: number) => number;
}

const ITERATIONS = 4;

export function valueAt(shape: ValueShape, y: number): number {
  return read(shape, y, 0);
}

/** V′(y). */
export function gradientAt(shape: ValueShape, y: number): number {
  return read(shape, y, 1);
}

function read({ knots, slopes, values }: ValueShape, y: number, derivative: 0 | 1): number {
  if (y <= knots[0]!) return derivative === 1 ? slopes[0]! : values[0]! + slopes[0]! * (y - knots[0]!);
  const last = KNOTS - 1;
  if (y >= knots[last]!) return derivative === 1 ? slopes[last]! : values[last]! + slopes[last]! * (y - knots[last]!);
  let i = 1;
  while (knots[i]! < y) i++;
  const width = knots[i]! - knots[i - 1]!;
  const x = (y - knots[i - 1]!) / width;
  const rise = values[i]! - values[i - 1]!;
  const left = slopes[i - 1]! * width;
  const right = slopes[i]! * width;
  const c2 = 3 * rise - 2 * left - right;
  const c3 = left + right - 2 * rise;
  if (derivative === 1) return (left + x * (2 * c2 + 3 * x * c3)) / width;
  return values[i - 1]! + x * (left + x * (c2 + x * c3));
}

/**
 * Where a trade from `from` ends: the least of V(y′) + C(|y′ − from|) on this side of it, found among the knots and then
 * between them, where C′(q) = |V′|.
 *
 * @param direction 1 to buy, −1 to sell
 */
export function landingOf(shape: ValueShape, cost: ShapeCost, from: number, direction: 1 | -1): number {
  const { knots, values } = shape;
  let best = -1;
  let least = valueAt(shape, from);
  for (let i = 0; i < KNOTS; i++) {
    const size = direction * (knots[i]! - from);
    // Several knots may lie on one point.
    if (!(size > 0) || (i > 0 && knots[i] === knots[i - 1])) continue;
    const total = values[i]! + cost.variable(size);
    if (total < least) {
      least = total;
      best = i;
    }
  }
  // Between the knots on either side of the best one; or, where none beats staying, on the way to the first.
  const downhill = (y: number): number => -direction * gradientAt(shape, y) - cost.marginal(direction * (y - from));
  if (best < 0) {
    if (!(downhill(from) > 0)) return from;
    return between(downhill, from, firstBeyond(knots, from, direction) ?? from);
  }
  const here = knots[best]!;
  if (downhill(here) > 0) return between(downhill, here, firstBeyond(knots, here, direction) ?? here);
  const behind = firstBeyond(knots, here, -direction as 1 | -1);
  return between(downhill, behind === undefined || direction * (behind - from) < 0 ? from : behind, here);
}

/** The nearest knot in a direction; several may lie on one point. */
function firstBeyond(knots: ValueShape['knots'], from: number, direction: 1 | -1): number | undefined {
  if (direction > 0) {
    for (let i = 0; i < KNOTS; i++) if (knots[i]! > from) return knots[i]!;
  } else {
    for (let i = KNOTS - 1; i >= 0; i--) if (knots[i]! < from) return knots[i]!;
  }
  return undefined;
}

/** The root of a function that falls from above zero at `near` to below it at `far`, by the Illinois method. */
function between(falling: (y: number) => number, near: number, far: number): number {
  let a = near;
  let fa = falling(near);
  let b = far;
  let fb = falling(far);
  if (!(fa > 0)) return near;
  if (!(fb < 0)) return far;
  for (let i = 0; i < ITERATIONS; i++) {
    const y = a + ((b - a) * fa) / (fa - fb);
    const f = falling(y);
    if (f > 0) {
      a = y;
      fa = f;
      fb /= 2;
    } else {
      b = y;
      fb = f;
      fa /= 2;
    }
  }
  return a + ((b - a) * fa) / (fa - fb);
}
