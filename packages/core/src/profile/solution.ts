import type { DecimalString } from '../model/decimal.js';
import type { Greek, Range } from './profile.js';

/** One trade of the plan, with what it costs by kind; numeraire. */
export interface ProfileTrade {
  readonly instrument: string;
  readonly side: 'buy' | 'sell';
  /** Positive; a multiple of the lot. */
  readonly units: DecimalString;
  readonly cost: ProfileCost;
  /** Below zero where it frees margin. */
  readonly margin: number;
  /** What it changes in the book. */
  readonly greeks: Readonly<Record<Greek, number>>;
}

export interface ProfileCost {
  /** Fees and impact of execution, which grow with the size. */
  readonly execution: number;
  /** Gas and whatever else is paid once for each trade. */
  readonly fixed: number;
  /** Funding and borrowing over the holding time; below zero where the position is paid. */
  readonly holding: number;
  readonly total: number;
}

/** One greek of the book before and after the plan. */
export interface GreekOutcome {
  readonly before: Range;
  readonly after: Range;
  /** Undefined where the greek has no target. */
  readonly band: Range | undefined;
  /** Whether both ends are in the band, or there is none. */
  readonly inside: boolean;
}

/** Something that stands in the way, and what a unit more of it would save. */
export type BindingConstraint =
  | { readonly kind: 'band'; readonly greek: Greek; readonly end: 'low' | 'high'; readonly shadowPrice: number }
  | { readonly kind: 'margin'; readonly shadowPrice: number }
  | {
      readonly kind: 'size';
      readonly instrument: string;
      readonly side: 'buy' | 'sell';
      readonly shadowPrice: number;
    };

/** Why a band is not reached, and by how much a unit more of the limit would bring the book nearer. */
export type Obstacle =
  | { readonly kind: 'margin'; readonly nearerPerUnit: number }
  | {
      readonly kind: 'size';
      readonly instrument: string;
      readonly side: 'buy' | 'sell';
      readonly nearerPerUnit: number;
    }
  /** No instrument moves this greek in the direction that is wanted. */
  | { readonly kind: 'no-instrument' }
  /** What would bring this greek nearer takes others farther away, which count more. */
  | { readonly kind: 'conflict'; readonly greeks: readonly Greek[] }
  /** The exposure is known less exactly than the band is wide. */
  | { readonly kind: 'doubt'; readonly excess: number }
  /** Whole lots do not fit into the band. */
  | { readonly kind: 'lot' };

export interface UnreachedGreek {
  readonly greek: Greek;
  readonly end: 'low' | 'high';
  /** How far the worse end stays outside its band, in units of the greek. */
  readonly distance: number;
  readonly because: readonly Obstacle[];
}

/** The cheapest plan that was found, what is known about how good it is, and why. */
export interface ProfileSolution {
  /** `inside`: in all bands; `nearest`: as near as can be, `unreached` says where and why. */
  readonly status: 'inside' | 'nearest';
  readonly trades: readonly ProfileTrade[];
  readonly greeks: Readonly<Record<Greek, GreekOutcome>>;
  readonly cost: ProfileCost;
  readonly margin: { readonly used: number; readonly available: number };
  readonly unreached: readonly UnreachedGreek[];
  /** Square root of Σ weight × squared distance from the band. */
  readonly weightedDistance: number;
  /** What binds at the plan, with prices in numeraire per unit, for the instruments that it uses. */
  readonly binding: readonly BindingConstraint[];
  /** No plan that comes as near costs less. Numeraire. */
  readonly costBound: number;
  /** (cost − bound) / |cost|: what the plan may lose against the best one. */
  readonly gapBps: number;
  /** Parts of the search that were opened. */
  readonly nodes: number;
  readonly sentence: string;
}
