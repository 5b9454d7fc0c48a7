import { type Stage, unitsOf } from './stage.js';
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
  const removed: Removal[] = [];
  const kept: BatchOrder[] = [];
  for (const [order, ...same] of byId(orders)) {
    const verdict = verdictOn(order, stages, nowSeconds);
    if ('code' in verdict) removed.push({ orderId: order.id, ...verdict });
    else kept.push(verdict);
    for (const { id } of same) removed.push({ orderId: id, ...TWICE });
  }
  return { orders: kept, removed };
}

const TWICE = { code: 'DUPLICATE', sentence: 'The same intent is in the batch already; it is settled once.' } as const;

/** An id is the hash of its intent; should a caller give one id to two orders, who came first still decides nothing. */
function byId(orders: readonly BatchOrder[]): readonly (readonly [BatchOrder, ...BatchOrder[]])[] {
  const groups = new Map<string, [BatchOrder, ...BatchOrder[]]>();
  for (const order of orders) {
    const group = groups.get(order.id);
    if (group === undefined) groups.set(order.id, [order]);
    else group.push(order);
  }
  return [...groups.keys()].sort().map((id) => {
    const group = groups.get(id)!;
    return group.length === 1 ? group : group.sort(byContent);
  });
}

function byContent(a: BatchOrder, b: BatchOrder): number {
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

/** The order with those of its markets that can take it, or why it can never be settled. */
function verdictOn(
  order: BatchOrder,
  stages: ReadonlyMap<string, Stage>,
  nowSeconds: number,
): BatchOrder | Pick<Removal, 'code' | 'sentence'> {
  if (order.validUntil < nowSeconds) {
    return { code: 'EXPIRED', sentence: `It was valid until ${order.validUntil}; it is ${nowSeconds} now.` };
  }
  let isKnown = false;
  let isDust = true;
  const fitting: string[] = [];
  for (const id of order.markets) {
    const stage = stages.get(id);
    if (stage === undefined) continue;
    isKnown = true;
    const units = unitsOf(stage, order.baseAtoms);
    if (units > 0 && units * stage.mid > stage.market.gas.order) isDust = false;
    if (units <= stage[order.side].maxSizeUnits) fitting.push(id);
  }
  if (!isKnown) {
    return { code: 'MARKET_UNKNOWN', sentence: `None of its markets (${order.markets.join(', ')}) is in this batch.` };
  }
  if (isDust) return { code: 'DUST', sentence: 'It is worth less than the gas of one order in a settlement.' };
  if (fitting.length === 0) {
    return { code: 'MARKET_TOO_SMALL', sentence: 'It is larger than anything that a price is known for.' };
  }
  return { ...order, markets: fitting };
}
