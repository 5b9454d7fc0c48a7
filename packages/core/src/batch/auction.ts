import type { Removal } from './order.js';
import { type Bidder, costsOf, type Stage } from './stage.js';

/** One who trades with the others, with its part of what all need. Numeraire. */
export interface Member {
  readonly bidder: Bidder;
  /** Its own gas, and its share of the settlement's and the route's. */
  readonly gas: number;
  /** What the batch spares it before the shared gas is paid. */
  readonly gain: number;
}

/** Who trades together, and at which costs, in floating numbers. */
export interface Lot {
  /** In the order of the ids. */
  readonly members: readonly Member[];
  /** 1: buyers are more, −1: sellers are, 0: nothing is routed. */
  readonly heavy: 1 | 0 | -1;
  /** Clearing price less mid, numeraire per unit. */
  readonly premium: number;
  /** Gas that nobody causes alone: the settlement's, and that of the first swap. */
  readonly sharedGas: number;
}

/** Costs below this share of the notional are rounding. */
const ROUNDING = 1e-12;
/** A remainder that is worth less than so many times the gas of its swap is left out where that is allowed. */
const WORTH_ROUTING = 10;
/** Removed orders that are tried once more when the lot stands. */
const SECOND_CHANCES = 16;

/**
 * The largest lot that nobody in it would rather leave.
 *
 * All trade at mid + C(|Q|)/|Q| towards the heavy side, where Q is the net demand and C what its one route costs: the
 * price at which buyers pay what sellers and the market get (Aumann and Shapley, 1974, for one good). The gas of an order
 * is its own; what is shared is split in proportion to what the batch spares each. Whoever is beyond its limit or worse
 * off than alone leaves, one after another, and the lot is priced again; those who left are tried again at the end. That
 * is done by several orders of leaving, and the lot that saves most is taken.
 */
export function findLot(stage: Stage, bidders: readonly Bidder[]): Found {
  if (leavers(termsOf(stage, bidders), bidders, FIRST_TO_LEAVE[0]!).length === 0) {
    return { lot: priced(stage, bidders), removed: [] };
  }
  const found = FIRST_TO_LEAVE.map((rank) => eliminate(stage, bidders, rank));
  const best = found.reduce((most, each) => (each.saving > most.saving ? each : most));
  return { lot: priced(stage, best.staying), removed: best.left.map(removalOf) };
}

export interface Found {
  readonly lot: Lot;
  readonly removed: readonly Removal[];
}

/** Who of those that would leave goes first: it decides who need not go after all. No rule is best always. */
const FIRST_TO_LEAVE: readonly ((beyond: Beyond) => number)[] = [
  ({ beyond }) => beyond,
  ({ beyond, bidder }) => beyond / bidder.notional,
  ({ bidder }) => bidder.notional,
  ({ bidder }) => -bidder.notional,
];

/** Who has left, at which price. */
interface Left extends Beyond {
  readonly premium: number;
}

interface Eliminated {
  readonly staying: readonly Bidder[];
  readonly left: readonly Left[];
  readonly saving: number;
}

function eliminate(stage: Stage, bidders: readonly Bidder[], rank: (beyond: Beyond) => number): Eliminated {
  let current = bidders;
  let terms = termsOf(stage, current);
  const left: Left[] = [];
  for (;;) {
    const leaving = leavers(terms, current, rank);
    if (leaving.length === 0) break;
    const gone = new Set(leaving.map(({ bidder }) => bidder));
    current = current.filter((bidder) => !gone.has(bidder));
    for (const each of leaving) left.push({ ...each, premium: terms.premium });
    terms = termsOf(stage, current);
  }
  const returned = new Set<Bidder>();
  let saving = savingOf(terms, current);
  for (const { bidder } of [...left].sort((a, b) => a.beyond - b.beyond).slice(0, SECOND_CHANCES)) {
    const wider = withOneMore(current, bidder);
    const widerTerms = termsOf(stage, wider);
    const widerSaving = savingOf(widerTerms, wider);
    if (!(widerSaving > saving) || leavers(widerTerms, wider, rank).length > 0) continue;
    current = wider;
    saving = widerSaving;
    returned.add(bidder);
  }
  return { staying: current, left: left.filter(({ bidder }) => !returned.has(bidder)), saving };
}

/**
 * Price and shares of a lot.
 *
 * @param mayTrim whether a small remainder may be left out, where one order of the heavy side allows to be filled short
 */
export function priced(stage: Stage, bidders: readonly Bidder[], mayTrim = true): Lot {
  const { gasOf, heavy, premium, sharedGas } = termsOf(stage, bidders, mayTrim);
  const members = bidders.map((bidder) => ({ bidder, gas: gasOf(bidder), gain: gainAt(bidder, heavy) }));
  return { members, heavy, premium, sharedGas };
}

/** At what costs those who trade together do it. */
interface Terms extends Omit<Lot, 'members'> {
  /** An order's own gas, and its share of what is shared: in proportion to what the batch spares each. */
  readonly gasOf: (bidder: Bidder) => number;
}

