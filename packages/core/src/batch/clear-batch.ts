import { findLot } from './auction.js';
import { admit } from './admit.js';
import { BatchInputInvalidError } from './errors.js';
import type { BatchClearing, BatchFill, BatchMarket, BatchOrder, ClearedMarket, Removal } from './order.js';
import { place } from './place.js';
import { type RouteRemainder, settlePrice } from './settle-price.js';
import { aloneCost, type Bidder, bidderOf, type Stage, stageOf, unitsOf } from './stage.js';

export interface BatchInput {
  readonly markets: readonly BatchMarket[];
  readonly orders: readonly BatchOrder[];
  /** Unix seconds: what is no longer valid then is not settled. */
  readonly nowSeconds: number;
  /**
   * What else the participants could do. `in-turn`: all trade at this moment anyway, one after another, and alone is the
   * average over who comes first. `untouched`: whoever likes may wait until the others have traded and the market has
   * recovered, so that nobody is settled who would pay less then. Default: `in-turn`.
   */
  readonly alone?: 'in-turn' | 'untouched';
  /**
   * What participants would pay elsewhere, by their own account, against the mid of their market in numeraire: nobody is
   * settled who would pay more. By order id; whoever is not in it has said nothing.
   */
  readonly outsideCosts?: ReadonlyMap<string, number>;
  /** Routes what does not cross, to the atom. Absent: as the market's cost curves say. */
  readonly route?: RouteRemainder;
}

/**
 * Clears a batch: opposite deltas cross at one price a market, the rest is routed once, gas is shared.
 *
 * What it promises, and what "alone" means in each promise, is in docs/batches.md: one price for all, nobody pays more
 * than alone on an untouched market, no coalition pays more than it would as a batch of its own that comes last, the
 * order of submission does not matter, and what comes in goes out to the atom.
 *
 * @returns frozen; every order is either in one fill or among the removed, with a reason
 * @throws {BatchInputInvalidError} for a market that cannot be computed with, or one that is named twice
 * @example
 * ```ts
 * const { markets, removed, nettedShare } = clearBatch({ markets: [market], orders, nowSeconds: 1_800_000_000 });
 * ```
 */
export function clearBatch(input: BatchInput): BatchClearing {
  const stages = new Map(input.markets.map((market) => [market.id, stageOf(market)]));
  if (stages.size !== input.markets.length) {
    throw new BatchInputInvalidError('markets', input.markets.length, 'names one twice', 'Give each market once.');
  }
  const route = input.route ?? routeByCurve(stages);
  const { orders, removed } = admit(input.orders, stages, input.nowSeconds);
  const placed = place(orders, stages);
  const waits = input.alone === 'untouched';
  const outcomes = [...placed]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([id, list]) => {
      const stage = stages.get(id)!;
      const bidders = list.map((order) => {
        const untouched = waits ? untouchedCost(order, stages, stage) : Number.POSITIVE_INFINITY;
        const stated = input.outsideCosts?.get(order.id) ?? Number.POSITIVE_INFINITY;
        return bidderOf(stage, order, Math.min(untouched, stated));
      });
      return clearMarket(stage, bidders, route);
    });
  const markets = outcomes.flatMap(({ cleared }) => cleared ?? []);
  const reasons = [...removed, ...outcomes.flatMap((outcome) => outcome.removed)];
  reasons.sort((a, b) => (a.orderId < b.orderId ? -1 : a.orderId > b.orderId ? 1 : 0));
  return frozen({ markets, removed: reasons, nettedShare: nettedShare(markets, stages) });
}

/** The cheapest of an order's markets for it alone, against the mid of the market where it is placed. */
function untouchedCost(order: BatchOrder, stages: ReadonlyMap<string, Stage>, placed: Stage): number {
  const sign = order.side === 'buy' ? 1 : -1;
  const costs = order.markets.map((id) => {
    const stage = stages.get(id)!;
    const units = unitsOf(stage, order.baseAtoms);
    return aloneCost(stage, order.side, units) + sign * units * (stage.mid - placed.mid);
  });
  return Math.min(...costs);
}

interface MarketOutcome {
  readonly cleared: ClearedMarket | undefined;
  readonly removed: readonly Removal[];
}

/** Prices a lot in atoms, and again without whoever does not stand it. */
function clearMarket(stage: Stage, all: readonly Bidder[], route: RouteRemainder): MarketOutcome {
  const removed: Removal[] = [];
  let bidders = all;
  for (;;) {
    const found = findLot(stage, bidders);
    const members = found.lot.members.map(({ bidder }) => bidder);
    if (members.length === 0) return { cleared: undefined, removed: [...removed, ...found.removed] };
    const cleared = settlePrice(stage, found.lot, route);
    const leaver = cleared === undefined ? tooSmall(members) : furthestBeyond(stage, members, cleared);
    if (leaver === undefined) return { cleared, removed: [...removed, ...found.removed] };
    removed.push(leaver.removal);
    bidders = bidders.filter((bidder) => bidder !== leaver.bidder);
  }
}

