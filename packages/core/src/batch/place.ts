import type { BatchOrder } from './order.js';
import { costsOf, type Stage, unitsOf } from './stage.js';

/** The orders of each market, by market id; each list in the order of the input. */
export type Placed = ReadonlyMap<string, readonly BatchOrder[]>;

/** Rounds in which everybody may move once; each lowers the cost of all, so that they end by themselves long before. */
const MOST_ROUNDS = 20;
/** Less than so much of what it costs is no reason to move. */
const NO_REASON = 1e-9;

/**
 * Gives every order one market. Delta does not care on which chain it is bought: who has funds on several goes where it
 * costs all together least, largest first, and moves while that helps.
 */
export function place(orders: readonly BatchOrder[], stages: ReadonlyMap<string, Stage>): Placed {
  const at = new Map<BatchOrder, string>();
  /** Units that are bought less those that are sold. */
  const open = new Map<string, number>();
  const put = (order: BatchOrder, id: string): void => {
    at.set(order, id);
    open.set(id, (open.get(id) ?? 0) + signedUnits(order, stages.get(id)!));
  };
  const take = (order: BatchOrder): void => {
    const id = at.get(order);
    if (id !== undefined) open.set(id, open.get(id)! - signedUnits(order, stages.get(id)!));
    at.delete(order);
  };
  for (const order of orders.filter((each) => !hasChoice(each))) put(order, order.markets[0]!);
  const free = orders.filter(hasChoice).sort(largerFirst);
  for (let round = 0, moved = true; moved && round < MOST_ROUNDS; round += 1) {
    moved = false;
    for (const order of free) {
      const now = at.get(order);
      take(order);
      const best = cheapestFor(order, now, open, stages);
      put(order, best);
      if (best !== now) moved = true;
    }
  }
  const placed = new Map<string, BatchOrder[]>();
  for (const order of orders) {
    const id = at.get(order)!;
    const list = placed.get(id);
    if (list === undefined) placed.set(id, [order]);
    else list.push(order);
  }
  return placed;
}

/** Where an order adds least to what all pay; it stays where it is for less than a reason. */
function cheapestFor(
  order: BatchOrder,
  now: string | undefined,
  open: ReadonlyMap<string, number>,
  stages: ReadonlyMap<string, Stage>,
): string {
  const rated = [...order.markets].sort().map((id) => {
    const stage = stages.get(id)!;
    const units = signedUnits(order, stage);
    const before = open.get(id) ?? 0;
    const money = units * stage.mid + costOf(stage, before + units) - costOf(stage, before);
    return { id, money: id === now ? money - NO_REASON * Math.abs(units) * stage.mid : money };
  });
  return rated.reduce((best, each) => (each.money < best.money ? each : best)).id;
}

/** More than any market's price is known for is infinitely dear, so that a difference of two such costs says nothing. */
function costOf(stage: Stage, net: number): number {
  return Math.min(Number.MAX_SAFE_INTEGER, costsOf(stage, net).variableCost(Math.abs(net)));
}

function signedUnits({ baseAtoms, side }: BatchOrder, stage: Stage): number {
  return (side === 'buy' ? 1 : -1) * unitsOf(stage, baseAtoms);
}

const hasChoice = ({ markets }: BatchOrder): boolean => markets.length > 1;

function largerFirst(a: BatchOrder, b: BatchOrder): number {
  if (a.baseAtoms !== b.baseAtoms) return a.baseAtoms > b.baseAtoms ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}
