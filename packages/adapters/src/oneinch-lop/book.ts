import { type Address, type BookLevel, sameAddress } from '@evenkeel/core';
import { levelOf } from './level.js';
import { traitsOf } from './order.js';
import type { SeenOrder } from './state.js';

/** An open order as a level of a book. */
export interface BookEntry {
  readonly order: SeenOrder;
  readonly level: BookLevel;
  readonly byContract: boolean;
}

/** Less than this part of all that is offered is not worth the gas of an order of its own, nor a place in the book. */
const DUST_PARTS = 1_000n;

/**
 * The open orders that take one token for another, best first. What a maker has is counted once over all its orders; of
 * orders that one bit crosses off only the best is taken.
 */
export function bookOf(
  seen: readonly SeenOrder[],
  takerAsset: Address,
  makerAsset: Address,
  maxOrders: number,
): readonly BookEntry[] {
  const serving = seen
    .filter(({ order }) => sameAddress(order.takerAsset, takerAsset) && sameAddress(order.makerAsset, makerAsset))
    .sort((a, b) => byPrice(priceOf(a), priceOf(b)));
  const spent = new Map<string, bigint>();
  const taken = new Set<string>();
  const entries = serving.flatMap((order): BookEntry[] => {
    const { state } = order;
    if (state.status === 'closed') return [];
    const maker = order.order.maker.toLowerCase();
    const { nonceOrEpoch, usesBit } = traitsOf(order.order);
    const name = usesBit ? `${maker}:${nonceOrEpoch}` : order.hash;
    if (taken.has(name)) return [];
    const left = state.funded - (spent.get(maker) ?? 0n);
    const level = levelOf(order.order, left < state.remaining ? left : state.remaining);
    if (level === undefined) return [];
    spent.set(maker, (spent.get(maker) ?? 0n) + level.amountOut);
    taken.add(name);
    return [{ order, level, byContract: state.byContract }];
  });
  const offered = entries.reduce((sum, { level }) => sum + level.amountOut, 0n);
  return (
    entries
      .filter(({ level }) => level.amountOut * DUST_PARTS >= offered)
      .slice(0, maxOrders)
      // A level that leaves a part out may be a hair worse than its order.
      .sort((a, b) => byPrice(a.level, b.level))
  );
}

const priceOf = ({ order: { makingAmount, takingAmount } }: SeenOrder): BookLevel => ({
  amountIn: takingAmount,
  amountOut: makingAmount,
});

function byPrice(a: BookLevel, b: BookLevel): number {
  const [ours, theirs] = [a.amountOut * b.amountIn, b.amountOut * a.amountIn];
  return ours === theirs ? 0 : ours > theirs ? -1 : 1;
}
