import { InvalidInputError } from '@evenkeel/intents';
import type { GasUse } from '../model/quote.js';
import type { TradeQuote } from '../ports/instrument.js';
import { type Estimate, rateAfter, rateOver } from './fading-rate.js';

/** How the rate of an instrument and the venue's distance from the spot are believed to go on. */
export interface HoldingBelief {
  /** Days in which half of the carry above its rest, and half of the basis, is gone. `Infinity`: they stay. */
  readonly halfLifeDays: number;
  /** Where carry tends for a unit bought, as a share of its value a day; a sold unit has the opposite. Default: 0. */
  readonly restPerDay?: number;
  /** Standard deviation of the rate's change, as a share of the value a day, per √day. Default: 0. */
  readonly ratePerSqrtDay?: number;
  /** Standard deviation of the basis' change, as a share of the value, per √day. Default: 0. */
  readonly basisPerSqrtDay?: number;
}

export interface HoldingTerms {
  /** How long the position is expected to be held. */
  readonly days: number;
  /** Numeraire for one unit of the underlying. */
  readonly spot: number;
  /** What capital would earn elsewhere, per year: 0.05. */
  readonly capitalRate: number;
  /** Numeraire for so much gas. */
  readonly gasCost: (gas: readonly GasUse[]) => number;
  readonly belief: HoldingBelief;
}

/** Numeraire, paid above zero. The parts add up to `expected`. */
export interface HoldingCost extends Estimate {
  readonly opening: number;
  /** Funding or interest over the time. */
  readonly carry: number;
  /** What is left to pay, or comes back, of the venue's distance from the spot at the end. */
  readonly basis: number;
  /** What the capital that it binds would have earned. */
  readonly capital: number;
  readonly closing: number;
  readonly gas: number;
  /** Carry and capital, by day. */
  readonly perDay: number;
}

const DAYS_PER_YEAR = 365;

/**
 * All that a position costs from before it is opened until after it is closed: opening, carry, the basis that is not come
 * back, capital that is bound, closing, and gas both times. Carry and basis fade as the belief says; their uncertainties are
 * added as if they moved together, which they do on venues whose funding follows the basis.
 *
 * @throws {InvalidInputError} for a number that is not finite or a time below zero
 * @example
 * ```ts
 * const { expected, deviation } = holdingCost(quote, { days: 7, spot: 3000, capitalRate: 0.05, gasCost, belief })
 * ```
 */
export function holdingCost(quote: TradeQuote, terms: HoldingTerms): HoldingCost {
  const { belief, capitalRate, days, gasCost, spot } = terms;
  const { halfLifeDays, restPerDay = 0, ratePerSqrtDay = 0, basisPerSqrtDay = 0 } = belief;
  if (!Number.isFinite(capitalRate)) {
    throw new InvalidInputError('capitalRate', capitalRate, 'is not a rate', 'Write 0.05 for 5 % a year.');
  }
  const units = Number(quote.units);
  const value = Math.abs(units) * spot;
  const carry = rateOver(
    {
      rate: quote.carryPerDay,
      rest: restPerDay * units * spot,
      halfLifeDays,
      deviation: ratePerSqrtDay * value,
    },
    days,
  );
  const left = rateAfter({ rate: quote.basis, rest: 0, halfLifeDays, deviation: basisPerSqrtDay * value }, days);
  const capital = (quote.tiedUp * capitalRate * days) / DAYS_PER_YEAR;
  const gas = gasCost(quote.gas) + gasCost(quote.closingGas);
  const parts = {
    opening: quote.cost,
    carry: carry.expected,
    // What was paid for a price above the spot comes back as far as the price is still above it.
    basis: -left.expected,
    capital,
    closing: quote.closingCost,
    gas,
  };
  const expected = Object.values(parts).reduce((sum, part) => sum + part, 0);
  if (!Number.isFinite(expected)) {
    throw new InvalidInputError(
      'quote',
      parts,
      'has a cost that is not a number',
      'Check the adapter and the gas price.',
    );
  }
  return Object.freeze({
    expected,
    deviation: carry.deviation + left.deviation,
    ...parts,
    perDay: days === 0 ? 0 : (carry.expected + capital) / days,
  });
}
