import type { CostFunction } from './cost-function.js';
import type { HalfBand, Market } from './market.js';

interface Memory {
  readonly market: Market | undefined;
  readonly known: { readonly cost: CostFunction; readonly band: HalfBand }[];
}

/**
 * A band that is worked out once for the same two objects: one decision asks for it several times, in the market of now
 * and by turns in that of its table. What it is given is never changed, so that what is remembered cannot become false; it
 * goes when two other markets have come.
 */
export function remembered(
  bandOf: (market: Market, cost: CostFunction) => HalfBand,
): (market: Market, cost: CostFunction) => HalfBand {
  let last: Memory = { market: undefined, known: [] };
  let before = last;
  return (market, cost) => {
    if (market !== last.market) [last, before] = [before.market === market ? before : { market, known: [] }, last];
    for (const each of last.known) if (each.cost === cost) return each.band;
    const band = bandOf(market, cost);
    last.known.push({ cost, band });
    return band;
  };
}
