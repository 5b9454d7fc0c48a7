import type { CostFunction } from '../cost-function.js';
import { curvature, deltaVolatility, type HalfBand, type Market } from '../market.js';
import type { Rule } from './rule.js';

/**
 * H = (3/2 · e^{−rτ}λSΓ²/γ)^⅓, traded to the edge. λS is the cost of the first unit; gas is not in the formula.
 *
 * Source: Whalley and Wilmott, "An asymptotic analysis of an optimal hedging model for option pricing with transaction
 * costs" (1997), equation 3.10.
 */
export function whalleyWilmott1997Band(market: Market, cost: CostFunction): HalfBand {
  if (deltaVolatility(market) === 0) return { outer: 0, inner: 0 };
  const half = Math.cbrt(cost.marginalCost(0) / (2 * curvature(market)));
  return { outer: half, inner: half };
}

export const whalleyWilmott1997Rule: Rule = ({ buy, market, sell }) => ({
  kind: 'band',
  buy: whalleyWilmott1997Band(market, buy),
  sell: whalleyWilmott1997Band(market, sell),
  centreShiftUnits: 0,
});
