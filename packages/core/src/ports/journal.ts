import type { Hex, SignedIntent } from '@evenkeel/intents';
import type { JsonValue } from '../model/curve.js';
import type { Programme } from '../model/programme.js';
import type { Address } from '../model/token.js';
import type { BridgeStatus, Transfer } from '../model/transfer.js';
import type { GasPrice } from './account.js';

/** One slice of one intent. */
export interface ProgrammeKey {
  readonly intentId: Hex;
  readonly slice: number;
}

/** One attempt at one step: the unit that happens at most once. */
export interface StepKey extends ProgrammeKey {
  readonly step: string;
  readonly attempt: number;
}

/** The queue that an operation of an account stands in: its nonces are used one after another. */
export interface NonceLane {
  readonly chainId: number;
  readonly account: Address;
  readonly nonceKey: bigint;
}

/** How a programme ended. `running` has not. */
export type ProgrammeState = 'running' | 'completed' | 'stopped' | 'cancelled';

export interface ProgrammeRecord {
  readonly programme: Programme;
  readonly state: ProgrammeState;
  /** Somebody asked for it to end: nothing new is sent, what can be cancelled is. */
  readonly cancelRequested: boolean;
  readonly createdAtMs: number;
}

/**
 * Where a nonce went. `open`: not known yet. `filled`: the step's own transaction is final (it may have reverted, see
 * `success`). `cancelled`: a cancellation is. `lost`: the chain used the nonce for something that is not ours.
 */
export type ReservationState = 'open' | 'filled' | 'cancelled' | 'lost';

/** A nonce that is set aside for one step. Unique per step key and per (lane, nonce). */
export interface Reservation extends NonceLane {
  readonly id: number;
  readonly key: StepKey;
  readonly nonce: bigint;
  readonly state: ReservationState;
  readonly reservedAtMs: number;
  /** Which of its transactions is final; only in states `filled` and `cancelled`. */
  readonly finalHash?: Hex;
  readonly success?: boolean;
}

/** A signed operation of a reservation. `bump` counts from 0; each is a child row of the same nonce. */
export interface StoredOperation extends GasPrice {
  readonly reservationId: number;
  readonly bump: number;
  readonly purpose: 'step' | 'cancellation';
  readonly raw: Hex;
  readonly hash: Hex;
  readonly gasLimit: bigint;
  readonly signedAtMs: number;
}

/** Final facts about a reservation, written together with its flows or not at all. */
export interface Settlement {
  readonly state: 'filled' | 'cancelled' | 'lost';
  readonly finalHash?: Hex;
  readonly success?: boolean;
}

/** Why atoms moved. `wrap` is native coin against its wrapped token; `value` native coin sent along with a call. */
export type FlowKind =
  'swap' | 'bridge-out' | 'bridge-in' | 'bridge-refund' | 'value' | 'wrap' | 'gas' | 'l1-fee' | 'other';

/** Atoms that entered (positive) or left (negative) the account, read from a receipt. */
export interface Flow extends ProgrammeKey {
  readonly step: string;
  readonly chainId: number;
  /** The zero address for the native coin. */
  readonly token: Address;
  readonly atoms: bigint;
  readonly kind: FlowKind;
  readonly txHash: Hex;
  /** Tells the flows of one transaction apart: `log:3`, `gas`. Unique per (chain, transaction). */
  readonly part: string;
}

/** How a step ended that is not told by its reservation alone. */
export interface StepOutcome {
  readonly key: StepKey;
  readonly state: 'done' | 'failed' | 'skipped' | 'cancelled';
  /** Stable reason code. */
  readonly code: string;
  readonly sentence: string;
  readonly txHash?: Hex;
}

/** A bridge transfer and where it was last seen. */
export interface TransferRecord {
  readonly key: StepKey;
  readonly transfer: Transfer;
  readonly status: BridgeStatus;
  readonly updatedAtMs: number;
}

/** One line of the decision log. */
export interface DecisionRecord {
  readonly atMs: number;
  readonly intentId?: Hex;
  readonly slice?: number;
  readonly step?: string;
  /** Stable reason code. */
  readonly code: string;
  readonly sentence: string;
  readonly simulated: boolean;
  readonly details: { readonly [key: string]: JsonValue };
}

