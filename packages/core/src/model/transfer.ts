import type { Quote } from './quote.js';
import type { Hex, TokenAmount } from './token.js';

/** A bridge transfer whose origin transaction was sent; all that is needed to track it after a restart. Plain data. */
export interface Transfer {
  readonly id: string;
  readonly adapter: string;
  readonly quote: Quote;
  readonly originTxHash: Hex;
  readonly sentAtSeconds: number;
}

/**
 * Where a transfer is. It always ends in one of the terminal states *filled*, *filled-otherwise*, *refunded*;
 * *expired* and *refund-pending* are states on the way to a refund.
 */
export type BridgeStatus =
  | { readonly state: 'pending'; readonly reason: string }
  | { readonly state: 'expired'; readonly reason: string }
  | { readonly state: 'refund-pending'; readonly reason: string; readonly needsClaim: boolean }
  | { readonly state: 'filled'; readonly received: TokenAmount; readonly txHash: Hex }
  | {
      readonly state: 'filled-otherwise';
      readonly received: readonly TokenAmount[];
      readonly txHash: Hex;
      readonly reason: string;
    }
  | { readonly state: 'refunded'; readonly received: TokenAmount; readonly txHash: Hex };

export function isTerminal(status: BridgeStatus): boolean {
  return status.state === 'filled' || status.state === 'filled-otherwise' || status.state === 'refunded';
}
