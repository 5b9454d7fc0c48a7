import type { Hex } from '@evenkeel/intents';
import type { Call } from './call.js';
import type { Quote } from './quote.js';
import type { Address, TokenAmount } from './token.js';

/** What a call step is for; decides how its flows are named and whether it may run after a failure. */
export type StepRole = 'approve' | 'swap' | 'bridge' | 'revoke' | 'recover';

/**
 * One transaction on one chain: a single call, or several where the account can batch them atomically.
 *
 * `spends` and `receives` are the planner's own figures, not the adapter's: the guard simulates the step and refuses it
 * when the account would lose more or gain less.
 */
export interface CallStep {
  readonly kind: 'calls';
  /** Unique within the programme. */
  readonly id: string;
  /** Ids of the steps that have to have succeeded before. A `revoke` step only needs them to be over. */
  readonly after: readonly string[];
  readonly chainId: number;
  /** {@link Account.id} of the account that acts. */
  readonly account: string;
  /** The adapter that built the calls; the intent has to admit it. */
  readonly adapter: string;
  readonly role: StepRole;
  readonly calls: readonly Call[];
  /** The most that the step takes from the account. The native coin stands under the zero address. */
  readonly spends: readonly TokenAmount[];
  /** The least that the step brings to the recipient, on the same chain. */
  readonly receives: readonly TokenAmount[];
  /** Native coin paid on top, as quoted: message fees of a bridge. Gas is not part of it. */
  readonly nativeFeeWei: bigint;
  /** 0, and one more for every time that a step of this id is planned again. */
  readonly attempt: number;
}

/** Waits until a bridge transfer has come to its end. Sends nothing. */
export interface AwaitTransferStep {
  readonly kind: 'await-transfer';
  readonly id: string;
  /** Holds `source`. */
  readonly after: readonly string[];
  /** Id of the bridge adapter. */
  readonly bridge: string;
  /** The call step that puts the funds into the bridge. */
  readonly source: string;
  readonly quote: Quote;
  /** Who receives at the far side. */
  readonly recipient: Address;
}

export type Step = CallStep | AwaitTransferStep;

/** The steps of one slice of one intent: a directed acyclic graph over `after`. Plain data, journaled as it is. */
export interface Programme {
  readonly intentId: Hex;
  /** Which part of the schedule, counted from 0. */
  readonly slice: number;
  readonly steps: readonly Step[];
}
