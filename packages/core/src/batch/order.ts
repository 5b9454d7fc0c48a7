import type { CostCurve } from '../model/cost-curve.js';
import type { DecimalString } from '../model/decimal.js';
import type { Address, Token } from '../model/token.js';

/** One participant's need: a change of delta of exactly so many atoms of the underlying, and what it may cost at most. */
export interface BatchOrder {
  /** Unique: the hash of the intent. Everything that is not decided by money is decided by it. */
  readonly id: string;
  readonly owner: Address;
  readonly side: 'buy' | 'sell';
  /** Ids of the markets in which the owner has the funds; it is placed in one of them. */
  readonly markets: readonly string[];
  /** What the owner's holding of the underlying grows or falls by, fees included. */
  readonly baseAtoms: bigint;
  /** Buying: the most that is paid; selling: the least that is received. All in: fees and gas included. */
  readonly limitQuoteAtoms: bigint;
  /** How far it may be filled short, from the interval that its post-trade delta may lie in. Default: 0. */
  readonly shortfallAtoms?: bigint;
  /** Unix seconds. */
  readonly validUntil: number;
}

/** What gas costs on a market's chain, in numeraire. */
export interface BatchGas {
  /** One settlement, whatever is in it. */
  readonly settlement: number;
  /** Each order in a settlement. */
  readonly order: number;
  /** Beyond the swaps themselves, what a trade alone pays: the transaction, the approval. */
  readonly alone: number;
}

/** One underlying on one chain against its numeraire token, as the router knows it at one block. */
export interface BatchMarket {
  readonly id: string;
  readonly base: Token;
  /** Worth one numeraire a unit. */
  readonly quote: Token;
  /** Numeraire per unit of the underlying: the certified middle of the market. */
  readonly midPrice: DecimalString;
  /** Cost of the best route against `midPrice` for either side; its `fixedCost` is the gas of the first swap. */
  readonly buy: CostCurve;
  readonly sell: CostCurve;
  readonly gas: BatchGas;
}

/** Quote atoms per base atoms, as a fraction: exact where a decimal is not. */
export interface ClearingPrice {
  readonly quoteAtoms: bigint;
  readonly baseAtoms: bigint;
}

/** What one order gets. Amounts in atoms; costs in numeraire against the mid price, gas included. */
export interface BatchFill {
  readonly order: BatchOrder;
  readonly side: 'buy' | 'sell';
  /** Bought atoms; or sold ones with the fee. Short of the order by `shortAtoms`. */
  readonly baseAtoms: bigint;
  /** Paid with the fee; or received. */
  readonly quoteAtoms: bigint;
  /** The share of the gas: quote atoms of a buyer, base atoms of a seller, contained in what is paid or sold. */
  readonly feeAtoms: bigint;
  readonly shortAtoms: bigint;
  readonly cost: number;
  /** What the same trade costs alone, when all of the batch trade one after another: the average over who comes first. */
  readonly costAlone: number;
  /** `costAlone` − `cost`, of the notional. Never below zero beyond rounding. */
  readonly savingBps: number;
}

export type RemovalCode =
  | 'DUPLICATE'
  | 'EXPIRED'
  | 'DUST'
  | 'MARKET_UNKNOWN'
  | 'MARKET_TOO_SMALL'
  | 'LIMIT'
  | 'BETTER_ALONE'
  | 'REMAINDER_TOO_SMALL'
  | 'CULPRIT';

/** An order that is not settled, and why. */
export interface Removal {
  readonly orderId: string;
  readonly code: RemovalCode;
  readonly sentence: string;
}

/** What is bought or sold in the market for all together. */
export interface Remainder {
  readonly side: 'buy' | 'sell';
  readonly baseAtoms: bigint;
  /** Spent, or received at least. */
  readonly quoteAtoms: bigint;
}

/** One market, cleared: what comes in is what goes out, to the atom. */
export interface ClearedMarket {
  readonly marketId: string;
  readonly price: ClearingPrice;
  readonly fills: readonly BatchFill[];
  readonly remainder: Remainder | undefined;
  /** Base atoms that were bought by one participant from another. */
  readonly crossedBaseAtoms: bigint;
  /** What pays for the gas, as it comes in. */
  readonly fees: { readonly quoteAtoms: bigint; readonly baseAtoms: bigint };
  /** Left by rounding, in the participants' favour everywhere else: it stays with the fees. */
  readonly dustQuoteAtoms: bigint;
}

/** A whole batch. */
export interface BatchClearing {
  /** Those with fills, by id. */
  readonly markets: readonly ClearedMarket[];
  /** By order id. */
  readonly removed: readonly Removal[];
  /** Traded between participants, of all that was traded by them: 1 when nothing touches the market. */
  readonly nettedShare: number;
}
