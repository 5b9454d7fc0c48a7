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
  /** What it loses or gains when an asset moves against the underlying; absent where none can. */
  readonly basis?: readonly BasisSensitivity[];
}

/**
 * A second factor beside the spot: an asset's own price against its rate × spot. A point is 0.01 of the asset's price:
 * at −8 % the value changes by −8 × `valuePerPoint` and the delta by −8 × `deltaPerPoint`, exactly.
 */
export interface BasisSensitivity {
  /** "wstETH". */
  readonly asset: string;
  /** Numeraire. */
  readonly valuePerPoint: number;
  /** Units of the underlying. */
  readonly deltaPerPoint: number;
}

/** Why an exposure is not known exactly, and by how much its delta is wider for it. */
export interface Widening {
  readonly source: string;
  readonly code: 'UNREADABLE' | 'STALE' | 'DISPUTED' | 'IN_FLIGHT' | 'LIQUIDATABLE';
  readonly sentence: string;
  /** Added below and above. */
  readonly low: DecimalString;
  readonly high: DecimalString;
}

/**
 * The kink of a lending account, as a constraint on what is traded. On either side of it the account is linear (no
 * gamma); at it the delta steps from one to the other, in parts of what a liquidator may repay at once.
 */
export interface Liquidation {
  /** Numeraire per unit: where collateral times its thresholds equals debt. */
  readonly spot: number;
  /** On which side of `spot` the account can be liquidated. */
  readonly side: 'below' | 'above';
  readonly deltaUnits: number;
  /** Once all debt has been repaid out of collateral, bonus included, at `spot`. */
  readonly deltaUnitsAfter: number;
  /** Value lost to liquidators by then, numeraire. */
  readonly bonusPaid: number;
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
  /** Where a lending account is taken apart, if anywhere. */
  readonly liquidation?: Liquidation;
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
  /** By asset; absent where no position bears a basis. */
  readonly basis?: readonly BasisSensitivity[];
  readonly widenings: readonly Widening[];
  readonly asOf: AsOf;
}

/** d²V/dS_a dS_b of a book: how the delta towards one underlying moves with the spot of the other. */
export interface CrossGamma {
  readonly underlyings: readonly [string, string];
  /** Units of the first per unit of the second's spot, which is the same the other way round. */
  readonly gammaPerUnit: number;
}

/** Where a book stands towards several underlyings. Every position's value and theta are counted in one of them. */
export interface BookExposure {
  /** One an underlying, in the order in which the spots were given. */
  readonly exposures: readonly Exposure[];
  /** Each pair of underlyings once; pairs without any are left out. */
  readonly crossGammas: readonly CrossGamma[];
  readonly value: number;
}
