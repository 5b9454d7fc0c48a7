import type { CostPoint } from '../model/cost-curve.js';

/**
 * Points of the least convex curve from the origin that is nowhere below the samples' chords.
 *
 * @param samples ascending sizes, costs without the fixed part
 */
export function convexPoints(
  samples: readonly { readonly size: number; readonly cost: number }[],
  fixedCost: number,
): readonly CostPoint[] {
  const points: CostPoint[] = [];
  let at = { size: 0, cost: 0, slope: -Infinity };
  for (const { cost, size } of samples) {
    const slope = Math.max(at.slope, (cost - at.cost) / (size - at.size));
    at = { size, cost: at.cost + slope * (size - at.size), slope };
    // What the next unit costs is not known before the next sample; until then it is what the last ones did.
    points.push(Object.freeze({ sizeUnits: size, cost: fixedCost + at.cost, marginalCost: slope }));
  }
  return Object.freeze(points);
}
