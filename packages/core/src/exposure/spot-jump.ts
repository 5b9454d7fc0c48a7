import { type DecimalString } from '../model/decimal.js';
import { InvalidInputError } from '@evenkeel/intents';
import { SpotJumpError } from './errors.js';
import { toNumber, toPositive } from './number.js';

/** What a spot is held against before an exposure is taken at it. */
export interface SpotCheck {
  /** The last spot that was believed, numeraire per unit. */
  readonly previous: DecimalString;
  /** A spot that is more than so many times the previous one, or less than the same part of it, is a jump. Default: 2. */
  readonly maxFactor?: number;
  /** What other sources say now. One within 5 % of the spot confirms a jump. */
  readonly others?: readonly { readonly source: string; readonly spot: DecimalString }[];
}

const MAX_FACTOR = 2;
const CONFIRMS_WITHIN = 0.05;

/**
 * A price that jumps is either a market that crashed or a feed that broke, and one source cannot tell which: a jump is
 * believed when another source says the same. An answer of another source that is no number confirms nothing.
 *
 * @throws {SpotJumpError}
 */
export function assertNoJump(spot: number, check: SpotCheck, underlying: string): void {
  const { maxFactor = MAX_FACTOR, others = [], previous } = check;
  if (!(maxFactor > 1 && Number.isFinite(maxFactor))) {
    throw new InvalidInputError('spotCheck.maxFactor', maxFactor, 'is not above 1', 'Write 2 for a half or a double.');
  }
  const before = toPositive(previous, 'spotCheck.previous');
  if (!hasJumped(spot, before, maxFactor)) return;
  if (others.some((other) => confirms(other.spot, spot))) return;
  throw new SpotJumpError(underlying, spot, before, maxFactor);
}

/** Whether a price is more than so many times an earlier one, or less than the same part of it. */
export function hasJumped(spot: number, before: number, maxFactor: number = MAX_FACTOR): boolean {
  return !(Math.max(spot / before, before / spot) <= maxFactor);
}

function confirms(other: DecimalString, spot: number): boolean {
  try {
    return Math.abs(toNumber(other, 'spotCheck.others') / spot - 1) <= CONFIRMS_WITHIN;
  } catch {
    return false;
  }
}
