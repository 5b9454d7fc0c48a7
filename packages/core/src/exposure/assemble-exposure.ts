import { InvalidInputError } from '@evenkeel/intents';
import type { DecimalString } from '../model/decimal.js';
import type { Exposure } from '../model/exposure.js';
import type { Position, PositionReading } from '../model/position.js';
import type { TokenAmount } from '../model/token.js';
import type { Valued } from './entry.js';
import { ExposureEmptyError } from './errors.js';
import { toPositive } from './number.js';
import { liquidationRisk } from './positions/lending.js';
import { assertNoJump, type SpotCheck } from './spot-jump.js';
import { checkedRules, expiredOption, groupById, summarise } from './summarise.js';
import { grossDeltaUnits, valuePosition } from './value-position.js';

/** How doubt is turned into width. */
export interface ExposureRules {
  /** A reading older (or further in the future) than this is stale. */
  readonly maxAgeSeconds: number;
  /**
   * What a stale reading may be wrong by, as a share of the largest delta that a position of its size can have, for
   * each hour of its age: "0.25" lets it close, or double, within four hours.
   */
  readonly staleSharePerHour: DecimalString;
}

/** Capital on its way between chains: it counts neither as lost nor as arrived. */
export interface InFlight {
  readonly id: string;
  readonly amount: TokenAmount;
  /** Delta of one unit of the token: "1" for WETH, "0" for USDC. */
  readonly deltaPerUnit: DecimalString;
  /** Whose spot the token follows. Default: the book's own underlying. */
  readonly underlying?: string;
  /** For people: "2 WETH from Base to Arbitrum through Across, filled by 12:05 or refunded". */
  readonly sentence: string;
}

export interface ExposureInput {
  readonly underlying: string;
  /** Numeraire per unit of the underlying. */
  readonly spot: DecimalString;
  readonly readings: readonly PositionReading[];
  readonly inFlight: readonly InFlight[];
  /** Ids that must be among the readings: one that is missing is unknown, not gone. */
  readonly expectedIds?: readonly string[];
  readonly nowSeconds: number;
  readonly rules: ExposureRules;
  /** Holds the spot against the last one; without it any spot is believed. */
  readonly spotCheck?: SpotCheck;
}

/**
 * Puts the readings of all position sources together into one exposure, as an interval of delta.
 *
 * - A position that was read counts with its delta; once it is stale it is wider by
 *   `staleSharePerHour` × age in hours × the largest delta that a position of its size can have.
 * - One id read by several sources counts once; where they disagree, the delta may be anything between them (DISPUTED).
 *   A source that could not read what another one could adds nothing, unless its bounds contradict.
 * - A position that could not be read may be anything within its bounds; without bounds the exposure is unbounded. So
 *   is a position that cannot be valued, a duplicate from one source, and an expected id that nobody answered.
 * - An option at or after its expiry may be settled or not: anything between nothing and its full size.
 * - A lending account beyond its kink can be taken apart at any moment: its delta reaches as far as that would move it
 *   (LIQUIDATABLE).
 * - A transfer in flight may be lost or arrive (IN_FLIGHT).
 *
 * `delta` is the sum of the positions' points less and plus all `widenings`; sums are compensated, so that the order of
 * the readings does not matter. The result is deeply frozen.
 *
 * @throws {ExposureEmptyError} when there is no reading at all
 * @throws {SpotJumpError} when the spot is far from the last one and no other source confirms it
 * @throws {InvalidInputError} for a spot or rule that makes no sense
 */
export function assembleExposure(input: ExposureInput): Exposure {
  const { inFlight, underlying } = input;
  const rules = checkedRules(input);
  const spot = toPositive(input.spot, 'spot');
  if (input.spotCheck !== undefined) assertNoJump(spot, input.spotCheck, underlying);
  const groups = groupById(input);
  if (groups.length === 0) throw new ExposureEmptyError();
  const elsewhere = inFlight.find((flight) => (flight.underlying ?? underlying) !== underlying);
  if (elsewhere !== undefined) {
    const hint = 'Assemble a book on several underlyings by assembleExposures.';
    throw new InvalidInputError('inFlight.underlying', elsewhere.underlying, `is not ${underlying}`, hint);
  }
  const value = (position: Position): Valued => valueOn(position, underlying, spot, input.nowSeconds);
  return summarise({ underlying, spot: input.spot, groups, inFlight, context: { ...rules, value } });
}

/** One position on one underlying, with all that the assembly wants to know of it. */
function valueOn(position: Position, underlying: string, spot: number, nowSeconds: number): Valued {
  if (position.kind === 'option' && !(position.expirySeconds > nowSeconds)) return expiredOption(position);
  const greeks = valuePosition(position, spot, nowSeconds, underlying);
  const gross = (): number => grossDeltaUnits(position, greeks);
  if (position.kind !== 'lending') return { kind: 'greeks', greeks, gross };
  const { liquidation, reach } = liquidationRisk(position, spot);
  if (liquidation === undefined) return { kind: 'greeks', greeks, gross, reach };
  return { kind: 'greeks', greeks, gross, reach, liquidation };
}
