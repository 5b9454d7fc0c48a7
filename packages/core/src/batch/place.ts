import type { BatchOrder } from './order.js';
import { aloneCost, type Stage, unitsOf } from './stage.js';

/** The orders of each market, by market id; each list in the order of the ids. */
export type Placed = ReadonlyMap<string, readonly BatchOrder[]>;

/**
 * Gives every order one market. Delta does not care on which chain it is bought: who has funds on several goes where most
 * of the opposite side waits, largest first, and to the cheapest market where nobody waits.
 */
export function place(orders: readonly BatchOrder[], stages: ReadonlyMap<string, Stage>): Placed {
  const placed = new Map<string, BatchOrder[]>();
  /** Units that are bought less those that are sold. */
  const open = new Map<string, number>();
  const put = (order: BatchOrder, id: string): void => {
    const list = placed.get(id);
    if (list === undefined) placed.set(id, [order]);
    else list.push(order);
    open.set(id, (open.get(id) ?? 0) + signOf(order) * unitsOf(stages.get(id)!, order.baseAtoms));
  };
  const [bound, free] = [orders.filter((order) => order.markets.length === 1), orders.filter(hasChoice)];
  for (const order of bound) put(order, order.markets[0]!);
  for (const order of [...free].sort(largerFirst)) put(order, bestMarket(order, open, stages));
  for (const list of placed.values()) list.sort((a, b) => (a.id < b.id ? -1 : 1));
  return placed;
}

function bestMarket(order: BatchOrder, open: ReadonlyMap<string, number>, stages: ReadonlyMap<string, Stage>): string {
  const rated = order.markets.map((id) => {
    const stage = stages.get(id)!;
    const units = unitsOf(stage, order.baseAtoms);
    const opposite = Math.min(units, Math.max(0, -signOf(order) * (open.get(id) ?? 0)));
    return { id, opposite, cost: aloneCost(stage, order.side, units) };
  });
  rated.sort((a, b) => b.opposite - a.opposite || a.cost - b.cost || (a.id < b.id ? -1 : 1));
  return rated[0]!.id;
}

const hasChoice = ({ markets }: BatchOrder): boolean => markets.length > 1;

const signOf = ({ side }: BatchOrder): number => (side === 'buy' ? 1 : -1);

function largerFirst(a: BatchOrder, b: BatchOrder): number {
  if (a.baseAtoms !== b.baseAtoms) return a.baseAtoms > b.baseAtoms ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}
