import type { Bidder } from './stage.js';

/**
 * Bidders as columns of numbers: the search prices thousands of lots, and has to be quick from the first call in a
 * process, when nothing is compiled yet.
 */
export interface Columns {
  readonly sign: Float64Array;
  readonly units: Float64Array;
  readonly room: Float64Array;
  readonly notional: Float64Array;
  readonly limitCost: Float64Array;
  readonly outsideCost: Float64Array;
  /** What a batch spares each before the shared gas is paid, where sellers are more, where none are, and where buyers are. */
  readonly gains: readonly [sellers: Float64Array, none: Float64Array, buyers: Float64Array];
}

/** Places of bidders in their columns, ascending, and so in the order of the ids. */
export type Places = Int32Array;

export function columnsOf(bidders: readonly Bidder[]): Columns {
  const column = (): Float64Array => new Float64Array(bidders.length);
  const sign = column();
  const units = column();
  const room = column();
  const notional = column();
  const limitCost = column();
  const outsideCost = column();
  const [sellers, none, buyers] = [column(), column(), column()];
  for (let i = 0; i < bidders.length; i += 1) {
    const bidder = bidders[i]!;
    sign[i] = bidder.sign;
    units[i] = bidder.units;
    room[i] = bidder.room;
    notional[i] = bidder.notional;
    limitCost[i] = bidder.limitCost;
    outsideCost[i] = bidder.outsideCost;
    sellers[i] = bidder.gains[0];
    none[i] = bidder.gains[1];
    buyers[i] = bidder.gains[2];
  }
  return { sign, units, room, notional, limitCost, outsideCost, gains: [sellers, none, buyers] };
}

/** Everybody. */
export function allPlaces(count: number): Places {
  const places = new Int32Array(count);
  for (let i = 0; i < count; i += 1) places[i] = i;
  return places;
}

/** Without those at these indices of it, ascending; in its own memory. */
export function withoutIndices(places: Places, leaving: readonly number[]): Places {
  let left = 0;
  for (let i = 0; i < places.length; i += 1) {
    if (leaving[left] === i) left += 1;
    else if (left > 0) places[i - left] = places[i]!;
  }
  return places.subarray(0, places.length - left);
}

/** With one more, who is not in it yet; ascending. */
export function withPlace(places: Places, place: number): Places {
  let before = 0;
  while (before < places.length && places[before]! < place) before += 1;
  const wider = new Int32Array(places.length + 1);
  wider.set(places.subarray(0, before));
  wider[before] = place;
  wider.set(places.subarray(before), before + 1);
  return wider;
}
