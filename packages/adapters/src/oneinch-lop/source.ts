import type { Token } from '@evenkeel/core';
import type { SignedLimitOrder } from './order.js';

/** Where orders are looked for: between any two of the tokens, in either direction. */
export interface LimitOrderRequest {
  readonly chainId: number;
  readonly tokens: readonly Token[];
  readonly signal: AbortSignal;
}

/**
 * A book of signed orders. They are claims by strangers: whether they are signed, open and funded is read from the chain.
 */
export interface LimitOrderSource {
  orders(request: LimitOrderRequest): Promise<readonly SignedLimitOrder[]>;
}

/**
 * Orders that somebody has in hand.
 *
 * @example
 * ```ts
 * const source = heldOrders(() => book)
 * ```
 */
export function heldOrders(
  held: (chainId: number) => readonly SignedLimitOrder[] | Promise<readonly SignedLimitOrder[]>,
): LimitOrderSource {
  return Object.freeze({ orders: async ({ chainId }: LimitOrderRequest) => held(chainId) });
}
