import { clearBatch, type BatchInput } from './clear-batch.js';
import { BatchUnsoundError } from './errors.js';
import type { BatchClearing, Removal } from './order.js';

/** An order that would make the settlement fail, and why. */
export interface Culprit {
  readonly orderId: string;
  readonly sentence: string;
}

/** Plays a cleared batch on the latest state: who makes it fail, or that it holds. */
export type SimulateBatch = (
  clearing: BatchClearing,
) => Promise<{ readonly sound: true } | { readonly sound: false; readonly culprits: readonly Culprit[] }>;

/**
 * Clears, simulates, takes out who makes it fail, and clears again at new prices, until the batch holds.
 *
 * @returns the last clearing; culprits are among its removed with code `CULPRIT`
 * @throws {BatchInputInvalidError} as `clearBatch`
 * @throws {BatchUnsoundError} when the simulation fails and names nobody who is in the batch
 * @example
 * ```ts
 * const clearing = await clearUntilSound(input, (cleared) => simulateOnEveryChain(cleared));
 * ```
 */
export async function clearUntilSound(input: BatchInput, simulate: SimulateBatch): Promise<BatchClearing> {
  const blamed = new Map<string, Removal>();
  for (;;) {
    const orders = input.orders.filter(({ id }) => !blamed.has(id));
    const clearing = clearBatch({ ...input, orders });
    const verdict = await simulate(clearing);
    if (verdict.sound) return withCulprits(clearing, [...blamed.values()]);
    const present = new Set(clearing.markets.flatMap(({ fills }) => fills.map(({ order }) => order.id)));
    const found = verdict.culprits.filter(({ orderId }) => present.has(orderId));
    if (found.length === 0) throw new BatchUnsoundError(verdict.culprits.map(({ orderId }) => orderId));
    for (const { orderId, sentence } of found) {
      blamed.set(orderId, Object.freeze({ orderId, code: 'CULPRIT', sentence }));
    }
  }
}

function withCulprits(clearing: BatchClearing, culprits: readonly Removal[]): BatchClearing {
  const removed = [...clearing.removed, ...culprits];
  removed.sort((a, b) => (a.orderId < b.orderId ? -1 : a.orderId > b.orderId ? 1 : 0));
  return Object.freeze({ ...clearing, removed: Object.freeze(removed) });
}
