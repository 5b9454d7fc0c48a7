import { type KnotBand, KNOTS, layKnots } from '../policy/value-shape.js';

/** Writes the shape of one node; see {@link shapeSampler}. */
export type ShapeSampler = (held: Float64Array, hedge: number, band: KnotBand, out: Float64Array) => void;

/**
 * The value of holding on, and its slope, at the knots of a node's band: a cubic between columns, straight beyond them.
 * It is given γd·V by column (`held`), the frictionless holding of the node (`hedge`), and the band's edges as net
 * deltas; `out` takes first the values, less that of the middle knot, then the slopes. Numeraire.
 */
export function shapeSampler(holdings: Float64Array, aversion: number, leastHalfWidth: number): ShapeSampler {
  const knots = new Float64Array(KNOTS);
  const top = holdings.length - 1;
  return (held, hedge, band, out) => {
    layKnots(band, leastHalfWidth, knots);
    for (let i = 0; i < KNOTS; i++) sample(held, knots[i]! + hedge, out, i);
    const middle = out[KNOTS >> 1]!;
    for (let i = 0; i < KNOTS; i++) out[i]! -= middle;
  };

  function sample(held: Float64Array, at: number, out: Float64Array, i: number): void {
    if (at <= holdings[0]! || at >= holdings[top]!) {
      const end = at <= holdings[0]! ? 0 : top;
      const slope = slopeOf(holdings, held, end);
      out[i] = (held[end]! + slope * (at - holdings[end]!)) / aversion;
      out[KNOTS + i] = slope / aversion;
      return;
    }
    const below = columnBelow(holdings, at);
    const width = holdings[below + 1]! - holdings[below]!;
    const x = (at - holdings[below]!) / width;
    const rise = held[below + 1]! - held[below]!;
    const left = slopeOf(holdings, held, below) * width;
    const right = slopeOf(holdings, held, below + 1) * width;
    const c2 = 3 * rise - 2 * left - right;
    const c3 = left + right - 2 * rise;
    out[i] = (held[below]! + x * (left + x * (c2 + x * c3))) / aversion;
    out[KNOTS + i] = (left + x * (2 * c2 + 3 * x * c3)) / width / aversion;
  }
}

/** Values by column as a cubic between them, at a holding within them. */
export function cubicBetween(holdings: Float64Array, values: Float64Array, at: number): number {
  const below = columnBelow(holdings, at);
  const width = holdings[below + 1]! - holdings[below]!;
  const x = (at - holdings[below]!) / width;
  const rise = values[below + 1]! - values[below]!;
  const left = slopeOf(holdings, values, below) * width;
  const right = slopeOf(holdings, values, below + 1) * width;
  return values[below]! + x * (left + x * (3 * rise - 2 * left - right + x * (left + right - 2 * rise)));
}

/** The last column, but one, at or below a holding. */
export function columnBelow(holdings: Float64Array, at: number): number {
  let below = 0;
  let above = holdings.length - 1;
  while (above - below > 1) {
    const middle = (below + above) >> 1;
    if (holdings[middle]! <= at) below = middle;
    else above = middle;
  }
  return below;
}

/** Of the parabola through a column and its neighbours. */
export function slopeOf(holdings: Float64Array, held: Float64Array, m: number): number {
  const top = holdings.length - 1;
  if (m === 0 || m === top) {
    const inner = m === 0 ? 1 : top - 1;
    return (held[inner]! - held[m]!) / (holdings[inner]! - holdings[m]!);
  }
  const left = holdings[m]! - holdings[m - 1]!;
  const right = holdings[m + 1]! - holdings[m]!;
  const before = (held[m]! - held[m - 1]!) / left;
  const after = (held[m + 1]! - held[m]!) / right;
  return (before * right + after * left) / (left + right);
}

/** Puts the flat column on the line of its neighbours: there is a jump where holding nothing saves the gas of unwinding. */
export function stepOverFlat(holdings: Float64Array, held: Float64Array, flat: number): void {
  const top = holdings.length - 1;
  if (top < 2) return;
  const [a, b] = flat === 0 ? [1, 2] : flat === top ? [top - 1, top - 2] : [flat - 1, flat + 1];
  const rate = (held[b]! - held[a]!) / (holdings[b]! - holdings[a]!);
  held[flat] = held[a]! + rate * (holdings[flat]! - holdings[a]!);
}

/** Where disutility is beyond numbers, goes on as steeply as it last did. */
export function straightenRuin(holdings: Float64Array, held: Float64Array): void {
  const top = holdings.length - 1;
  let least = 0;
  for (let m = 1; m <= top; m++) if (held[m]! < held[least]!) least = m;
  extend(holdings, held, least, top, 1);
  extend(holdings, held, least, 0, -1);
}

function extend(holdings: Float64Array, held: Float64Array, from: number, to: number, step: 1 | -1): void {
  let slope = step;
  for (let m = from; m !== to; m += step) {
    const width = holdings[m + step]! - holdings[m]!;
    if (Number.isFinite(held[m + step]!)) slope = (held[m + step]! - held[m]!) / width;
    else held[m + step] = held[m]! + slope * width;
  }
}
