/** Values at S·(1 − h), S·(1 − h/2), S, S·(1 + h/2), S·(1 + h). */
export type FivePoints = readonly [number, number, number, number, number];

export interface Differences {
  readonly deltaUnits: number;
  readonly gammaPerUnit: number;
  /** Slopes of the four pieces: the delta lies between the least and the greatest, however the value bends. */
  readonly slopes: readonly number[];
  /** Whether the value bends so sharply within the bump that no one delta describes it. */
  readonly kinked: boolean;
}

/**
 * Across a kink the slopes of the four pieces step: whichever piece it lies in, one second difference of the slopes is at
 * least a third of their whole change. Of a smooth value they are of the order of h.
 */
const KINK_SHARE = 0.25;
/** Slopes that differ by less than this share of the largest are one slope. */
const SAME_SLOPE_SHARE = 1e-3;

/**
 * Delta and gamma from values at bumped prices, extrapolated to no bump: D = (4·D(h/2) − D(h))/3, by which the error
 * falls from h² to h⁴; the same for the second difference.
 *
 * Source: Richardson (1911), "The approximate arithmetical solution by finite differences".
 *
 * @param rounding What the values are exact to: bends that small are none.
 */
export function fromFivePoints(values: FivePoints, spot: number, h: number, rounding: number): Differences {
  const [v0, v1, v2, v3, v4] = values;
  const outer = h * spot;
  const inner = outer / 2;
  const slopes = [v1 - v0, v2 - v1, v3 - v2, v4 - v3].map((rise) => rise / inner);
  const deltaUnits = (4 * ((v3 - v1) / (2 * inner)) - (v4 - v0) / (2 * outer)) / 3;
  const [bendInner, bendOuter] = [v3 - 2 * v2 + v1, v4 - 2 * v2 + v0];
  const [gammaInner, gammaOuter] = [bendInner / inner ** 2, bendOuter / outer ** 2];
  const noise = (8 * rounding) / inner;
  const change = Math.max(...slopes) - Math.min(...slopes);
  const [s0, s1, s2, s3] = slopes as [number, number, number, number];
  const step = Math.max(Math.abs(s2 - 2 * s1 + s0), Math.abs(s3 - 2 * s2 + s1));
  const isOne = change <= Math.max(noise, SAME_SLOPE_SHARE * Math.max(...slopes.map(Math.abs)));
  const kinked = !isOne && step > Math.max(KINK_SHARE * change, noise);
  const gammaPerUnit = change <= noise ? 0 : (4 * gammaInner - gammaOuter) / 3;
  return { deltaUnits, gammaPerUnit, slopes, kinked };
}
