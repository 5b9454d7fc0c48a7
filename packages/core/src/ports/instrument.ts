import type { AsOf } from '../model/as-of.js';
import type { Call } from '../model/call.js';
import type { JsonValue } from '../model/curve.js';
import type { DecimalString } from '../model/decimal.js';
import type { Greeks } from '../model/exposure.js';
import type { GasUse } from '../model/quote.js';
import type { Address, TokenAmount } from '../model/token.js';
import type { LogEntry } from './chain.js';

/** What an instrument is to a book: a token held, a future, a token that is borrowed and sold, an option. */
export type InstrumentKind = 'spot' | 'perpetual' | 'loan' | 'option';

/** Something that can be bought or sold to change a book's greeks. */
export interface InstrumentTerms {
  /** Unique within its adapter and chain, stable over time. */
  readonly id: string;
  readonly chainId: number;
  readonly kind: InstrumentKind;
  /** For people: "call 3300 on ETH, 28 November". */
  readonly label: string;
  /** Unix seconds after which it is no more. */
  readonly expirySeconds?: number;
}

/** What is asked of an instrument for one size. */
export interface TradeRequest {
  readonly chainId: number;
  /** An id of `list`. */
  readonly instrument: string;
  /** Signed: bought above zero, sold below. What closes a position that is there closes it before anything is opened. */
  readonly units: DecimalString;
  /** Whose position it is, and who sends the calls. */
  readonly owner: Address;
  /** Numeraire for one unit of the underlying: what costs are measured against. */
  readonly spot: number;
  /** Tolerance against the quote. */
  readonly slippageBps: number;
  /** Unix seconds. */
  readonly deadline: number;
}

/** One size of an instrument: what trading it does to the book, and what it costs to get in, to hold, and to get out. */
export interface TradeQuote {
  readonly id: string;
  readonly adapter: string;
  readonly chainId: number;
  readonly instrument: string;
  readonly units: DecimalString;
  /** What the owner's wallet gains (above zero) or loses, by token. */
  readonly flows: readonly TokenAmount[];
  /** By how much the trade changes the greeks of the book, collateral included. */
  readonly greeks: Pick<Greeks, 'deltaUnits' | 'gammaPerUnit' | 'vegaPerPoint' | 'thetaPerDay'>;
  /**
   * Value that the book loses by the trade, at the spot of the request, in numeraire and without gas: fees, price impact,
   * and the distance of the venue's own price from the spot.
   */
  readonly cost: number;
  /**
   * The part of `cost` that is the distance of the venue's price from the spot: it comes back when the two meet, and what
   * is paid on closing is the distance at that time.
   */
  readonly basis: number;
  /** Numeraire a day at the present rate: funding, or interest less what collateral earns. Below zero: received. */
  readonly carryPerDay: number;
  /** Numeraire that it binds while it is held: margin, collateral, the price of a token. Below zero: freed. */
  readonly tiedUp: number;
  /** What closing it in a market like the present one would cost, without basis and gas. */
  readonly closingCost: number;
  readonly gas: readonly GasUse[];
  readonly closingGas: readonly GasUse[];
  /** Unix seconds. */
  readonly validUntil: number;
  readonly asOf: AsOf;
  /** The adapter's own, plain JSON, handed back to `build` untouched. */
  readonly payload: JsonValue;
}

/** A quote that was accepted. */
export interface TradeFill {
  readonly quote: TradeQuote;
  readonly owner: Address;
  readonly deadline: number;
}

/** What a trade has really done, as the logs of its receipts tell: units of the underlying, and numeraire. */
export interface TradeMeasure {
  /** Signed: bought above zero. */
  readonly units: DecimalString;
  /** What it brought (above zero) or took (below), before the fees that are told of beside it. */
  readonly proceeds: DecimalString;
  /** Fees that the venue tells of. Those of a pool are inside of what it brings. */
  readonly fees: DecimalString;
  /** Funding of what was held before, settled by the trade. Paid above zero. */
  readonly funding: DecimalString;
}

/**
 * A market for positions. As a venue adapter: a frozen object that holds no key, sends nothing, keeps no global state, and
 * throws nothing but an EvenkeelError.
 */
export interface InstrumentAdapter {
  readonly kind: 'instrument';
  readonly id: string;
  readonly name: string;
  readonly chains: readonly number[];
  /** Contracts that its calls may go to, besides approvals of tokens: the guard's allow-list. */
  targets(chainId: number): readonly Address[];
  /** What can be traded at present. */
  list(signal: AbortSignal): Promise<readonly InstrumentTerms[]>;
  quote(request: TradeRequest, signal: AbortSignal): Promise<TradeQuote>;
  /** Pure: exact approvals first, then the actions, then what takes left-over allowances away. */
  build(fill: TradeFill): readonly Call[];
  /**
   * Pure: what the calls of a fill have really done. Absent where the venue's logs do not say it.
   *
   * @param logs of the receipts, in the order of the calls
   */
  measure?(fill: TradeFill, logs: readonly LogEntry[]): TradeMeasure;
}
