import { findLot, removalOf } from './auction.js';
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
  const outcomes = [...placed]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([id, list]) => clearMarket(stages.get(id)!, biddersOf(stages, id, list), route));
  const markets = outcomes.flatMap(({ cleared }) => cleared ?? []);
  const reasons = [...removed, ...outcomes.flatMap((outcome) => outcome.removed)];
  reasons.sort((a, b) => (a.orderId < b.orderId ? -1 : a.orderId > b.orderId ? 1 : 0));
  return frozen({ markets, removed: reasons, nettedShare: nettedShare(markets, stages) });
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
    const { lot } = found;
    if (lot.members.length === 0) return { cleared: undefined, removed: [...removed, ...found.removed] };
    const cleared = settlePrice(stage, lot, route);
    const leaver = cleared === undefined ? smallestHeavy(lot.members) : furthestBeyond(stage, lot.members, cleared);
    if (cleared !== undefined && leaver === undefined) return { cleared, removed: [...removed, ...found.removed] };
    removed.push(reasonToLeave(stage, leaver!, cleared));
    bidders = bidders.filter((bidder) => bidder !== leaver);
  }
}

function smallestHeavy(members: readonly Bidder[]): Bidder {
  const net = members.reduce((sum, { sign, units }) => sum + sign * units, 0);
  const heavy = members.filter(({ sign }) => sign > 0 === net > 0);
  return heavy.reduce((least, member) => (member.units < least.units ? member : least), heavy[0] ?? members[0]!);
}

/** Atoms of quote that exact amounts may be off what was computed in floating numbers. */
const SLACK_ATOMS = 3;

function furthestBeyond(stage: Stage, members: readonly Bidder[], { fills }: ClearedMarket): Bidder | undefined {
  let worst: { bidder: Bidder; beyond: number } | undefined;
  fills.forEach((fill, i) => {
    const bidder = members[i]!;
    const beyond = Math.max(beyondLimit(fill), (fill.cost - fill.costAlone) / bidder.notional);
    const slack = SLACK_ATOMS / stage.quoteScale / bidder.notional;
    const isOut = beyondLimit(fill) > 0 || beyond > slack;
    if (isOut && (worst === undefined || beyond > worst.beyond)) worst = { bidder, beyond };
  });
  return worst?.bidder;
}

/** How far a fill breaks its owner's limit, of the notional; an order that is filled short has a limit in proportion. */
function beyondLimit({ baseAtoms, order, quoteAtoms, side }: BatchFill): number {
  const allowed = order.limitQuoteAtoms * baseAtoms;
  const used = quoteAtoms * order.baseAtoms;
  const excess = side === 'buy' ? used - allowed : allowed - used;
  return excess <= 0n ? 0 : Math.max(Number.EPSILON, Number(excess) / Number(used + 1n));
}

function reasonToLeave(stage: Stage, bidder: Bidder, cleared: ClearedMarket | undefined): Removal {
  const orderId = bidder.order.id;
  if (cleared === undefined) {
    const sentence = 'Without it the rest crosses; what is left with it is too small to be routed.';
    return { orderId, code: 'REMAINDER_TOO_SMALL', sentence };
  }
  const fill = cleared.fills.find(({ order }) => order.id === orderId)!;
  const premium = (fill.cost / bidder.units) * bidder.sign;
  return removalOf({ premium, gasShare: 0 }, { ...bidder, limitCost: limitCostOf(stage, bidder, fill) });
}

/** Where an exact amount breaks the limit, the floating one may not. */
function limitCostOf(stage: Stage, bidder: Bidder, fill: BatchFill): number {
  return beyondLimit(fill) > 0 ? Math.min(bidder.limitCost, fill.cost - 1 / stage.quoteScale) : bidder.limitCost;
}

function biddersOf(stages: ReadonlyMap<string, Stage>, id: string, orders: readonly BatchOrder[]): readonly Bidder[] {
  return orders.map((order) => {
    const alone = order.markets.map((market) => {
      const stage = stages.get(market)!;
      return aloneCost(stage, order.side, unitsOf(stage, order.baseAtoms));
    });
    return bidderOf(stages.get(id)!, order, Math.min(...alone));
  });
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
