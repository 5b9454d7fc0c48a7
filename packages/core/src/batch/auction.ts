import type { Removal } from './order.js';
import { type Bidder, costsOf, type Stage } from './stage.js';

/** Who trades together, and at which costs, in floating numbers. */
export interface Lot {
  /** In the order of the ids. */
  readonly members: readonly Bidder[];
  /** Nothing is routed. */
  readonly isCrossed: boolean;
  /** Clearing price less mid, numeraire per unit. */
  readonly premium: number;
  /** What each pays for gas. */
  readonly gasShare: number;
}

/** Costs below this share of the notional are rounding. */
const ROUNDING = 1e-12;
/** A remainder that is worth less than so many times the gas of its swap is left out where that is allowed. */
const WORTH_ROUTING = 10;
/** Removed orders that are tried once more when the lot stands. */
const SECOND_CHANCES = 32;

/**
 * The largest lot that nobody in it would rather leave.
 *
 * All trade at mid + C(|Q|)/|Q| towards the heavy side, where Q is the net demand and C what its one route costs: the
 * price at which buyers pay what sellers and the market get. The gas of the settlement and of the route's first swap is
 * split evenly, an order's own gas is its own. Whoever is beyond its limit, or pays more than alone, leaves: the one
 * that is furthest beyond in bps first, then the lot is priced again. Those who left are tried again at the end.
 */
export function findLot(stage: Stage, bidders: readonly Bidder[]): { lot: Lot; removed: readonly Removal[] } {
  let members = [...bidders];
  const left: { bidder: Bidder; beyond: number; removal: Removal }[] = [];
  for (;;) {
    const lot = priced(stage, members);
    const worst = furthestBeyond(lot);
    if (worst === undefined) break;
    members = members.filter((member) => member !== worst.bidder);
    left.push({ ...worst, removal: removalOf(lot, worst.bidder) });
  }
  const returned = new Set<Bidder>();
  const hopeful = [...left].sort((a, b) => a.beyond - b.beyond).slice(0, SECOND_CHANCES);
  for (const { bidder } of hopeful) {
    const wider = inOrder([...members, bidder]);
    const lot = priced(stage, wider);
    if (furthestBeyond(lot) !== undefined || !(savingOf(lot) > savingOf(priced(stage, members)))) continue;
    members = wider;
    returned.add(bidder);
  }
  const removed = left.filter(({ bidder }) => !returned.has(bidder)).map(({ removal }) => removal);
  return { lot: priced(stage, members), removed };
}

/**
 * Price and gas share of a lot.
 *
 * @param mayTrim whether a small remainder may be left out, where one order of the heavy side allows to be filled short
 */
export function priced(stage: Stage, members: readonly Bidder[], mayTrim = true): Lot {
  const { order, settlement } = stage.market.gas;
  const heads = Math.max(1, members.length);
  const shareWith = (routeGas: number): number => order + (settlement + routeGas) / heads;
  const wanted = members.reduce((sum, { sign, units }) => sum + sign * units, 0);
  // Sellers pay their gas in what they bring, which is then not for sale.
  const sellers = members.reduce((count, { sign }) => count + (sign < 0 ? 1 : 0), 0);
  const routeGas = costsOf(stage, wanted).fixedCost;
  const net = wanted + (sellers * shareWith(routeGas)) / stage.mid;
  const gross = members.reduce((sum, { units }) => sum + units, 0);
  if (Math.abs(net) <= ROUNDING * gross || (mayTrim && isTrimmable(stage, members, net))) {
    return { members, isCrossed: true, premium: 0, gasShare: shareWith(0) };
  }
  const size = Math.abs(net);
  const { fixedCost, variableCost } = costsOf(stage, net);
  return {
    members,
    isCrossed: false,
    premium: (Math.sign(net) * variableCost(size)) / size,
    gasShare: shareWith(fixedCost),
  };
}

/** Whether a remainder is so small that the gas of its swap is a tenth of its worth, and somebody can do without it. */
function isTrimmable(stage: Stage, members: readonly Bidder[], net: number): boolean {
  const { fixedCost } = costsOf(stage, net);
  if (Math.abs(net) * stage.mid > WORTH_ROUTING * fixedCost) return false;
  return members.some(({ room, sign }) => sign > 0 === net > 0 && room >= Math.abs(net));
}

/** What a member pays against mid, gas included. */
export function costIn({ gasShare, premium }: Pick<Lot, 'gasShare' | 'premium'>, { sign, units }: Bidder): number {
  return sign * units * premium + gasShare;
}

function furthestBeyond(lot: Lot): { bidder: Bidder; beyond: number } | undefined {
  let found: { bidder: Bidder; beyond: number } | undefined;
  for (const bidder of lot.members) {
    const beyond = (costIn(lot, bidder) - Math.min(bidder.limitCost, bidder.aloneCost)) / bidder.notional;
    if (beyond > ROUNDING && (found === undefined || beyond > found.beyond)) found = { bidder, beyond };
  }
  return found;
}

/** What all save together against each alone. */
export function savingOf(lot: Lot): number {
  return lot.members.reduce((sum, bidder) => sum + bidder.aloneCost - costIn(lot, bidder), 0);
}

/** Why a bidder leaves a lot. */
export function removalOf(lot: Pick<Lot, 'gasShare' | 'premium'>, bidder: Bidder): Removal {
  const cost = costIn(lot, bidder);
  const orderId = bidder.order.id;
  const bps = (amount: number): string => `${((amount / bidder.notional) * 1e4).toFixed(2)} bp`;
  if (cost > bidder.limitCost) {
    return { orderId, code: 'LIMIT', sentence: `It would pay ${bps(cost)}, its limit is ${bps(bidder.limitCost)}.` };
  }
  const sentence = `It would pay ${bps(cost)} here and ${bps(bidder.aloneCost)} alone.`;
  return { orderId, code: 'BETTER_ALONE', sentence };
}

function inOrder(members: Bidder[]): Bidder[] {
  return members.sort((a, b) => (a.order.id < b.order.id ? -1 : 1));
}
