import type { InFlight } from '../exposure/assemble-exposure.js';
import type { PositionChange } from '../exposure/doubt-vanished.js';
import type { Exposure } from '../model/exposure.js';
import { Decimal } from '../model/decimal.js';
import { midpoint } from '../model/interval.js';
import type { PositionReading } from '../model/position.js';
import type { Decision } from '../policy/decision.js';
import { decideOn, type Decider } from '../rebalancer.js';
import type { CostCurves } from '../rebalancer/cost-curves.js';
import { doubted } from '../rebalancer/doubted.js';
import { inFlightFrom } from '../rebalancer/in-flight.js';
import type { LookMemory } from '../rebalancer/look-memory.js';
import { exposureOf, readPositions } from '../rebalancer/read-positions.js';
import { readTrend, type TrendAnswer } from '../rebalancer/trend.js';
import { mayLeanAway } from './lean.js';
import type { MarketLook } from './look-at-market.js';

export { inFlightFrom, readPositions, readTrend };

/** The readings of a look, of which some may be doubted, and what has become of positions by itself. */
export interface DoubtedReadings {
  readonly readings: readonly PositionReading[];
  readonly changes: readonly PositionChange[];
}

/**
 * Holds what was read against what was seen last, and keeps it for the next look, whoever takes that. A price that is
 * disputed is not kept: the next look has to see it again before it is believed.
 */
export function heldAgainstLast(
  { portfolio }: Decider,
  look: Pick<MarketLook, 'atSeconds' | 'dispute' | 'reference'>,
  answers: readonly PositionReading[],
  memory: LookMemory,
): DoubtedReadings {
  const earlier = memory.recall();
  const { changes, memory: seen, readings } = doubted(portfolio, look, answers, earlier);
  const price = look.dispute === undefined || earlier === undefined ? look.reference.price : earlier.price;
  memory.keep({ price, memory: seen, hasTraded: false });
  return { readings, changes };
}

/** What is known of one book once its positions were read: where it stands. @throws EXPOSURE_EMPTY */
export function standing(
  { portfolio }: Decider,
  { atSeconds, reference }: MarketLook,
  readings: readonly PositionReading[],
  inFlight: readonly InFlight[],
): Exposure {
  return exposureOf(portfolio, reference.price, readings, inFlight, atSeconds);
}

/** The largest trade that is in question for a book: its distance to the target and a share of what it holds. Units. */
export function reach({ portfolio }: Decider, { delta, positions }: Exposure): number {
  const distance = new Decimal(midpoint(delta)).minus(portfolio.policy.targetDeltaUnits).abs().toNumber();
  const gross = positions.reduce(
    (sum, each) => sum + Math.abs(each.delta === undefined ? 0 : Number(midpoint(each.delta))),
    0,
  );
  return Math.max(distance * 1.2, gross * 0.02, Number(portfolio.policy.lotUnits) * 20);
}

/** A book as it was read, for a decision. */
export interface ScreenedBook {
  readonly exposure: Exposure;
  readonly readings: readonly PositionReading[];
  readonly annualVolatility: number;
  readonly trend: TrendAnswer | undefined;
}

/** Frozen. */
export interface Screening {
  readonly decision: Decision;
  /** Whether a trade is possible at what trading really costs this book: a reason to look in full. */
  readonly mayTrade: boolean;
}

/**
 * What the policy would decide if trading cost no more than the market's least. A hold here is a hold at any cost that
 * the book itself would meet, for its band is at least as wide; a trade here is a reason to look in full. A band that
 * leans ahead of a trend leans further the wider it is, so that there a hold counts only where no lean could undo it.
 */
export function screen(decider: Decider, look: MarketLook, curves: CostCurves, book: ScreenedBook): Screening {
  const decide = (trend: TrendAnswer | undefined): Decision =>
    decideOn(decider, { ...book, trend, atSeconds: look.atSeconds }, curves, undefined);
  const decision = decide(book.trend);
  return Object.freeze({ decision, mayTrade: decision.action === 'trade' || mayLeanAway(decision, decide) });
}
