import { checkedLimits, type MarginLimits } from './limits.js';
import { type MarginAccount, marginState } from './margin-account.js';

const SECONDS_PER_YEAR = 365 * 86_400;
const DEVIATIONS = 4;

/** Within which time a cure has to be able to arrive. */
export interface MarginOutlook {
  /** Of the spot, per √year. */
  readonly annualVolatility: number;
  readonly seconds: number;
}

/**
 * Whether an account is worth a closer look: beyond its limits, or so near to them that the spot may take it there while a
 * cure that takes so long is on its way (four standard deviations, as in {@link planMarginCure}). An account without a
 * position is not.
 *
 * @throws {InvalidInputError} for limits or an account that cannot be
 * @example
 * ```ts
 * isMarginNear(account, { maxLeverage: 5, minDistance: 0.15 }, { annualVolatility: 0.8, seconds: 1800 }) // true
 * ```
 */
export function isMarginNear(
  account: MarginAccount,
  limits: MarginLimits,
  { annualVolatility, seconds }: MarginOutlook,
): boolean {
  const { maxLeverage, minDistance } = checkedLimits(limits);
  const { distance, leverage } = marginState(account);
  if (account.gross === 0) return false;
  const move = DEVIATIONS * annualVolatility * Math.sqrt(seconds / SECONDS_PER_YEAR);
  return leverage > maxLeverage || distance < minDistance + move;
}
