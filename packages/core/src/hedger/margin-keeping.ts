import type { MarginState, MarginVenue, RejectedCure } from '../margin/index.js';
import type { Hex } from '../model/token.js';
import type { Reconciliation } from '../report/reconcile.js';
import type { HedgingResult } from './trade.js';

/** A way to keep margin: what lies in the wallet beside the account, money over a bridge, or a smaller position. */
export type MarginWay = 'wallet' | 'bridge' | 'reduce';

/** Which margins are kept by the loop itself, and how. */
export interface MarginKeeping {
  readonly venues: readonly MarginVenue[];
  /** Those that may be taken. */
  readonly ways: readonly MarginWay[];
  /** Distance that a cure leaves. Default: half as much again as the limit. */
  readonly restoreDistance?: number;
  /** Accounts are looked at closely when a cure that takes so long might be needed. Default: half an hour. */
  readonly lookAheadSeconds?: number;
}

/** What is about to be done for a margin, for whoever counts the use of limits. */
export interface MarginProposal {
  readonly venue: string;
  readonly chainId: number;
  readonly way: MarginWay;
  /** Numeraire that is traded: nothing where money is only moved. */
  readonly notional: number;
  /** All that it is expected to cost, numeraire. */
  readonly cost: number;
  /** The part of that that is gas. */
  readonly gasCost: number;
}

/** What was done for one margin, each part by itself, or why nothing could be. */
export interface MarginKept {
  readonly venue: string;
  readonly chainId: number;
  /** `part`: of a cure of several, one that is done; `unreachable`: something has to be done, and no way is left. */
  readonly outcome: 'cured' | 'failed' | 'part' | 'simulated' | 'unreachable';
  /** Stable: `MARGIN_CURED`, `MARGIN_CURE_PART`, `MARGIN_CURE_FAILED`, `MARGIN_UNREACHABLE`. */
  readonly code: string;
  readonly sentence: string;
  readonly before: MarginState;
  /** As read after it. */
  readonly after?: MarginState;
  readonly proposal?: MarginProposal;
  readonly rejected: readonly RejectedCure[];
  readonly intentId?: Hex;
  /** Of money that was moved: the books of the chains that took part. */
  readonly reconciliation?: Reconciliation;
  /** Of a smaller position. */
  readonly trade?: HedgingResult;
}

export interface KeepMarginOptions {
  /** Goes the same way, simulates, and sends nothing. */
  readonly dryRun?: boolean;
  readonly signal?: AbortSignal;
  /** Asked before anything is signed; what it throws stops it. */
  readonly permit?: (proposal: MarginProposal) => void | Promise<void>;
  /** Told of each, as it ends. */
  readonly onKept?: (kept: MarginKept) => void;
}
