import { costsOf, type Stage, unitsOf } from './stage.js';
import type { BatchOrder, Removal } from './order.js';

export interface Admitted {
  /** By id. */
  readonly orders: readonly BatchOrder[];
  readonly removed: readonly Removal[];
}

/**
 * Takes out what can never be settled: expired, dust, without a market, the same intent a second time. What is left is in
 * the order of its ids, so that nothing hangs on who came first.
 */
export function admit(orders: readonly BatchOrder[], stages: ReadonlyMap<string, Stage>, nowSeconds: number): Admitted {
  const sorted = [...orders].sort(byIdThenContent);
  const removed: Removal[] = [];
  const seen = new Set<string>();
  const kept: BatchOrder[] = [];
  for (const order of sorted) {
    const reason = seen.has(order.id)
      ? ({ code: 'DUPLICATE', sentence: 'The same intent is in the batch already; it is settled once.' } as const)
      : reasonAgainst(order, stages, nowSeconds);
    if (reason === undefined) {
      kept.push(usable(order, stages));
    } else {
      removed.push({ orderId: order.id, ...reason });
    }
    seen.add(order.id);
  }
  return { orders: kept, removed };
}

/** An id is the hash of its intent; should a caller give one id to two orders, who came first still decides nothing. */
function byIdThenContent(a: BatchOrder, b: BatchOrder): number {
  if (a.id !== b.id) return a.id < b.id ? -1 : 1;
  const [textA, textB] = [contentOf(a), contentOf(b)];
  return textA < textB ? -1 : textA > textB ? 1 : 0;
}

function contentOf({
  baseAtoms,
  limitQuoteAtoms,
  markets,
  owner,
  shortfallAtoms = 0n,
  side,
  validUntil,
}: BatchOrder): string {
  return [owner, side, baseAtoms, limitQuoteAtoms, shortfallAtoms, validUntil, ...markets].join(' ');
}

/** The order with those of its markets that can take it. */
function usable(order: BatchOrder, stages: ReadonlyMap<string, Stage>): BatchOrder {
  return { ...order, markets: order.markets.filter((id) => fits(order, stages.get(id))) };
}

function fits(order: BatchOrder, stage: Stage | undefined): boolean {
  if (stage === undefined) return false;
  return unitsOf(stage, order.baseAtoms) <= costsOf(stage, order.side === 'buy' ? 1 : -1).maxSizeUnits;
}

function reasonAgainst(
  order: BatchOrder,
  stages: ReadonlyMap<string, Stage>,
  nowSeconds: number,
): Pick<Removal, 'code' | 'sentence'> | undefined {
  const known = order.markets.flatMap((id) => stages.get(id) ?? []);
  if (order.validUntil < nowSeconds) {
    return { code: 'EXPIRED', sentence: `It was valid until ${order.validUntil}; it is ${nowSeconds} now.` };
  }
  if (known.length === 0) {
    return { code: 'MARKET_UNKNOWN', sentence: `None of its markets (${order.markets.join(', ')}) is in this batch.` };
  }
  if (known.every((stage) => isDust(order, stage))) {
    return { code: 'DUST', sentence: 'It is worth less than the gas of one order in a settlement.' };
  }
  if (!order.markets.some((id) => fits(order, stages.get(id)))) {
    return { code: 'MARKET_TOO_SMALL', sentence: 'It is larger than anything that a price is known for.' };
  }
  return undefined;
}

function isDust(order: BatchOrder, stage: Stage): boolean {
  return order.baseAtoms <= 0n || unitsOf(stage, order.baseAtoms) * stage.mid <= stage.market.gas.order;
}
