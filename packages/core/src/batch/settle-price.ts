import { type Lot, type Member, priced } from './auction.js';
import type { BatchFill, ClearedMarket, ClearingPrice, Remainder } from './order.js';
import { type Bidder, midFraction, type Stage } from './stage.js';

/** Routes a remainder to the atom: quote atoms that buying so many base atoms takes, or that selling them brings. */
export type RouteRemainder = (marketId: string, side: 'buy' | 'sell', baseAtoms: bigint) => bigint;

/** A remainder below so many quote atoms is too small to carry a price: one atom would be a visible part of it. */
const LEAST_REMAINDER_ATOMS = 1_000_000n;

/** A fill before it is priced. */
interface Part {
  readonly member: Member;
  readonly bidder: Bidder;
  /** Base atoms in or out, fee and all. */
  readonly baseAtoms: bigint;
  readonly shortAtoms: bigint;
  readonly feeAtoms: bigint;
}

/**
 * The lot in atoms, after the rules of the settlement contract: what a seller receives is rounded up, what a buyer pays
 * is rounded down. That lacks up to one atom an order, which buyers pay beside their gas; where there are none, sellers
 * leave it in the price.
 *
 * @returns undefined when the remainder is too small to be routed and nobody may be filled short by it
 */
export function settlePrice(stage: Stage, lot: Lot, route: RouteRemainder): ClearedMarket | undefined {
  const cover = coverOf(lot);
  const whole = lot.members.map((member) => partOf(stage, member, cover.perBuyer, 0n));
  const parts = lot.heavy === 0 ? trimmed(stage, whole, cover) : whole;
  if (parts === undefined) {
    const routed = priced(stage, biddersOf(lot), false);
    return routed.heavy === 0 ? undefined : settlePrice(stage, routed, route);
  }
  const net = netOf(parts);
  const size = net < 0n ? -net : net;
  const side = net > 0n ? 'buy' : 'sell';
  const mid = midFraction(stage.market);
  if (size === 0n) return cleared(stage, parts, mid, undefined, cover, 0);
  if ((size * mid.quoteAtoms) / mid.baseAtoms < LEAST_REMAINDER_ATOMS) return undefined;
  const remainder: Remainder = { side, baseAtoms: size, quoteAtoms: route(stage.market.id, side, size) };
  const price = { quoteAtoms: remainder.quoteAtoms - cover.bySellers, baseAtoms: size };
  return cleared(stage, parts, price, remainder, cover, side === 'buy' ? 1 : -1);
}

/** Quote atoms that make up for rounding. */
interface Cover {
  readonly perBuyer: bigint;
  readonly byBuyers: bigint;
  readonly bySellers: bigint;
}

function coverOf({ members }: Lot): Cover {
  const orders = BigInt(members.length);
  const buyers = BigInt(members.filter(({ bidder }) => bidder.sign > 0).length);
  if (buyers === 0n) return { perBuyer: 0n, byBuyers: 0n, bySellers: orders };
  const perBuyer = ceilQuotient(orders, buyers);
  return { perBuyer, byBuyers: perBuyer * buyers, bySellers: 0n };
}

function biddersOf({ members }: Lot): readonly Bidder[] {
  return members.map(({ bidder }) => bidder);
}

function partOf(stage: Stage, member: Member, cover: bigint, shortAtoms: bigint): Part {
  const { bidder, gas } = member;
  const { baseScale, mid, quoteScale } = stage;
  const isBuy = bidder.sign > 0;
  const gasAtoms = BigInt(Math.ceil(isBuy ? gas * quoteScale : (gas / mid) * baseScale));
  const feeAtoms = isBuy ? gasAtoms + cover : gasAtoms;
  return { member, bidder, baseAtoms: bidder.order.baseAtoms - shortAtoms, shortAtoms, feeAtoms };
}

/** What buyers want beyond what sellers bring: fees of sellers are not for sale. */
function netOf(parts: readonly Part[]): bigint {
  return parts.reduce(
    (net, { baseAtoms, bidder, feeAtoms }) => net + (bidder.sign > 0 ? baseAtoms : feeAtoms - baseAtoms),
    0n,
  );
}

