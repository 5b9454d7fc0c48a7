import type { CostFunction } from './cost-function.js';
import type { HalfBand, Market } from './market.js';

/**
 * A band that is worked out once for the same two objects: one decision asks for it several times. What it is given is
 * never changed, so that what is remembered cannot become false; it goes when the market does.
 */
export function remembered(
  bandOf: (market: Market, cost: CostFunction) => HalfBand,
): (market: Market, cost: CostFunction) => HalfBand {
  const known = new WeakMap<Market, WeakMap<CostFunction, HalfBand>>();
  return (market, cost) => {
    let bands = known.get(market);
    if (bands === undefined) known.set(market, (bands = new WeakMap()));
    let band = bands.get(cost);
    if (band === undefined) bands.set(cost, (band = bandOf(market, cost)));
    return band;
  };
}
