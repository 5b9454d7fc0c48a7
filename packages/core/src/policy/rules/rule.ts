import type { CostFunction } from '../cost-function.js';
import type { HalfBand, Market } from '../market.js';

/** Which rule, with its parameters; plain data, as it stands in a configuration. */
export type RuleConfig =
  | { readonly kind: 'hold' }
  | { readonly kind: 'fixed-interval'; readonly intervalSeconds: number }
  | { readonly kind: 'constant-band'; readonly halfWidthUnits: number; readonly tradeTo: 'edge' | 'middle' }
  | { readonly kind: 'whalley-wilmott-1997' }
  | { readonly kind: 'whalley-wilmott-1999'; readonly corrected: boolean }
  | { readonly kind: 'zakamouline-2006' }
  | { readonly kind: 'optimal' };

/** All that a rule may look at. Deviations are distances from the target, in units. */
export interface RuleContext {
  readonly market: Market;
  /** What buying and selling cost. */
  readonly buy: CostFunction;
  readonly sell: CostFunction;
  readonly nowSeconds: number;
  readonly lastTradeSeconds: number | undefined;
  /** The book's delta, were the volatility another one: for rules that hedge at a volatility of their own. */
  readonly deltaAtVolatility: ((annualVolatility: number) => number) | undefined;
  /** Where the delta stands against its target, positive above it; the middle of what it may be. */
  readonly deviationUnits?: number;
  /** Tables of the exact optimum, for the rule that reads them. */
  readonly prepared?: BandReader | undefined;
}

/** What drew a band of the optimal rule: a table of the exact optimum, or the corrected closed form. */
export type BandSource = 'lattice' | 'closed-form';

/** A rule's answer: never, not before a time, or a band. */
export type RuleOutcome =
  | { readonly kind: 'never' }
  | { readonly kind: 'not-due'; readonly dueAtSeconds: number }
  | {
      readonly kind: 'band';
      /** Below the target, where one buys. */
      readonly buy: HalfBand;
      /** Above it, where one sells. */
      readonly sell: HalfBand;
      /** Added to the target. */
      readonly centreShiftUnits: number;
      /**
       * Where a trade from a deviation beyond `outer` ends; without it, at `inner`. Below zero where that lies beyond the
       * centre: at no holding at all, which saves the gas of unwinding.
       */
      readonly land?: (side: 'buy' | 'sell', deviation: number) => number;
      /** What one unit less of a deviation is worth, numeraire, where the rule knows better than the closed form. */
      readonly marginalRisk?: (side: 'buy' | 'sell', deviation: number) => number;
      readonly source?: BandSource;
      /** A sentence on what the rule lacked, if anything. */
      readonly caveat?: string;
    };

/** A rule's answer where it draws a band. */
export type BandOutcome = Extract<RuleOutcome, { kind: 'band' }>;

/** Reads prepared tables: the band of one that fits the market, or undefined where none does. */
export type BandReader = (context: RuleContext) => BandOutcome | undefined;

/** A policy: where to trade and how far, given book, market and costs. Pure. */
export type Rule = (context: RuleContext) => RuleOutcome;
