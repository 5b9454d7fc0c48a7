import type { AsOf } from './as-of.js';
import type { JsonValue } from './curve.js';
import type { Token, TokenAmount } from './token.js';

export type FeeKind = 'liquidity-provider' | 'protocol' | 'bridge' | 'relayer' | 'message' | 'integrator' | 'other';

/** One fee of a quote, in atoms of the token it is taken in. */
export interface Fee {
  readonly kind: FeeKind;
  readonly amount: TokenAmount;
  /** True when `output` is already net of it; false when it is paid on top (a message fee in native coin). */
  readonly included: boolean;
}

/** What happens to the money when the offer cannot be honoured. */
export type FailureMode = 'revert' | 'refund-automatic' | 'refund-by-claim' | 'needs-signature';

/** Gas that somebody of ours pays on one chain. */
export interface GasUse {
  readonly chainId: number;
  readonly units: bigint;
}

/**
 * A priced offer for one exact amount. A claim by a stranger: solicit checks its arithmetic, the guard its truth.
 *
 * Invariants that are checked: amounts are positive, `minReceived ≤ output.atoms`, fees are not negative, `validUntil`
 * is in the future, all tokens are the ones that were asked for.
 */
export interface Quote {
  readonly id: string;
  readonly adapter: string;
  readonly kind: 'venue' | 'bridge';
  readonly input: TokenAmount;
  /** What is expected to arrive, net of all included fees. */
  readonly output: TokenAmount;
  /** The least that arrives, in atoms of the output token, enforced on chain or by the bridge's own rules. */
  readonly minReceived: bigint;
  readonly fees: readonly Fee[];
  readonly gas: readonly GasUse[];
  readonly timeSeconds: { readonly expected: number; readonly worst: number };
  /** Unix seconds. */
  readonly validUntil: number;
  readonly asOf: AsOf;
  readonly onFailure: FailureMode;
  /** Who loses while the funds are between chains; venues on one chain have none. */
  readonly riskBearer?: 'owner' | 'relayer' | 'protocol';
  /** The adapter's own, plain JSON, handed back to `build` untouched. */
  readonly payload: JsonValue;
}

/** What is asked of a venue or bridge for one amount. */
export interface QuoteRequest {
  readonly input: TokenAmount;
  readonly tokenOut: Token;
  /** Who sends on the origin chain. */
  readonly sender: `0x${string}`;
  /** Who receives on the destination chain; the account's own address there. */
  readonly recipient: `0x${string}`;
  /** Tolerance against the quote. */
  readonly slippageBps: number;
  /** Latest arrival, unix seconds. */
  readonly deadline: number;
}
