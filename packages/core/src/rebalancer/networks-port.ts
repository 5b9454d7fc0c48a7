import type { Hex, SignedIntent } from '@evenkeel/intents';
import type { Award } from '../award/award.js';
import type { BidRefusal } from '../award/solicit-bids.js';
import type { ExecutionParts } from '../execution/context.js';
import type { ExecutionResult } from '../execution/execute-programme.js';
import type { DecimalString } from '../model/decimal.js';
import type { Programme } from '../model/programme.js';
import type { Bid } from '../ports/solver.js';
import type { SwapRecord } from '../report/cost-attribution.js';
import type { HedgeRoute } from '../route/hedge.js';
import type { Slice } from '../schedule/schedule.js';
import type { TradePlan } from './opening.js';
import type { Portfolio } from './portfolio.js';
import type { Survey } from './survey.js';

/** An award with those whose answer could not take part in it. */
export type SliceAward = Award & { readonly refusals?: readonly BidRefusal[] };

/** A slice that outside networks may do instead of our own route. */
export interface ContestedSlice {
  readonly portfolio: Portfolio;
  readonly signed: SignedIntent;
  readonly plan: TradePlan;
  readonly slice: Slice;
  /** What was seen before it. */
  readonly survey: Survey;
  /** Our own best. */
  readonly route: HedgeRoute;
  /** What orders around it, approvals and cancellations, are executed with. */
  readonly parts: ExecutionParts;
  /** Networks are asked, and nothing is given to them. */
  readonly dryRun: boolean;
  /** Says what becomes of the order, for people. */
  readonly tell: (sentence: string) => void;
  /** Aborts when the order is to be ended: what it has done by then counts. */
  readonly cancelled: AbortSignal;
  readonly signal: AbortSignal;
}

/** A slice as our own route does it. */
export interface OwnSlice {
  readonly route: HedgeRoute;
  readonly programme: Programme;
  readonly execution: ExecutionResult;
}

/** An order that a network may still fill. */
export interface LiveOrder {
  readonly intentId: Hex;
  readonly slice: number;
}

/** A slice that a network has done, or that our own route has finished after it. */
export interface NetworkSlice extends OwnSlice {
  /** What the network has exchanged; undefined when it has not. */
  readonly swap: SwapRecord | undefined;
}

/** What became of an order of an intent. */
export interface PlacedOrder {
  readonly slice: number;
  /** The slices under which its approvals and cancellations stand. */
  readonly slots: { readonly first: number; readonly last: number };
  /** What the network has exchanged; undefined when it has not, or may still. */
  readonly swap: SwapRecord | undefined;
}

/** Whose orders are meant. */
export type OwnBook = Pick<Portfolio, 'baseTokens' | 'owner' | 'underlying'>;

/** Outside solver networks in the loop. An injected part: a rebalancer without it trades by its own routes. */
export interface NetworksPort {
  /** Ids that an intent has to admit, so that its orders may go there. */
  readonly ids: readonly string[];
  /** Asks the networks for the slice, and puts their bids and our own route on one scale. */
  award(slice: ContestedSlice): Promise<SliceAward>;
  /**
   * Gives the slice to the network that has won it, waits until its order is over by proof, and lets `own` do what is
   * left of it.
   *
   * @param own Does a signed change of delta by a new route of ours, as the programme of this slice.
   */
  carryOut(
    slice: ContestedSlice,
    bid: Bid,
    own: (deltaUnits: DecimalString) => Promise<OwnSlice>,
  ): Promise<NetworkSlice>;
  /** Orders of the book that are not provably over. */
  live(book: OwnBook): Promise<readonly LiveOrder[]>;
  /** Every order that was given out for an intent. */
  orders(intentId: Hex): Promise<readonly PlacedOrder[]>;
  /** The first slice of an intent that no order was given for. */
  nextSlice(intentId: Hex): Promise<number>;
  /**
   * Brings the orders to their end that an earlier process has given, one after another.
   *
   * @param isOver Whether the trade of an intent is closed: then its order is ended at once.
   */
  resume(book: OwnBook, parts: ExecutionParts, isOver: (intentId: Hex) => boolean): Promise<readonly ExecutionResult[]>;
}