function termsOf(stage: Stage, bidders: readonly Bidder[], mayTrim = true): Terms {
  let [wanted, gross] = [0, 0];
  for (const { sign, units } of bidders) {
    wanted += sign * units;
    gross += units;
  }
  const routed = splitOf(stage, bidders, wanted > 0 ? 1 : -1);
  // Sellers pay their gas in what they bring, which is then not for sale.
  let kept = 0;
  for (const bidder of bidders) if (bidder.sign < 0) kept += routed.gasOf(bidder);
  const net = wanted + kept / stage.mid;
  if (Math.abs(net) <= ROUNDING * gross || (mayTrim && isTrimmable(stage, bidders, net))) {
    return { ...splitOf(stage, bidders, 0), premium: 0 };
  }
  const size = Math.abs(net);
  const heavy = net > 0 ? 1 : -1;
  const split = heavy === routed.heavy ? routed : splitOf(stage, bidders, heavy);
  return { ...split, premium: (heavy * costsOf(stage, net).variableCost(size)) / size };
}

function splitOf(stage: Stage, bidders: readonly Bidder[], heavy: Lot['heavy']): Omit<Terms, 'premium'> {
  const { order, settlement } = stage.market.gas;
  const sharedGas = settlement + (heavy === 0 ? 0 : costsOf(stage, heavy).fixedCost);
  const total = positiveGains(bidders, heavy);
  const gasOf = (bidder: Bidder): number =>
    order + (total > 0 ? (sharedGas * Math.max(0, gainAt(bidder, heavy))) / total : sharedGas / bidders.length);
  return { heavy, sharedGas, gasOf };
}

function gainAt({ gains }: Bidder, heavy: Lot['heavy']): number {
  return gains[(heavy + 1) as 0 | 1 | 2];
}

function positiveGains(bidders: readonly Bidder[], heavy: Lot['heavy']): number {
  let total = 0;
  for (const bidder of bidders) total += Math.max(0, gainAt(bidder, heavy));
  return total;
}

/** Whether a remainder is so small that the gas of its swap is a tenth of its worth, and somebody can do without it. */
function isTrimmable(stage: Stage, bidders: readonly Bidder[], net: number): boolean {
  if (Math.abs(net) * stage.mid > WORTH_ROUTING * costsOf(stage, net).fixedCost) return false;
  return bidders.some(({ room, sign }) => sign > 0 === net > 0 && room >= Math.abs(net));
}

/** Why somebody would leave. */
export interface Beyond {
  readonly bidder: Bidder;
  readonly code: 'BETTER_ALONE' | 'LIMIT';
  /** Numeraire. */
  readonly beyond: number;
}

/** So many of those who would leave go at once; of few, one. */
const AT_ONCE = 1 / 16;

/** Who leaves a lot next: nobody when all would stay. */
function leavers(
  { gasOf, heavy, premium, sharedGas }: Terms,
  bidders: readonly Bidder[],
  rank: (beyond: Beyond) => number,
): readonly Beyond[] {
  const isWorthless = sharedGas > positiveGains(bidders, heavy) * (1 + ROUNDING);
  const unhappy: Beyond[] = [];
  for (const bidder of bidders) {
    const cost = bidder.sign * bidder.units * premium + gasOf(bidder);
    const overLimit = cost - bidder.limitCost;
    const overAlone = Math.max(isWorthless ? sharedGas : -gainAt(bidder, heavy), cost - bidder.outsideCost);
    const beyond = Math.max(overLimit, overAlone);
    if (beyond <= ROUNDING * bidder.notional) continue;
    unhappy.push({ bidder, code: overLimit > 0 ? 'LIMIT' : 'BETTER_ALONE', beyond });
  }
  // Sorting is stable: of equal ranks the lower id goes first.
  return unhappy.sort((a, b) => rank(b) - rank(a)).slice(0, Math.ceil(unhappy.length * AT_ONCE));
}

/** What all save together against each alone. */
function savingOf({ heavy, sharedGas }: Terms, bidders: readonly Bidder[]): number {
  let saving = -sharedGas;
  for (const bidder of bidders) saving += gainAt(bidder, heavy);
  return saving;
}

function removalOf({ beyond, bidder, code, premium }: Left): Removal {
  const orderId = bidder.order.id;
  const bps = (cost: number): string => `${((cost / bidder.notional) * 1e4).toFixed(2)} bp`;
  if (code === 'BETTER_ALONE') {
    const sentence = `It would pay ${bps(beyond)} more than alone.`;
    return { orderId, code, sentence };
  }
  const { limitCost, sign, units } = bidder;
  const price = bps(premium * sign * units);
  const sentence = `It would pay ${bps(limitCost + beyond)} (${price} of it by the price); its limit is ${bps(limitCost)}.`;
  return { orderId, code, sentence };
}

/** In the order of the ids, as the others are. */
function withOneMore(bidders: readonly Bidder[], bidder: Bidder): readonly Bidder[] {
  const after = bidders.findIndex(({ order }) => bidder.order.id < order.id);
  return after === -1 ? [...bidders, bidder] : [...bidders.slice(0, after), bidder, ...bidders.slice(after)];
}
