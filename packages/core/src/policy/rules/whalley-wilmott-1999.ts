import type { CostFunction } from '../cost-function.js';
import { curvature, deltaVolatility, type HalfBand, type Market, staticRisk } from '../market.js';
import { monitoredBand } from '../monitoring.js';
import { remembered } from '../remembered.js';
import { settlementFactor, type Side } from '../settlement-band.js';
import type { Rule } from './rule.js';

const ITERATIONS = 100;

/**
 * Trigger ±H and landing ±h for a fixed cost k beside the proportional λ:
 * hH(H + h) = 3λSe^{−rτ}Γ²/γ =: A and (H + h)(H − h)³ = 12ke^{−rτ}Γ²/γ =: B.
 * With w = (H + h)^⅓: w⁹ − B^⅔w − 4A = 0, by Newton from above (the left side is convex right of its root).
 *
 * Source: Whalley and Wilmott, "Optimal hedging of options with small but arbitrary transaction cost structure" (1999).
 */
export const whalleyWilmott1999Band: (market: Market, cost: CostFunction) => HalfBand = remembered((market, cost) => {
  if (deltaVolatility(market) === 0) return { outer: 0, inner: 0 };
  const b = curvature(market);
  const a4 = (4 * cost.marginalCost(0)) / b;
  const bRoot = Math.cbrt((4 * cost.fixedCost) / b);
  const linear = bRoot * bRoot;
  let w = a4 ** (1 / 9) + linear ** (1 / 8);
  for (let i = 0; i < ITERATIONS && w > 0; i++) {
    const w4 = w * w * w * w;
    const w8 = w4 * w4;
    const next = w - (w8 * w - linear * w - a4) / (9 * w8 - linear);
    if (!(next < w)) break;
    w = next;
  }
  const sum = w ** 3;
  const gap = w > 0 ? bRoot / w : 0;
  return { outer: (sum + gap) / 2, inner: Math.max(0, (sum - gap) / 2) };
});

/**
 * The same band for a book that is looked at every dt and settles: the trigger moves in by the overshoot, and neither
 * end lies below what pays when the deviation stays to the end: h ≥ λ/(γSσ²τ), H ≥ that + √(2k/(γσ²τ))/S.
 */
export function correctedWhalleyWilmott1999Band(market: Market, cost: CostFunction, side: Side): HalfBand {
  const monitored = monitoredBand(market, whalleyWilmott1999Band(market, cost));
  const factor = settlementFactor(market, side);
  if (factor === 0) return monitored;
  const risk = staticRisk(market);
  const least = (factor * cost.marginalCost(0)) / risk;
  return {
    outer: Math.max(monitored.outer, least + Math.sqrt((2 * cost.fixedCost) / risk)),
    inner: Math.max(monitored.inner, least),
  };
}

export function whalleyWilmott1999Rule({ corrected }: { readonly corrected: boolean }): Rule {
  return ({ buy, market, sell }) => ({
    kind: 'band',
    buy: corrected ? correctedWhalleyWilmott1999Band(market, buy, 'buy') : whalleyWilmott1999Band(market, buy),
    sell: corrected ? correctedWhalleyWilmott1999Band(market, sell, 'sell') : whalleyWilmott1999Band(market, sell),
    centreShiftUnits: 0,
  });
}
