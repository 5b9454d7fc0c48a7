import type { RebalanceIntent } from '@evenkeel/intents';
import type { TokenAmount, Hex } from '../model/token.js';

/** What an outside network offers for a whole intent. */
export interface Bid {
  readonly id: string;
  readonly adapter: string;
  readonly guaranteedOutput: TokenAmount;
  readonly validUntil: number;
  readonly exclusive: boolean;
  readonly gasPaidBySolver: boolean;
}

export type SolverStatus =
  | { readonly state: 'open' }
  | { readonly state: 'filled'; readonly received: TokenAmount; readonly txHash: Hex }
  | { readonly state: 'partially-filled'; readonly received: TokenAmount }
  | { readonly state: 'dead'; readonly reason: 'cancelled' | 'nonce-invalidated' | 'expired' };

/** An outside network that competes with our own routes for whole intents. */
export interface SolverAdapter {
  readonly kind: 'solver';
  readonly id: string;
  readonly name: string;
  bid(intent: RebalanceIntent, signal: AbortSignal): Promise<Bid>;
  submit(bid: Bid, signature: Hex, signal: AbortSignal): Promise<string>;
  track(orderId: string, signal: AbortSignal): Promise<SolverStatus>;
  cancel(orderId: string, signal: AbortSignal): Promise<void>;
  /** True only when the order can never again be filled, however the network behaves. */
  proveDead(orderId: string, signal: AbortSignal): Promise<boolean>;
}
