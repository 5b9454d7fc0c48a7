import { allPlaces, type Columns, columnsOf, type Places, withoutIndices, withPlace } from './columns.js';
import { findUnhappy, FIRST_TO_LEAVE, greatest, nextToLeave, type Rank, roomFor, type Unhappy } from './leavers.js';
import type { Removal } from './order.js';
import type { Bidder, Stage } from './stage.js';
import { count, tallyOf } from './tally.js';
import { FEW, gainsAt, gasOf, savingOf, type Terms, termsOf } from './terms.js';

/** One who trades with the others, with its part of what all need. Numeraire. */
export interface Member {
  readonly bidder: Bidder;
  /** Its own gas, and its share of the settlement's and the route's. */
  readonly gas: number;
  /** What the batch spares it before the shared gas is paid. */
  readonly gain: number;
}

/** Who trades together, and at which costs, in floating numbers. */
export interface Lot extends Pick<Terms, 'heavy' | 'premium' | 'sharedGas'> {
  /** In the order of the ids. */
  readonly members: readonly Member[];
}

/** Removed orders that are tried once more when the lot stands. */
const SECOND_CHANCES = 16;

export interface Found {
  readonly lot: Lot;
  readonly removed: readonly Removal[];
}

/**
 * The largest lot that nobody in it would rather leave.
 *
 * All trade at mid + C(|Q|)/|Q| towards the heavy side, where Q is the net demand and C what its one route costs: the
 * price at which buyers pay what sellers and the market get (Aumann and Shapley, 1974, for one good). The gas of an order
 * is its own; what is shared is split in proportion to what the batch spares each. Whoever is beyond its limit or worse
 * off than alone leaves, one after another, and the lot is priced again; those who left are tried again at the end. That
 * is done by several orders of leaving, and the lot that saves most is taken.
 *
 * @param bidders in the order of their ids
 */
export function findLot(stage: Stage, bidders: readonly Bidder[]): Found {
  const columns = columnsOf(bidders);
  const places = allPlaces(bidders.length);
  const terms = termsOf(stage, columns, places, tallyOf(columns, places), true);
  const search = { stage, columns, unhappy: roomFor(bidders.length) };
  if (findUnhappy(search.unhappy, terms, columns, places, 1) === 0) {
    return { lot: lotOf(terms, columns, places, bidders), removed: [] };
  }
  const found = FIRST_TO_LEAVE.map((rank) => withSecondChances(search, eliminate(search, rank)));
  const best = found.reduce((most, each) => (each.saving > most.saving ? each : most));
  const removed = best.left.map((left) => removalOf(left, bidders[left.place]!));
  return { lot: lotOf(best.terms, columns, best.places, bidders), removed };
}

/**
 * Price and shares of a lot.
 *
 * @param mayTrim whether a small remainder may be left out, where one order of the heavy side allows to be filled short
 */
export function priced(stage: Stage, bidders: readonly Bidder[], mayTrim = true): Lot {
  const columns = columnsOf(bidders);
  const places = allPlaces(bidders.length);
  return lotOf(termsOf(stage, columns, places, tallyOf(columns, places), mayTrim), columns, places, bidders);
}

function lotOf(terms: Terms, columns: Columns, places: Places, bidders: readonly Bidder[]): Lot {
  const { heavy, premium, sharedGas } = terms;
  const gains = gainsAt(terms, columns);
  const members: Member[] = [];
  for (const place of places) {
    const gain = gains[place]!;
    members.push({ bidder: bidders[place]!, gas: gasOf(terms, gain), gain });
  }
  return { members, heavy, premium, sharedGas };
}

/** What one search works on and in. */
interface Search {
  readonly stage: Stage;
  readonly columns: Columns;
  readonly unhappy: Unhappy;
}

/** Who has left, why, and at which price. Numeraire. */
interface Left {
  readonly place: number;
  readonly beyond: number;
  readonly isOverLimit: boolean;
  readonly premium: number;
}

interface Eliminated {
  readonly places: Places;
  readonly left: readonly Left[];
}

/** Lets those leave who would, until nobody would. */
function eliminate({ columns, stage, unhappy }: Search, rank: Rank): Eliminated {
  let places = allPlaces(columns.sign.length);
  let tally = tallyOf(columns, places);
  const left: Left[] = [];
  for (;;) {
    if (places.length <= FEW) tally = tallyOf(columns, places);
    const terms = termsOf(stage, columns, places, tally, true);
    if (findUnhappy(unhappy, terms, columns, places, places.length) === 0) return { places, left };
    const leaving: number[] = [];
    for (const i of nextToLeave(unhappy, columns, places, rank)) {
      const index = unhappy.indices[i]!;
      const place = places[index]!;
      const isOverLimit = unhappy.beyondLimit[i]! > 0;
      left.push({ place, beyond: unhappy.beyond[i]!, isOverLimit, premium: terms.premium });
      leaving.push(index);
      count(tally, columns, place, -1);
    }
    places = withoutIndices(
      places,
      leaving.sort((a, b) => a - b),
    );
  }
}

/** Takes those back who had least to complain of, where all save more with them and nobody would leave for it. */
function withSecondChances({ columns, stage, unhappy }: Search, { left, places: standing }: Eliminated) {
  let places = standing;
  const tally = tallyOf(columns, places);
  let saving = savingOf(termsOf(stage, columns, places, tally, true), columns, places);
  const returned = new Set<Left>();
  const complaints = Float64Array.from(left, ({ beyond }) => -beyond);
  for (const i of greatest(complaints, Math.min(SECOND_CHANCES, left.length), unhappy.sorted)) {
    const { place } = left[i]!;
    const wider = withPlace(places, place);
    count(tally, columns, place, 1);
    const terms = termsOf(stage, columns, wider, tally, true);
    const widerSaving = savingOf(terms, columns, wider);
    if (widerSaving > saving && findUnhappy(unhappy, terms, columns, wider, 1) === 0) {
      [places, saving] = [wider, widerSaving];
      returned.add(left[i]!);
    } else {
      count(tally, columns, place, -1);
    }
  }
  const terms = termsOf(stage, columns, places, tallyOf(columns, places), true);
  return { places, terms, saving, left: left.filter((each) => !returned.has(each)) };
}

function removalOf(
  { beyond, isOverLimit, premium }: Left,
  { limitCost, notional, order, sign, units }: Bidder,
): Removal {
  const orderId = order.id;
  const bps = (cost: number): string => `${((cost / notional) * 1e4).toFixed(2)} bp`;
  if (!isOverLimit) {
    return { orderId, code: 'BETTER_ALONE', sentence: `It would pay ${bps(beyond)} more than alone.` };
  }
  const price = bps(premium * sign * units);
  const sentence = `It would pay ${bps(limitCost + beyond)} (${price} of it by the price); its limit is ${bps(limitCost)}.`;
  return { orderId, code: 'LIMIT', sentence };
}
