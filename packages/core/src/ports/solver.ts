import type { ChildOrder, RebalanceIntent, Spent } from '@evenkeel/intents';
import type { Call } from '../model/call.js';
import type { JsonValue } from '../model/curve.js';
import type { FailureMode, GasUse } from '../model/quote.js';
import type { Address, Hex, Token, TokenAmount } from '../model/token.js';
import type { TypedData } from './account.js';

/**
 * What outside networks are asked to bid for: one slice of an intent, as one order. The funds are those of the intent's
 * signer, who signs the order as well.
 */
export interface SolverRequest {
  /** The parent: it bounds whatever is offered in its name. */
  readonly intent: RebalanceIntent;
  /** Which of the parent's children the order would be, from 0; no live child has the same number. */
  readonly index: number;
  /** Whether the underlying is bought or sold. */
  readonly side: 'buy' | 'sell';
  /** The most that may be drawn, on the chain of its token, whatever the network charges included. */
  readonly input: TokenAmount;
  /** What has to arrive; on another chain when the network crosses chains. */
  readonly tokenOut: Token;
  /** The least that has to arrive for the whole input, in atoms of `tokenOut`. */
  readonly minOutput: bigint;
  /** Where it has to arrive; one that the intent names on that chain. */
  readonly recipient: Address;
  /** Unix seconds after which nothing may be filled any more; not after the intent's own. */
  readonly deadline: number;
  /** Children of the same intent that are not provably dead. */
  readonly liveChildren: readonly ChildOrder[];
  /** What the intent has spent for good. */
  readonly spent: readonly Spent[];
}

/** Until when one solver alone may fill. */
export interface Exclusivity {
  /** As the network names it: mostly an address. */
  readonly solver: Hex;
  /** Unix seconds. */
  readonly until: number;
  /** By how much others must pay more to fill before that; undefined where they cannot at all. */
  readonly overrideBps: number | undefined;
}

/** Who pays for the execution, and what it costs the owner besides. */
export interface BidGas {
  readonly paidBy: 'solver' | 'owner';
  /** What the owner's own transactions use, approvals included; empty when nothing is to be sent. */
  readonly owner: readonly GasUse[];
}

/**
 * What an outside network offers for a {@link SolverRequest}. A claim by a stranger: it is checked against the request,
 * and the order that it wants signed against the parent intent, before anything is made of it.
 */
export interface Bid {
  readonly id: string;
  readonly adapter: string;
  /**
   * The order that is to be signed in the one form that can be held against the parent: inputs are the most that it can
   * draw, `fillDeadline` ends every fill. Networks with a format of their own carry the same amounts and times in it.
   */
  readonly child: ChildOrder;
  /** The most that the order can draw. */
  readonly input: TokenAmount;
  /** The least that arrives when the whole input is drawn, enforced by what is signed. */
  readonly guaranteedOutput: TokenAmount;
  /** What the network expects to pay; not below the guarantee, and nothing that can be relied on. */
  readonly expectedOutput: bigint;
  /** Unix seconds by which it has to be submitted. */
  readonly validUntil: number;
  readonly timeSeconds: { readonly expected: number; readonly worst: number };
  readonly exclusivity: Exclusivity | undefined;
  /** `pro-rata`: any part of the input may be drawn, for at least the same part of the guarantee. */
  readonly partialFill: 'none' | 'pro-rata';
  /** What happens to the money when nobody fills. `revert`: it never left the owner. */
  readonly onFailure: FailureMode;
  readonly gas: BidGas;
  /** Calls of the owner that the order needs before it can be filled: exact approvals. */
  readonly approvals: readonly Call[];
  /** What the owner has to sign; for a contract by ERC-1271. */
  readonly typedData: TypedData;
  /** The adapter's own, plain JSON, handed back untouched. */
  readonly payload: JsonValue;
}

/** An order that a network has been given. All that is needed to follow and to end it, also after a restart: plain data. */
export interface SolverOrder {
  /** Unique within the network. */
  readonly id: string;
  readonly adapter: string;
  readonly child: ChildOrder;
  readonly input: TokenAmount;
  readonly guaranteedOutput: TokenAmount;
  /** Block of the origin chain before which it cannot have been filled. */
  readonly sinceBlock: number;
  /** Calls with which the owner opens it, where networks take no order off chain; else empty. */
  readonly calls: readonly Call[];
  /** The adapter's own, plain JSON. */
  readonly payload: JsonValue;
}

