import { normalCdf, normalDensity } from '../exposure/normal.js';

/**
 * The x below which a standard normal variable stays with probability `share`, 0 < share < 1, to about 1e-12: Newton steps
 * from the middle, damped where the density is thin.
 */
export function normalQuantile(share: number): number {
  if (share > 0.5) return -normalQuantile(1 - share);
  // A start that is never above the root, from where Newton converges: the distribution is convex there.
  let x = -Math.sqrt(-2 * Math.log(2 * share));
  for (let i = 0; i < 60; i++) {
    const step = (normalCdf(x) - share) / normalDensity(x);
    x -= step;
    if (Math.abs(step) < 1e-13) break;
  }
  return x;
}
