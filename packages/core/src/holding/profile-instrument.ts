import { InvalidInputError } from '@evenkeel/intents';
import type { CostCurve } from '../model/cost-curve.js';
import type { DecimalString } from '../model/decimal.js';
import type { TradeQuote } from '../ports/instrument.js';
import type { InstrumentSide, ProfileInstrument } from '../profile/profile.js';
import { convexPoints } from './convex-points.js';
import { holdingCost, type HoldingTerms } from './holding-cost.js';

/**
 * An instrument as the profile station trades it, from quotes of several sizes each way. What it costs to get in and out
 * again grows with the size along the quotes; carry, capital and basis are paid for each unit and day; gas is the fixed part. Where
 * quotes are not convex (one that rounds, one that a tick favours) the curve is raised until it is: never cheaper than what
 * was quoted.
 *
 * @param quotes of one instrument; at least one, each size once. Beyond the largest one nothing can be traded
 * @throws {InvalidInputError} for no quotes or quotes of several instruments, and as {@link holdingCost}
 * @example
 * ```ts
 * const call = profileInstrument([quoteOf('5'), quoteOf('20'), quoteOf('-5'), quoteOf('-20')], terms)
 * solveProfile({ ...problem, instruments: [call, perpetual] })
 * ```
 */
export function profileInstrument(
  quotes: readonly TradeQuote[],
  terms: HoldingTerms,
  lotUnits?: DecimalString,
): ProfileInstrument {
  const [first] = quotes;
  if (first === undefined) throw new InvalidInputError('quotes', quotes, 'is empty', 'Give at least one.');
  const other = quotes.findIndex((quote) => nameOf(quote) !== nameOf(first));
  if (other !== -1) {
    throw new InvalidInputError(
      `quotes[${other}]`,
      nameOf(quotes[other]!),
      `is not ${nameOf(first)}`,
      'Give one instrument.',
    );
  }
  const units = Number(first.units);
  const { deltaUnits, gammaPerUnit, vegaPerPoint } = first.greeks;
  const buy = sideOf('buy', quotes, terms);
  const sell = sideOf('sell', quotes, terms);
  return Object.freeze({
    id: nameOf(first),
    greeks: Object.freeze({ delta: deltaUnits / units, gamma: gammaPerUnit / units, vega: vegaPerPoint / units }),
    ...(buy !== undefined && { buy }),
    ...(sell !== undefined && { sell }),
    ...(lotUnits !== undefined && { lotUnits }),
  });
}

const nameOf = ({ adapter, chainId, instrument }: TradeQuote): string => `${adapter}/${chainId}/${instrument}`;

function sideOf(
  side: CostCurve['side'],
  quotes: readonly TradeQuote[],
  terms: HoldingTerms,
): InstrumentSide | undefined {
  const sampled = quotes
    .filter(({ units }) => units.startsWith('-') === (side === 'sell'))
    .map((quote) => ({ size: Math.abs(Number(quote.units)), quote, cost: holdingCost(quote, terms) }))
    .sort((a, b) => a.size - b.size);
  const [smallest] = sampled;
  const largest = sampled.at(-1);
  if (smallest === undefined || largest === undefined) return undefined;
  const fixedCost = smallest.cost.gas;
  // What the venue's distance from the spot costs is no price of trading: it may be a gain, and hangs on the time.
  const variable = sampled.map(({ cost, quote, size }) => ({ size, cost: cost.opening - quote.basis + cost.closing }));
  const held = largest.cost.carry + largest.cost.capital + largest.quote.basis + largest.cost.basis;
  return Object.freeze({
    curve: Object.freeze({ side, referencePrice: terms.spot, fixedCost, points: convexPoints(variable, fixedCost) }),
    holdingCostPerDay: terms.days === 0 ? 0 : held / terms.days / largest.size,
    marginPerUnit: largest.quote.tiedUp / largest.size,
  });
}
