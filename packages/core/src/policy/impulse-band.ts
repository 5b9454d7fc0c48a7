import { bisect } from './bisect.js';
import { type CostFunction, isLinear } from './cost-function.js';
import { curvature, deltaVolatility, type HalfBand, type Market } from './market.js';
import { remembered } from './remembered.js';
import { whalleyWilmott1999Band } from './rules/whalley-wilmott-1999.js';

/**
 * The band of a book whose delta drifts, against any convex cost curve C with or without a fixed part: the solution of
 *
 *   V′(h) = C′(q),  V′(H) = C′(q),  V(H) − V(h) = C(q),  q = H − h,  V′(y) = a·y − b·y³.
 *
 * Equal slopes give a = b(H² + Hh + h²). With s = H + h the rest is b·s·(s² − q²)/4 = C′(q) and b·q·s³/4 = C(q), so that
 * s = (4C(q)/(bq))^⅓ and q is the one root of the strictly falling
 *
 *   C(q)/q − C′(q) − (b·q²/4)·(4C(q)/(bq))^⅓.
 *
 * Without a fixed part the average cost is nowhere above the marginal one: q = 0, and the band is an edge at which one
 * trades by rate. Where the curve ends before the root, the lot is as large as the curve allows; the slopes stay equal.
 * With C(q) = k + λS·q these are the equations of Whalley and Wilmott (1999), with k = 0 those of 1997.
 *
 * What this is: the impulse-control optimum of the local problem (deviation a Brownian motion of constant ν, CARA risk
 * to second order), each side on its own as if the other had the same costs. No claim beyond it.
 */
export const impulseBand: (market: Market, cost: CostFunction) => HalfBand = remembered((market, cost) => {
  if (deltaVolatility(market) === 0) return { outer: 0, inner: 0 };
  if (isLinear(cost)) {
    const band = whalleyWilmott1999Band(market, cost);
    if (band.outer - band.inner < cost.maxSizeUnits) return band;
  }
  const b = curvature(market);
  const lot = lotOf(b, cost);
  const average = lot === 0 ? cost.marginalCost(0) : cost.fixedCost / lot + cost.variableCost(lot) / lot;
  const sum = Math.cbrt((4 * average) / b);
  return { outer: (sum + lot) / 2, inner: Math.max(0, (sum - lot) / 2) };
});

function lotOf(b: number, cost: CostFunction): number {
  const { fixedCost, maxSizeUnits } = cost;
  if (fixedCost === 0) return 0;
  return bisect(0, maxSizeUnits, (size) => {
    const average = (fixedCost + cost.variableCost(size)) / size;
    return average - cost.marginalCost(size) - ((b * size * size) / 4) * Math.cbrt((4 * average) / b);
  });
}

/**
 * V′(y), numeraire per unit: what one unit less of deviation is worth at y ≤ `outer`; flat beyond, where one trades.
 *
 * @param band as {@link impulseBand} gave it, before any correction
 */
export function valueGradient(market: Market, band: HalfBand, deviation: number): number {
  if (deltaVolatility(market) === 0) return Number.POSITIVE_INFINITY;
  const { inner, outer } = band;
  const y = Math.min(deviation, outer);
  return curvature(market) * y * (outer * outer + outer * inner + inner * inner - y * y);
}

/**
 * Where a trade from `deviation` ≥ `outer` lands: V′(y) = C′(deviation − y), between `inner` and the peak of V′. A
 * linear cost lands on `inner` from anywhere; a convex one stops the earlier, the further it comes from.
 */
export function impulseLanding(market: Market, cost: CostFunction, band: HalfBand, deviation: number): number {
  const { inner, outer } = band;
  if (deltaVolatility(market) === 0) return 0;
  const peak = Math.sqrt((outer * outer + outer * inner + inner * inner) / 3);
  const reachable = Math.max(inner, deviation - cost.maxSizeUnits);
  if (reachable >= peak) return Math.min(reachable, deviation);
  return bisect(reachable, peak, (y) => cost.marginalCost(deviation - y) - valueGradient(market, band, y));
}
