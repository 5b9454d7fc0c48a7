import type { AsOf } from './as-of.js';
import type { DecimalString } from './decimal.js';
import type { Interval } from './interval.js';
import type { Position } from './position.js';

/**
 * Sensitivities in the conventions of the whole project: delta in units of the underlying (one unit held has delta 1),
 * gamma in delta per unit of spot, vega per volatility point (0.01), theta per day, value in numeraire.
 */
export interface Greeks {
  readonly value: number;
  readonly deltaUnits: number;
  readonly gammaPerUnit: number;
  readonly vegaPerPoint: number;
  readonly thetaPerDay: number;
}

/** Why an exposure is not known exactly, and by how much its delta is wider for it. */
export interface Widening {
  readonly source: string;
  readonly code: 'UNREADABLE' | 'STALE' | 'DISPUTED' | 'IN_FLIGHT';
  readonly sentence: string;
  /** Added below and above. */
  readonly low: DecimalString;
  readonly high: DecimalString;
}

export interface PositionExposure {
  readonly id: string;
  readonly label: string;
  readonly kind: Position['kind'] | 'unknown';
  /** Undefined when nothing bounds it: then its id stands in {@link Exposure.unbounded}. */
  readonly delta: Interval | undefined;
  /** Undefined when the position is unknown. */
  readonly greeks: Greeks | undefined;
  /** Why it is unknown, for people. */
  readonly reason?: string;
  readonly asOf: AsOf;
}

/** Where a book stands towards one underlying. */
export interface Exposure {
  readonly underlying: string;
  /** Numeraire per unit of the underlying. */
  readonly spot: DecimalString;
  readonly positions: readonly PositionExposure[];
  /** The true delta lies in here, as long as `unbounded` is empty; else it is the sum of what has bounds. */
  readonly delta: Interval;
  /** Ids of positions whose delta has no bound; while there are any, nothing is traded. */
  readonly unbounded: readonly string[];
  readonly gammaPerUnit: number;
  readonly vegaPerPoint: number;
  readonly thetaPerDay: number;
  readonly value: number;
  readonly widenings: readonly Widening[];
  readonly asOf: AsOf;
}