interface Leaver {
  readonly bidder: Bidder;
  readonly removal: Removal;
}

/** The smallest of the heavy side leaves, so that a remainder grows to what can be routed, or changes sides. */
function tooSmall(members: readonly Bidder[]): Leaver {
  const net = members.reduce((sum, { sign, units }) => sum + sign * units, 0);
  const heavy = members.filter(({ sign }) => sign > 0 === net > 0);
  const bidder = heavy.reduce(
    (least, member) => (member.units < least.units ? member : least),
    heavy[0] ?? members[0]!,
  );
  const sentence =
    'With it so little is left to be routed that it carries no price, and nobody can be filled short by it.';
  return { bidder, removal: { orderId: bidder.order.id, code: 'REMAINDER_TOO_SMALL', sentence } };
}

/** Atoms of quote that exact amounts may be off what was computed in floating numbers. */
const SLACK_ATOMS = 3;

/** Who does not stand the exact route: it may be dearer than the sampled curve. */
function furthestBeyond(stage: Stage, members: readonly Bidder[], { fills }: ClearedMarket): Leaver | undefined {
  let worst: (Leaver & { readonly beyond: number }) | undefined;
  fills.forEach((fill, i) => {
    const bidder = members[i]!;
    const overLimit = beyondLimit(fill);
    const overAlone = (fill.cost - fill.costAlone - SLACK_ATOMS / stage.quoteScale) / bidder.notional;
    const beyond = Math.max(overLimit, overAlone);
    if (beyond <= 0 || (worst !== undefined && beyond <= worst.beyond)) return;
    worst = { bidder, beyond, removal: removalAtExactPrice(fill, bidder, overLimit > 0) };
  });
  return worst;
}

function removalAtExactPrice(
  { cost, costAlone, order }: BatchFill,
  { notional }: Bidder,
  isOverLimit: boolean,
): Removal {
  const bps = (amount: number): string => `${((amount / notional) * 1e4).toFixed(2)} bp`;
  return isOverLimit
    ? { orderId: order.id, code: 'LIMIT', sentence: `By the exact route it would pay ${bps(cost)}: beyond its limit.` }
    : {
        orderId: order.id,
        code: 'BETTER_ALONE',
        sentence: `By the exact route it would pay ${bps(cost)} here and ${bps(costAlone)} alone.`,
      };
}

/** How far a fill breaks its owner's limit, of the notional; an order that is filled short has a limit in proportion. */
function beyondLimit({ baseAtoms, order, quoteAtoms, side }: BatchFill): number {
  const allowed = order.limitQuoteAtoms * baseAtoms;
  const used = quoteAtoms * order.baseAtoms;
  const excess = side === 'buy' ? used - allowed : allowed - used;
  return excess <= 0n ? 0 : Math.max(Number.EPSILON, Number(excess) / Number(used + 1n));
}

/** What the cost curves say, rounded against the batch by one atom. */
function routeByCurve(stages: ReadonlyMap<string, Stage>): RouteRemainder {
  return (marketId, side, baseAtoms) => {
    const stage = stages.get(marketId)!;
    const units = unitsOf(stage, baseAtoms);
    const cost = stage[side].variableCost(units);
    const quote = (units * stage.mid + (side === 'buy' ? cost : -cost)) * stage.quoteScale;
    return BigInt(side === 'buy' ? Math.ceil(quote) : Math.floor(quote));
  };
}

function nettedShare(markets: readonly ClearedMarket[], stages: ReadonlyMap<string, Stage>): number {
  let crossed = 0;
  let traded = 0;
  for (const { crossedBaseAtoms, fills, marketId } of markets) {
    const stage = stages.get(marketId)!;
    crossed += 2 * unitsOf(stage, crossedBaseAtoms) * stage.mid;
    for (const { baseAtoms, feeAtoms, side } of fills) {
      traded += unitsOf(stage, side === 'buy' ? baseAtoms : baseAtoms - feeAtoms) * stage.mid;
    }
  }
  return traded === 0 ? 0 : crossed / traded;
}

function frozen(clearing: BatchClearing): BatchClearing {
  for (const market of clearing.markets) {
    market.fills.forEach((fill) => Object.freeze(fill));
    [market.fills, market.fees, market.price, market.remainder].forEach((part) => Object.freeze(part));
    Object.freeze(market);
  }
  clearing.removed.forEach((removal) => Object.freeze(removal));
  Object.freeze(clearing.markets);
  Object.freeze(clearing.removed);
  return Object.freeze(clearing);
}
