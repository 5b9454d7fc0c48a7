import type { CostCurve } from '../model/cost-curve.js';
import type { DecimalString } from '../model/decimal.js';

/** The sensitivities that a target can name: units of the underlying, delta per unit of spot, per volatility point. */
export type Greek = 'delta' | 'gamma' | 'vega';

export const GREEKS: readonly Greek[] = Object.freeze(['delta', 'gamma', 'vega']);

/** All that a number may be; a certain one has `low === high`. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

/** Where a greek of the whole book should be. */
export interface GreekTarget extends Range {
  /**
   * What a squared unit outside the band counts, against those of the other greeks; matters only when not all bands can
   * be reached at once.
   */
  readonly weight: number;
}

/** One direction in which an instrument can be traded. */
export interface InstrumentSide {
  /** All-in cost of execution for a number of instrument units, fixed part included; convex. */
  readonly curve: CostCurve;
  /** The most units; the end of the curve limits as well. */
  readonly maxUnits?: number;
  /** Numeraire per unit and day: funding and borrowing that are paid (above zero) or received (below). */
  readonly holdingCostPerDay: number;
  /** Numeraire of margin that one unit binds; below zero where the trade frees margin. */
  readonly marginPerUnit: number;
}

/** Something that can be bought, sold, or both. */
export interface ProfileInstrument {
  readonly id: string;
  /** Of one unit bought. */
  readonly greeks: Readonly<Record<Greek, number>>;
  readonly buy?: InstrumentSide;
  /** For spot: borrowed and sold, with what the loan costs in `holdingCostPerDay`. */
  readonly sell?: InstrumentSide;
  /** Trades are whole multiples of this: "1" for options quoted by the piece. Absent: any size. */
  readonly lotUnits?: DecimalString;
}

/** A book, where it should be, and what can be traded. */
export interface ProfileProblem {
  /** What the book has now. */
  readonly exposure: Readonly<Record<Greek, Range>>;
  /** A greek that is left out may end anywhere. */
  readonly target: Readonly<Partial<Record<Greek, GreekTarget>>>;
  readonly instruments: readonly ProfileInstrument[];
  /** Numeraire that all trades together may bind. */
  readonly marginAvailable: number;
  /** For how long the trades are expected to be held. */
  readonly holdingDays: number;
}
