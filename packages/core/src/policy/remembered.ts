import type { CostFunction } from './cost-function.js';
import type { HalfBand, Market } from './market.js';

/**
 * A band that is worked out once for the same two objects: one decision asks for it several times. What it is given is
 * never changed, so that what is remembered cannot become false; it goes when another market comes.
 */
export function remembered(
  bandOf: (market: Market, cost: CostFunction) => HalfBand,
): (market: Market, cost: CostFunction) => HalfBand {
  let of: Market | undefined;
  let known: { readonly cost: CostFunction; readonly band: HalfBand }[] = [];
  return (market, cost) => {
    if (market !== of) {
      of = market;
      known = [];
    }
    for (const each of known) if (each.cost === cost) return each.band;
    const band = bandOf(market, cost);
    known.push({ cost, band });
    return band;
  };
}
