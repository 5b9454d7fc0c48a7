import type { Columns, Places } from './columns.js';
import { costsOf, type Stage } from './stage.js';
import type { Tally } from './tally.js';

/** At what costs those who trade together do it, in floating numbers. */
export interface Terms {
  /** 1: buyers are more, −1: sellers are, 0: nothing is routed. */
  readonly heavy: 1 | 0 | -1;
  /** Clearing price less mid, numeraire per unit. */
  readonly premium: number;
  /** Gas that nobody causes alone: the settlement's, and that of the first swap. */
  readonly sharedGas: number;
  /** Each order's own gas. */
  readonly orderGas: number;
  /** What the batch spares those whom it spares anything, before the shared gas is paid. */
  readonly gains: number;
  readonly count: number;
}

/** Costs below this share of the notional are rounding. */
export const ROUNDING = 1e-12;
/** So few are summed up one by one: what rounding leaves of those who are gone would else decide between equals. */
export const FEW = 32;
/** A remainder that is worth less than so many times the gas of its swap is left out where that is allowed. */
const WORTH_ROUTING = 10;

/**
 * Price and shared gas of those in `places`, whose sums are `tally`.
 *
 * @param mayTrim whether a small remainder may be left out, where one order of the heavy side allows to be filled short
 */
export function termsOf(stage: Stage, columns: Columns, places: Places, tally: Tally, mayTrim: boolean): Terms {
  const { gross, wanted } = tally;
  const routed = splitOf(stage, tally, wanted > 0 ? 1 : -1);
  const net = wanted + keptBySellers(routed, columns, places, tally) / stage.mid;
  const size = Math.abs(net);
  if (size <= ROUNDING * gross || (mayTrim && isTrimmable(stage, columns, places, net)))
    return splitOf(stage, tally, 0);
  const heavy = net > 0 ? 1 : -1;
  const split = heavy === routed.heavy ? routed : splitOf(stage, tally, heavy);
  return { ...split, premium: (heavy * costsOf(stage, net).variableCost(size)) / size };
}

/** Sellers pay their gas in what they bring, which is then not for sale. */
function keptBySellers(terms: Terms, columns: Columns, places: Places, tally: Tally): number {
  const { gains, heavy, orderGas, sharedGas } = terms;
  const { count, positiveOfSellers, sellers } = tally;
  if (sellers > 0 && count > FEW) {
    const shared = gains > 0 ? (sharedGas * positiveOfSellers[heavy + 1]!) / gains : (sharedGas * sellers) / count;
    return sellers * orderGas + shared;
  }
  const column = gainsAt(terms, columns);
  let kept = 0;
  for (let i = 0; sellers > 0 && i < places.length; i += 1) {
    const place = places[i]!;
    if (columns.sign[place]! < 0) kept += gasOf(terms, column[place]!);
  }
  return kept;
}

function splitOf(stage: Stage, { count, positive }: Tally, heavy: Terms['heavy']): Terms {
  const { order, settlement } = stage.market.gas;
  const sharedGas = settlement + (heavy === 0 ? 0 : costsOf(stage, heavy).fixedCost);
  return { heavy, premium: 0, sharedGas, orderGas: order, gains: positive[heavy + 1]!, count };
}

/** The gas of an order which the batch spares `gain`: its own, and in proportion to the gain its share of what is shared. */
export function gasOf({ count, gains, orderGas, sharedGas }: Terms, gain: number): number {
  return orderGas + (gains > 0 ? (sharedGas * Math.max(0, gain)) / gains : sharedGas / count);
}

/** What the batch spares each order before the shared gas is paid. */
export function gainsAt({ heavy }: Terms, { gains }: Columns): Float64Array {
  return gains[(heavy + 1) as 0 | 1 | 2];
}

/** What all save together against each alone. */
export function savingOf(terms: Terms, columns: Columns, places: Places): number {
  const gains = gainsAt(terms, columns);
  let saving = -terms.sharedGas;
  for (let i = 0; i < places.length; i += 1) saving += gains[places[i]!]!;
  return saving;
}

/** Whether a remainder is so small that the gas of its swap is a tenth of its worth, and somebody can do without it. */
function isTrimmable(stage: Stage, { room, sign }: Columns, places: Places, net: number): boolean {
  const size = Math.abs(net);
  if (size * stage.mid > WORTH_ROUTING * costsOf(stage, net).fixedCost) return false;
  for (let i = 0; i < places.length; i += 1) {
    const place = places[i]!;
    if (room[place]! >= size && sign[place]! > 0 === net > 0) return true;
  }
  return false;
}
