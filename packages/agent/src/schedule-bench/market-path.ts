import { seededNormals } from './random.js';
import type { BenchSetting } from './setting.js';

export const STEP_SECONDS = 12;
const YEAR_SECONDS = 365 * 86_400;

/** What the price does: drawn by the seed and the number of the path. */
export type PathSetting = Pick<BenchSetting, 'latencySeconds' | 'seed' | 'sigmaPercent' | 'spanSeconds' | 'spotUsd'>;

/**
 * Market prices at every step of {@link STEP_SECONDS}, from the decision on: a martingale.
 *
 * @param sign −1 for the mirror of a path, in which every move is the other way
 */
export function marketPath(
  { latencySeconds, seed, sigmaPercent, spanSeconds, spotUsd }: PathSetting,
  path: number,
  sign: 1 | -1 = 1,
): readonly number[] {
  const normal = seededNormals(seed * 1_000_003 + path);
  const sigma = (sigmaPercent / 100) * Math.sqrt(STEP_SECONDS / YEAR_SECONDS);
  const prices = [spotUsd];
  const steps = Math.ceil((latencySeconds + spanSeconds) / STEP_SECONDS) + 1;
  for (let i = 0; i < steps; i++) prices.push(prices[i]! * Math.exp(sign * sigma * normal() - (sigma * sigma) / 2));
  return prices;
}
