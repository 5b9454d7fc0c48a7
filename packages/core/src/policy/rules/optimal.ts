import type { CostFunction } from '../cost-function.js';
import { impulseBand, impulseLanding } from '../impulse-band.js';
import type { HalfBand, Market } from '../market.js';
import { monitoredBand } from '../monitoring.js';
import { settlementBand, settlementLanding, type Side } from '../settlement-band.js';
import { preempted } from '../pre-emption.js';
import type { Rule } from './rule.js';

/** The rule's band on one side, with the uncorrected one from which values are measured. */
export interface OptimalSide {
  readonly band: HalfBand;
  readonly uncorrected: HalfBand;
}

/**
 * The closed form of our own rule: the impulse-control band against the live convex cost curve ({@link impulseBand}), its
 * trigger moved in for discrete monitoring ({@link monitoredBand}), and neither end below what pays when the deviation
 * stays until the book settles ({@link settlementBand}). With a linear curve it is the corrected Whalley–Wilmott 1999
 * rule; with a convex one it lands earlier, the larger the trade. Latency leaves it where it is (see
 * {@link latencyCostPerYear}).
 *
 * It is an approximation with stated parts, not the exact optimum: the local problem takes gamma as constant and both
 * sides on their own, and where risk aversion is high or unwinding dear every such formula is off.
 */
export function optimalSide(market: Market, cost: CostFunction, side: Side): OptimalSide {
  const uncorrected = impulseBand(market, cost);
  const monitored = monitoredBand(market, uncorrected);
  const settled = settlementBand(market, cost, side);
  const inner = Math.max(monitored.inner, settled.inner);
  return { band: { outer: Math.max(monitored.outer, settled.outer, inner), inner }, uncorrected };
}

/** Where a trade from `deviation` ends, by the same three parts; never further out than the deviation itself. */
export function optimalLanding(
  market: Market,
  cost: CostFunction,
  side: Side,
  { band, uncorrected }: OptimalSide,
  deviation: number,
): number {
  const from = Math.max(deviation, uncorrected.outer);
  const impulse = Math.min(impulseLanding(market, cost, uncorrected, from), band.outer);
  return Math.min(deviation, Math.max(impulse, settlementLanding(market, cost, side, deviation)));
}

/** The closed form as a rule: what decides where no table is prepared. */
export const closedFormRule: Rule = ({ buy, market, sell }) => {
  const sides = { buy: optimalSide(market, buy, 'buy'), sell: optimalSide(market, sell, 'sell') };
  const costs = { buy, sell };
  return {
    kind: 'band',
    buy: sides.buy.band,
    sell: sides.sell.band,
    centreShiftUnits: 0,
    land: (side, deviation) => optimalLanding(market, costs[side], side, sides[side], deviation),
    source: 'closed-form',
  };
};

/** Our own rule: the prepared optimum where a table fits, the corrected closed form where none does, ahead of a trend. */
export const optimalRule: Rule = (context) => {
  const outcome = context.prepared?.(context) ?? closedFormRule(context);
  return outcome.kind === 'band' ? preempted(context.market, outcome) : outcome;
};
