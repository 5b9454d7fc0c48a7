import type { TokenAmount } from '@evenkeel/core';
import type { RefusedContender } from '@evenkeel/core/choose';
import type { HoldingComparison } from '@evenkeel/core/holding';
import type { Reconciliation } from '@evenkeel/core/report';
import type { Answer } from '@evenkeel/core/watch';
import type { MeasuredTrade } from './measured-trade.js';

/** An option that was written or bought. */
export interface OpenedRecord {
  readonly chainId: number;
  readonly instrument: string;
  readonly units: string;
  /** Lost against the venue's own averaged volatility, numeraire. */
  readonly spreadCost: number;
}

export interface LookRecord {
  readonly atSeconds: number;
  readonly spot: number;
  /** Of the whole book, before the trade of this look. */
  readonly delta: number;
  /** Without its hedges. */
  readonly bookDelta: number;
  readonly decision: { readonly action: string; readonly reason: string; readonly sentence: string };
  readonly tradedUnits: number;
}

export interface HedgeTrade {
  readonly atSeconds: number;
  readonly spot: number;
  readonly adapter: string;
  readonly chainId: number;
  readonly instrument: string;
  readonly deltaUnits: number;
  readonly costBps: number;
  readonly holdingCostBpsPerDay: number;
  readonly why: 'expiry' | 'move' | 'policy';
  /** The cheapest first; none for what is closed at the end. */
  readonly compared: readonly HoldingComparison[];
  readonly refused: readonly RefusedContender[];
  readonly measured: MeasuredTrade;
}

/** Something that happened, and what answers it. */
export interface BookEvent {
  readonly code: string;
  readonly chainId: number;
  readonly sentence: string;
  readonly answer: Answer;
}

/** A book from its opening until all of it is money again. */
export interface BookRun {
  /** Only the first look was taken, and nothing of it was sent. */
  readonly dryRun: boolean;
  readonly opened: readonly OpenedRecord[];
  readonly looks: readonly LookRecord[];
  readonly trades: readonly HedgeTrade[];
  readonly events: readonly BookEvent[];
  /** Numeraire. */
  readonly gas: { readonly hedge: number; readonly book: number };
  /** By look: the least that was asked for a unit, one way, as a share of its value. */
  readonly leastShares: readonly number[];
  /** Unix seconds of the end: everything is money again. */
  readonly endSeconds: number;
  readonly spot: { readonly opening: number; readonly closing: number };
  readonly books: Reconciliation;
  readonly wallets: { readonly opening: readonly TokenAmount[]; readonly closing: readonly TokenAmount[] };
}
