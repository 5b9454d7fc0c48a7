import { HistoryTooShortError } from './errors.js';

/** How much of a window's variance came from jumps. */
export interface JumpMeasure {
  readonly realisedVariance: number;
  /** Of the continuous part: robust to jumps. */
  readonly bipowerVariance: number;
  /** max(0, 1 − bipower/realised). */
  readonly jumpShare: number;
  /** Standard normal without jumps; above 3 there surely was one. */
  readonly zStatistic: number;
}

/** E|z| for a standard normal z, to the power −2. */
const MU_ONE = Math.PI / 2;
/** E|z|^{4/3} to the power −3: Γ(7/6) = 0.92771933363, Γ(1/2) = √π. */
const MU_FOUR_THIRDS = (2 ** (2 / 3) * (0.92771933363 / Math.sqrt(Math.PI))) ** -3;

/**
 * Bipower variation and the ratio test for jumps.
 *
 * Source: Barndorff-Nielsen and Shephard (2004, 2006); the ratio statistic with tripower quarticity as in Huang and
 * Tauchen, "The relative contribution of jumps to total price variance" (2005), equation 9.
 *
 * @param returns logarithmic returns of equal intervals, at least ten
 * @throws {HistoryTooShortError} for less than ten
 */
export function bipowerJumps(returns: readonly number[]): JumpMeasure {
  const n = returns.length;
  if (n < 10) throw new HistoryTooShortError(n, 10);
  const size = returns.map(Math.abs);
  const realisedVariance = size.reduce((sum, each) => sum + each * each, 0);
  let pairs = 0;
  let triples = 0;
  for (let i = 1; i < n; i++) pairs += size[i]! * size[i - 1]!;
  for (let i = 2; i < n; i++) triples += (size[i]! * size[i - 1]! * size[i - 2]!) ** (4 / 3);
  const bipowerVariance = MU_ONE * (n / (n - 1)) * pairs;
  if (realisedVariance === 0) return { realisedVariance, bipowerVariance, jumpShare: 0, zStatistic: 0 };
  const quarticity = n * MU_FOUR_THIRDS * (n / (n - 2)) * triples;
  const ratio = 1 - bipowerVariance / realisedVariance;
  const relative = bipowerVariance === 0 ? 1 : Math.max(1, quarticity / (bipowerVariance * bipowerVariance));
  const spread = Math.sqrt(((Math.PI / 2) ** 2 + Math.PI - 5) * (relative / n));
  return { realisedVariance, bipowerVariance, jumpShare: Math.max(0, ratio), zStatistic: ratio / spread };
}