/** What an order has moved so far, or by its end. */
export interface Fills {
  /** Taken from the owner, fees of the network included. */
  readonly drawn: TokenAmount;
  /** Arrived at the recipient. */
  readonly received: TokenAmount;
  /** Of `received`, what is above the guarantee for the part that was drawn, in atoms. */
  readonly surplus: bigint;
  readonly txHashes: readonly Hex[];
}

export type DeathReason = 'cancelled' | 'nonce-invalidated' | 'expired' | 'refunded' | 'rejected';

/**
 * Where an order stands. `filled` and `dead` are final; a `dead` order may have been filled in part before. In
 * `refund-pending` nobody can fill it any more, and the owner's inputs are still held by the network.
 */
export type SolverStatus =
  | { readonly state: 'open'; readonly phase: 'pending' | 'executing' | 'settling' }
  | ({ readonly state: 'partially-filled' } & Fills)
  | { readonly state: 'refund-pending'; readonly refundableAt: number }
  | ({ readonly state: 'filled' } & Fills)
  | ({ readonly state: 'dead'; readonly reason: DeathReason } & Fills);

/** How an order is ended before its time. */
export interface Cancellation {
  /** Calls of the owner after which it cannot be filled, whatever the network does. Empty: time alone ends it. */
  readonly calls: readonly Call[];
  /** What the owner can sign to ask the network to drop it: free, and no proof of anything. */
  readonly request: TypedData | undefined;
}

/** Why an order can never draw anything again: read from a block that is final. */
export interface DeathProof extends Fills {
  /** `filled`: there is nothing left of it to fill. */
  readonly reason: DeathReason | 'filled';
  readonly chainId: number;
  readonly blockNumber: number;
  readonly sentence: string;
}

export interface SolverCapabilities {
  /** Chains on which it can draw. */
  readonly chains: readonly number[];
  /** The output may be wanted on another chain. */
  readonly crossChain: boolean;
  readonly partialFill: boolean;
  /** The owner may be a contract that signs by ERC-1271. */
  readonly contractOwners: boolean;
}

/**
 * An outside network that competes with our own routes for whole slices of an intent. A frozen object; holds no key,
 * sends no transaction, keeps no global state, throws nothing but an EvenkeelError.
 */
export interface SolverAdapter {
  readonly kind: 'solver';
  readonly id: string;
  readonly name: string;
  readonly capabilities: SolverCapabilities;
  /** Contracts that its calls may go to, that its approvals may name, and for which its typed data may be signed. */
  targets(chainId: number): readonly Address[];
  /**
   * What the network offers, or undefined when it has nothing for such a request (a chain or a pair that it does not
   * serve). Refuses a request that its own intent does not cover.
   */
  bid(request: SolverRequest, signal: AbortSignal): Promise<Bid | undefined>;
  /**
   * What a submitted bid will be known by; pure, so that it can be written down *before* it is submitted. An order that
   * was never submitted is tracked like any other: it ends as expired.
   */
  orderOf(bid: Bid, signature: Hex): SolverOrder;
  /** Gives the order to the network. Submitting again what it has already is success. */
  submit(order: SolverOrder, signature: Hex, signal: AbortSignal): Promise<void>;
  /** Never throws for an order that is merely late; throws a retryable error when a node or the network cannot be read. */
  track(order: SolverOrder, signal: AbortSignal): Promise<SolverStatus>;
  cancel(order: SolverOrder, signal: AbortSignal): Promise<Cancellation>;
  /** Sends the signed request of a {@link Cancellation}. */
  requestCancellation?(order: SolverOrder, signature: Hex, signal: AbortSignal): Promise<void>;
  /**
   * The proof that the order can never draw anything again, however the network behaves: read from final blocks, so that
   * no reorganisation takes it back. Undefined as long as there is none.
   */
  proveDead(order: SolverOrder, signal: AbortSignal): Promise<DeathProof | undefined>;
  /** Calls that fetch what the network still holds of the owner's; empty when only time helps. */
  recover?(order: SolverOrder, status: SolverStatus, signal: AbortSignal): Promise<readonly Call[]>;
}
