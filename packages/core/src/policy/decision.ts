import type { DecimalString } from '../model/decimal.js';
import type { Interval } from '../model/interval.js';
import type { TrendView } from './market.js';
import type { BandSource, RuleConfig } from './rules/rule.js';

/** The tolerated delta: trade outside of [low, high], back to [innerLow, innerHigh]. Units. */
export interface Band {
  readonly low: DecimalString;
  readonly innerLow: DecimalString;
  readonly target: DecimalString;
  readonly innerHigh: DecimalString;
  readonly high: DecimalString;
}

/** `REQUESTED`: a person asked for this change, and the policy only drew the band around its end. */
export type TradeReason = 'OUTSIDE_BAND' | 'PROGRAMME_AMENDED' | 'REQUESTED';

export type HoldReason =
  | 'INSIDE_BAND'
  | 'EXPOSURE_UNBOUNDED'
  | 'EXPOSURE_STRADDLES_TARGET'
  | 'DOUBT_NOT_WORTH_COST'
  | 'NO_ROUTE'
  | 'COST_ABOVE_LIMIT'
  | 'BELOW_LOT'
  | 'HOLD_RULE'
  | 'NOT_DUE'
  | 'PROGRAMME_ON_TRACK';

/** What the decision rests on; numbers as they went into the formulas. */
export interface DecisionInputs {
  readonly rule: RuleConfig;
  readonly delta: Interval;
  readonly spot: DecimalString;
  readonly gammaPerUnit: number;
  readonly annualVolatility: number;
  /** Where the price was expected to drift, where that was asked. */
  readonly trend?: TrendView;
  /** γ per numeraire, and what the band that it makes spends a month. */
  readonly riskAversion: { readonly perNumeraire: number; readonly budgetBpsPerMonth: number };
  readonly fixedCost: { readonly buy: number; readonly sell: number };
  readonly horizonSeconds: number;
  readonly monitoringSeconds: number;
  readonly latencySeconds: number;
  /** What the wait between decision and fill costs a year, numeraire. */
  readonly latencyCostPerYear: number;
  readonly decidedAtSeconds: number;
}

interface DecisionBase {
  readonly sentence: string;
  /** Undefined where the rule has none, or the exposure has no bounds. */
  readonly band: Band | undefined;
  /** Of the optimal rule: whether a prepared table of the exact optimum drew the band, or the corrected closed form. */
  readonly bandSource?: BandSource;
  /** Why no table drew it, where tables are kept and the closed form had to decide. */
  readonly bandReason?: string;
  /** The same as a stable code. */
  readonly bandCode?: string;
  /** Of the optimal rule, where trends are asked for: what the trend did to the band, or why none was acted on. */
  readonly trendReason?: string;
  /**
   * Numeraire per unit. Of a trade: what its last unit costs, and what that unit's risk is worth, which the optimal rule
   * makes equal. Of a hold: what the first unit would cost without gas, and what its risk is worth.
   */
  readonly marginalCost: number | undefined;
  readonly marginalRisk: number | undefined;
  readonly inputs: DecisionInputs;
}

export interface TradeDecision extends DecisionBase {
  readonly action: 'trade';
  readonly reason: TradeReason;
  readonly band: Band;
  /** Signed; a multiple of the lot. */
  readonly deltaChangeUnits: DecimalString;
  /** The exposure's delta after the trade. */
  readonly postTradeDelta: Interval;
  /** All in, numeraire, from the cost curve. */
  readonly expectedCost: number;
  /** The trade replaces what is left of an open programme; it never comes on top of it. */
  readonly programme: { readonly action: 'open' } | { readonly action: 'amend'; readonly id: string };
}

export interface HoldDecision extends DecisionBase {
  readonly action: 'hold';
  readonly reason: HoldReason;
  readonly programme:
    | { readonly action: 'none' }
    | { readonly action: 'keep'; readonly id: string }
    | { readonly action: 'cancel'; readonly id: string };
}

export type Decision = TradeDecision | HoldDecision;
