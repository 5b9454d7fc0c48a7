import { EvenkeelError, InvalidInputError } from '@evenkeel/intents';
import { compareHolding, type CompareTerms, type HoldingComparison } from '../holding/compare-holding.js';
import type { HoldingBelief } from '../holding/holding-cost.js';
import { type MarginLimits, type MarginStep, requireMargin } from '../margin/limits.js';
import { Decimal, type DecimalString } from '../model/decimal.js';
import type { Address } from '../model/token.js';
import type { InstrumentAdapter, TradeQuote, TradeRequest } from '../ports/instrument.js';
import { NoInstrumentError } from './errors.js';

/** One way to change the delta that competes with the others. */
export interface Contender {
  readonly adapter: InstrumentAdapter;
  readonly chainId: number;
  /** An id of the adapter's `list`, of which one unit has a delta of one. */
  readonly instrument: string;
  readonly belief: HoldingBelief;
  /** Signed units that are held of it already: what closes them has not to be closed later. Default: "0". */
  readonly heldUnits?: DecimalString;
  /** The account that its margin is of: as it is, then after each step of the trade. Absent: it needs none. */
  readonly margin?: (quote: TradeQuote, signal: AbortSignal) => Promise<readonly MarginStep[]>;
}

export interface ChoiceTerms extends CompareTerms {
  /** Signed change of delta that is wanted. */
  readonly deltaUnits: DecimalString;
  readonly owner: Address;
  readonly slippageBps: number;
  /** Unix seconds. */
  readonly deadline: number;
  /** What no step of a trade may break. Absent: margins are not looked at. */
  readonly marginLimits?: MarginLimits;
}

/** Why a contender is not among those that were compared. */
export interface RefusedContender {
  readonly adapter: string;
  readonly chainId: number;
  readonly instrument: string;
  /** Of the error: `PERP_MARGIN_TOO_LOW`, `MARGIN_LIMIT`, … */
  readonly code: string;
  readonly sentence: string;
}

/** The cheapest to hold, what it was held against, and who could not take part. Frozen. */
export interface InstrumentChoice {
  readonly chosen: HoldingComparison;
  /** All that quoted, the cheapest first. */
  readonly compared: readonly HoldingComparison[];
  readonly refused: readonly RefusedContender[];
}

/**
 * Lets instruments compete for one change of delta: all are asked at once for the same size, those whose margin would
 * break a limit are out, and the one that is cheapest to hold over the time is chosen. Where a trade closes what is held,
 * its closing later is saved instead of paid.
 *
 * One that refuses or fails with an error of its own is out, with its code; the others still compete.
 *
 * @throws {NoInstrumentError} when none is left, with the reasons
 * @throws {InvalidInputError} for no contenders, and as `compareHolding`
 * @throws what is no EvenkeelError, and the signal's reason when it aborts
 *
 * @example
 * ```ts
 * const { chosen } = await chooseInstrument([perp, spot, loan], { deltaUnits: '-3.5', owner, spot, slippageBps: 50,
 *   deadline, days: 6, capitalRate: 0.04, gasCost, marginLimits: { maxLeverage: 5, minDistance: 0.15 } }, signal)
 * await send(contender.adapter.build({ quote: chosen.quote, owner, deadline }))
 * ```
 */
export async function chooseInstrument(
  contenders: readonly Contender[],
  terms: ChoiceTerms,
  signal: AbortSignal,
): Promise<InstrumentChoice> {
  if (contenders.length === 0) {
    throw new InvalidInputError('contenders', contenders, 'is empty', 'Give at least one instrument.');
  }
  const answers = await Promise.all(contenders.map((contender) => askContender(contender, terms, signal)));
  signal.throwIfAborted();
  const refused = answers.flatMap((answer) => ('code' in answer ? [answer] : []));
  const offers = answers.flatMap((answer) => ('code' in answer ? [] : [answer]));
  if (offers.length === 0) {
    const reasons = refused.map(({ adapter, chainId, code }) => ({ name: `${adapter}/${chainId}`, code }));
    throw new NoInstrumentError(terms.deltaUnits, reasons);
  }
  const compared = compareHolding(offers, terms);
  return Object.freeze({ chosen: compared[0]!, compared, refused: Object.freeze(refused) });
}

export interface Offer {
  readonly quote: TradeQuote;
  readonly belief: HoldingBelief;
}

/** One answer, with what closing is saved by it; or why there is none. */
export async function askContender(
  contender: Contender,
  terms: ChoiceTerms,
  signal: AbortSignal,
): Promise<Offer | RefusedContender> {
  const { adapter, belief, chainId, instrument, margin } = contender;
  const { deadline, deltaUnits, marginLimits, owner, slippageBps, spot } = terms;
  const request: TradeRequest = { chainId, instrument, units: deltaUnits, owner, spot, slippageBps, deadline };
  try {
    const quote = await adapter.quote(request, signal);
    if (margin !== undefined && marginLimits !== undefined) requireMargin(await margin(quote, signal), marginLimits);
    return { quote: withSavedClosing(quote, contender), belief };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof EvenkeelError)) throw error;
    return Object.freeze({ adapter: adapter.id, chainId, instrument, code: error.code, sentence: error.message });
  }
}

/** What is closed now is not closed later: its part of the closing cost is saved, that of what is opened is paid. */
function withSavedClosing(quote: TradeQuote, { heldUnits = '0' }: Contender): TradeQuote {
  const [units, held] = [new Decimal(quote.units), new Decimal(heldUnits)];
  if (held.isZero() || held.isNegative() === units.isNegative()) return quote;
  const closed = Math.min(1, held.abs().div(units.abs()).toNumber());
  const isAllClosed = closed === 1;
  return Object.freeze({
    ...quote,
    closingCost: quote.closingCost * (1 - 2 * closed),
    closingGas: isAllClosed ? Object.freeze([]) : quote.closingGas,
  });
}