/** Leaves what does not cross to the order of the heavy side that has most room for it; undefined where none has enough. */
function trimmed(stage: Stage, parts: readonly Part[], { perBuyer }: Cover): readonly Part[] | undefined {
  const net = netOf(parts);
  const size = net < 0n ? -net : net;
  if (size === 0n) return parts;
  const heavy = parts.filter(({ bidder }) => bidder.sign > 0 === net > 0n);
  const roomy = heavy.reduce((best, part) => (roomOf(part) > roomOf(best) ? part : best), heavy[0]!);
  if (roomOf(roomy) < size) return undefined;
  return parts.map((part) => (part === roomy ? partOf(stage, part.member, perBuyer, size) : part));
}

/** Something must be left to trade. */
function roomOf({ baseAtoms, bidder, feeAtoms }: Part): bigint {
  const { shortfallAtoms = 0n } = bidder.order;
  return shortfallAtoms < baseAtoms - feeAtoms ? shortfallAtoms : baseAtoms - feeAtoms - 1n;
}

function cleared(
  stage: Stage,
  parts: readonly Part[],
  price: ClearingPrice,
  remainder: Remainder | undefined,
  { byBuyers }: Cover,
  heavy: Lot['heavy'],
): ClearedMarket {
  const fills = parts.map((part) => fillOf(stage, part, price, heavy));
  const buyers = fills.filter(({ side }) => side === 'buy');
  const sellers = fills.filter(({ side }) => side === 'sell');
  const paid = total(buyers, ({ quoteAtoms, feeAtoms }) => quoteAtoms - feeAtoms);
  const received = total(sellers, ({ quoteAtoms }) => quoteAtoms);
  const routed = remainder === undefined ? 0n : remainder.side === 'buy' ? remainder.quoteAtoms : -remainder.quoteAtoms;
  const bought = total(buyers, ({ baseAtoms }) => baseAtoms);
  const sold = total(sellers, ({ baseAtoms, feeAtoms }) => baseAtoms - feeAtoms);
  return {
    marketId: stage.market.id,
    price,
    fills,
    remainder,
    crossedBaseAtoms: bought < sold ? bought : sold,
    fees: {
      quoteAtoms: total(buyers, ({ feeAtoms }) => feeAtoms) - byBuyers,
      baseAtoms: total(sellers, ({ feeAtoms }) => feeAtoms),
    },
    dustQuoteAtoms: byBuyers + paid - received - routed,
  };
}

function fillOf(stage: Stage, part: Part, price: ClearingPrice, heavy: Lot['heavy']): BatchFill {
  const { baseAtoms, bidder, feeAtoms, shortAtoms } = part;
  const { baseScale, mid, quoteScale } = stage;
  const isBuy = bidder.sign > 0;
  const quoteAtoms = isBuy
    ? (baseAtoms * price.quoteAtoms) / price.baseAtoms + feeAtoms
    : ceilQuotient((baseAtoms - feeAtoms) * price.quoteAtoms, price.baseAtoms);
  const units = Number(baseAtoms) / baseScale;
  const cost = bidder.sign * (Number(quoteAtoms) / quoteScale - units * mid);
  const costAlone = Math.min(bidder.outsideCost, aloneBeside(stage, bidder, units, price, heavy));
  return {
    order: bidder.order,
    side: bidder.order.side,
    baseAtoms,
    quoteAtoms,
    feeAtoms,
    shortAtoms,
    cost,
    costAlone,
    savingBps: ((costAlone - cost) / bidder.notional) * 1e4,
  };
}

/**
 * What a trade costs alone when all of the batch trade at the same time, one after another: gas, its half of the spread,
 * and, on average over who comes first, as much of the impact as the batch's price has beyond the spread.
 */
function aloneBeside(stage: Stage, { order, sign }: Bidder, units: number, price: ClearingPrice, heavy: Lot['heavy']) {
  const premium =
    ((Number(price.quoteAtoms) / Number(price.baseAtoms)) * stage.baseScale) / stage.quoteScale - stage.mid;
  const impact = heavy === 0 ? 0 : premium - heavy * stage.firstCost[heavy > 0 ? 'buy' : 'sell'];
  return stage.market.gas.alone + stage[order.side].fixedCost + units * (stage.firstCost[order.side] + sign * impact);
}

function total(fills: readonly BatchFill[], atoms: (fill: BatchFill) => bigint): bigint {
  return fills.reduce((sum, fill) => sum + atoms(fill), 0n);
}

function ceilQuotient(a: bigint, b: bigint): bigint {
  return (a + b - 1n) / b;
}
