import { bisect } from './bisect.js';
import { type CostFunction, isLinear, scaleVariableCost } from './cost-function.js';
import { type HalfBand, type Market, staticRisk } from './market.js';

export type Side = 'buy' | 'sell';

/**
 * What the variable cost counts for, when the end is near. Settled for nothing: once. To be unwound: a trade that raises
 * the holding is paid twice, and one that lowers it would have to be made anyway, so the end does not argue against it. A book
 * without gamma has no other reason to wait, so that for it the end always counts.
 */
export function settlementFactor({ gammaPerUnit, holdingUnits, settlement }: Market, side: Side): number {
  switch (settlement) {
    case 'none':
      return gammaPerUnit === 0 ? 1 : 0;
    case 'free':
      return 1;
    case 'unwind': {
      const raises = side === 'buy' ? holdingUnits >= 0 : holdingUnits <= 0;
      return raises ? 2 : 0;
    }
  }
}

/**
 * The band of a deviation that would stay until the book settles: κh = C′(q) and (κ/2)(H² − h²) = C(q), with q = H − h.
 * So q is the root of the falling C(q)/q − C′(q) − κq/2. With C(q) = k + λS·q: h = λ/(γSσ²τ), q = √(2k/(γσ²τ))/S.
 * It is the floor under any other band, and the whole band of a book without gamma.
 */
export function settlementBand(market: Market, cost: CostFunction, side: Side): HalfBand {
  const factor = settlementFactor(market, side);
  if (factor === 0) return { outer: 0, inner: 0 };
  const counted = scaleVariableCost(cost, factor);
  const risk = staticRisk(market);
  const lot = lotOf(risk, counted);
  const inner = counted.marginalCost(lot) / risk;
  return { outer: inner + lot, inner };
}

function lotOf(risk: number, cost: CostFunction): number {
  if (cost.fixedCost === 0) return 0;
  if (isLinear(cost)) return Math.min(cost.maxSizeUnits, Math.sqrt((2 * cost.fixedCost) / risk));
  return bisect(0, cost.maxSizeUnits, (size) => {
    const average = (cost.fixedCost + cost.variableCost(size)) / size;
    return average - cost.marginalCost(size) - (risk * size) / 2;
  });
}

/** Where a trade from `deviation` lands for the settlement's sake: κy = C′(deviation − y). Zero where it does not matter. */
export function settlementLanding(market: Market, cost: CostFunction, side: Side, deviation: number): number {
  const factor = settlementFactor(market, side);
  if (factor === 0) return 0;
  const risk = staticRisk(market);
  const least = Math.max(0, deviation - cost.maxSizeUnits);
  return bisect(least, deviation, (y) => factor * cost.marginalCost(deviation - y) - risk * y);
}
