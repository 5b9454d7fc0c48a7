import type { Call } from '../model/call.js';
import type { Pool } from '../model/curve.js';
import type { Quote, QuoteRequest } from '../model/quote.js';
import type { Address, Token } from '../model/token.js';

export interface VenueCapabilities {
  readonly chains: readonly number[];
  /** `curve`: `liquidity` gives pure curves. `quote`: opaque offers for one amount. An adapter has at least one. */
  readonly curve: boolean;
  readonly quote: boolean;
}

/** Which markets are wanted: any pool on `chainId` between two tokens of the list. */
export interface LiquidityRequest {
  readonly chainId: number;
  readonly tokens: readonly Token[];
  readonly signal: AbortSignal;
}

/** One swap of a route, as decided by the router, to be turned into calls. */
export interface SwapFill {
  readonly kind: 'swap';
  readonly pool: Pool;
  readonly tokenIn: Token;
  readonly tokenOut: Token;
  readonly amountIn: bigint;
  readonly minReceived: bigint;
  readonly sender: Address;
  readonly recipient: Address;
  /** Unix seconds, enforced on chain. */
  readonly deadline: number;
}

/** An opaque offer that was accepted. */
export interface QuoteFill {
  readonly kind: 'quote';
  readonly quote: Quote;
  readonly sender: Address;
  readonly recipient: Address;
  readonly deadline: number;
}

/**
 * A market on one or more chains. A frozen object; holds no key, sends nothing, keeps no global state, throws nothing
 * but an EvenkeelError.
 */
export interface VenueAdapter {
  readonly kind: 'venue';
  readonly id: string;
  readonly name: string;
  readonly capabilities: VenueCapabilities;
  /** Contracts that calls of this adapter may go to, per chain: the guard's allow-list. */
  targets(chainId: number): readonly Address[];
  liquidity?(request: LiquidityRequest): Promise<readonly Pool[]>;
  quote?(request: QuoteRequest, signal: AbortSignal): Promise<Quote>;
  /** Pure: exact approvals first, then the action, then what takes left-over allowances away. */
  build(fill: SwapFill | QuoteFill): readonly Call[];
}
