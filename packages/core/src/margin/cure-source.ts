import type { MarginChange } from './plans.js';

/** One way to bring an account back: money of the wallet or over a bridge, a debt repaid, a part of the position closed. */
export interface CureSource {
  readonly id: string;
  /** What one unit of it adds to the account. */
  readonly change: MarginChange;
  /** Units that can be had: of a token, or 1 for all of a position. */
  readonly available: number;
  /** Until it counts: of the wallet beside the account that is until it is mined. */
  readonly seconds: number;
  /** All that so much of it costs: fees, gas, what hedging the delta elsewhere costs more. Numeraire. */
  readonly cost: (amount: number) => number;
  /** What it draws on: two that draw on the same are not put together. */
  readonly purse?: string;
  /** What it goes through, and how much of that is taken of all together: a vault with a cap. */
  readonly inlet?: { readonly id: string; readonly room: number };
}

/** So much of one source. */
export interface CurePart {
  readonly id: string;
  /** In units of the source. */
  readonly amount: number;
  /** Numeraire. */
  readonly cost: number;
  readonly seconds: number;
}

/** What brings an account back, or keeps it, within its limits: one part where that is enough, the fastest first else. */
export interface MarginCure {
  readonly parts: readonly CurePart[];
  /** Numeraire, of all parts. */
  readonly cost: number;
  /** Until all of it counts. */
  readonly seconds: number;
}