/**
 * The outbox: what must survive a crash so that nothing is done twice. Every method is one transaction, on disk when
 * its promise resolves. Whatever is read is checked by schema; a row that breaks it is `JOURNAL_CORRUPT`.
 *
 * All `put`, `reserve` and `persist` methods are first writer wins: they answer with what is stored, which is not
 * always what was given, and only the stored copy may be used from then on.
 */
export interface Journal {
  /** @throws JOURNAL_CONFLICT when another content is stored under the same id. */
  putIntent(signed: SignedIntent): Promise<SignedIntent>;
  intent(id: Hex): Promise<SignedIntent | undefined>;

  putProgramme(programme: Programme, atMs: number): Promise<ProgrammeRecord>;
  programme(key: ProgrammeKey): Promise<ProgrammeRecord | undefined>;
  programmes(filter?: {
    readonly state?: ProgrammeState;
    readonly intentId?: Hex;
  }): Promise<readonly ProgrammeRecord[]>;
  requestCancel(key: ProgrammeKey): Promise<void>;
  /** Asked at every turn of every execution: cheap. False for a programme that is not known. */
  isCancelRequested(key: ProgrammeKey): Promise<boolean>;
  finishProgramme(key: ProgrammeKey, state: Exclude<ProgrammeState, 'running'>): Promise<void>;

  /**
   * Sets the next nonce of the lane aside: one more than the highest in the journal, and at least `floor` (what the
   * chain has used up). The reservation of a step that has one already is answered unchanged.
   *
   * @throws JOURNAL_STEP_TAKEN when the step has ended without one
   */
  reserve(key: StepKey, lane: NonceLane, floor: bigint, atMs: number): Promise<Reservation>;
  reservation(key: StepKey): Promise<Reservation | undefined>;
  /** Every reservation of a lane that is still open, lowest nonce first. */
  openReservations(lane: NonceLane): Promise<readonly Reservation[]>;
  /** @throws JOURNAL_CONFLICT when the reservation is settled or unknown. */
  persistOperation(operation: StoredOperation): Promise<StoredOperation>;
  /** All signed operations of a reservation, by `bump`. */
  operations(reservationId: number): Promise<readonly StoredOperation[]>;
  /**
   * Writes the end of a reservation and the flows of its final transaction, replacing what an earlier settlement of the
   * same reservation had written (a reorganisation may change what a transaction cost).
   */
  settle(reservationId: number, settlement: Settlement, flows: readonly Flow[]): Promise<Reservation>;
  /**
   * A reorganisation has undone a settled reservation: it is open again, its flows and the step's outcome are gone, its
   * operations stay.
   */
  reopen(reservationId: number): Promise<Reservation>;

  /** @throws JOURNAL_STEP_TAKEN while the step's reservation is open */
  putOutcome(outcome: StepOutcome): Promise<StepOutcome>;
  outcomes(key: ProgrammeKey): Promise<readonly StepOutcome[]>;

  putTransfer(record: TransferRecord): Promise<TransferRecord>;
  /** The new status and, when it is terminal, the flows that it brought; a terminal status is never overwritten. */
  updateTransfer(key: StepKey, status: BridgeStatus, flows: readonly Flow[], atMs: number): Promise<TransferRecord>;
  transfers(filter?: { readonly intentId?: Hex; readonly open?: boolean }): Promise<readonly TransferRecord[]>;

  /**
   * What somebody else's transactions moved in the account's name: fills of an order given to an outside network. Replaces
   * what the same source had written before.
   */
  putOutsideFlows(source: string, flows: readonly Flow[]): Promise<void>;
  flows(filter?: { readonly intentId?: Hex; readonly slice?: number }): Promise<readonly Flow[]>;

  appendDecision(decision: DecisionRecord): Promise<void>;
  decisions(filter?: { readonly intentId?: Hex; readonly code?: string }): Promise<readonly DecisionRecord[]>;

  /** Lets go of the lock. Any use afterwards is `JOURNAL_CLOSED`. */
  close(): Promise<void>;
}
