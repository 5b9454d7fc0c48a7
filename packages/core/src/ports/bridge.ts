import type { Call } from '../model/call.js';
import type { Quote, QuoteRequest } from '../model/quote.js';
import type { Address, Token } from '../model/token.js';
import type { BridgeStatus, Transfer } from '../model/transfer.js';
import type { QuoteFill } from './venue.js';

/** A pair of tokens between which a bridge moves value. */
export interface Lane {
  readonly from: Token;
  readonly to: Token;
}

/** What a lane can carry *now*, in atoms of the input token. */
export interface LaneLimits {
  readonly min: bigint;
  readonly max: bigint;
  /** For people: what sets the maximum ("far-side collateral 12,000 USDC"). */
  readonly reason: string;
}

export interface BridgeCapabilities {
  readonly lanes: readonly Lane[];
  /** Calls may be attached that run on arrival. */
  readonly destinationCalls: boolean;
  /** A stuck transfer can be helped by a call of ours. */
  readonly recoverable: boolean;
}

/** Moves value between chains. Same rules as for a VenueAdapter. */
export interface BridgeAdapter {
  readonly kind: 'bridge';
  readonly id: string;
  readonly name: string;
  readonly capabilities: BridgeCapabilities;
  targets(chainId: number): readonly Address[];
  limits(lane: Lane, signal: AbortSignal): Promise<LaneLimits>;
  quote(request: QuoteRequest, signal: AbortSignal): Promise<Quote>;
  /** Pure, as for a venue. */
  build(fill: QuoteFill): readonly Call[];
  /** Never throws for a transfer that is merely late; throws a retryable error when a node cannot be read. */
  track(transfer: Transfer, signal: AbortSignal): Promise<BridgeStatus>;
  /** Calls that move a stuck transfer towards its end; empty when only time helps. */
  recover?(transfer: Transfer, status: BridgeStatus, signal: AbortSignal): Promise<readonly Call[]>;
}
