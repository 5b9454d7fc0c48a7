import { InvalidInputError } from '@evenkeel/intents';
import type { TradeQuote } from '../ports/instrument.js';
import { holdingCost, type HoldingBelief, type HoldingCost, type HoldingTerms } from './holding-cost.js';

/** A way to get a delta, with what is believed of it. */
export interface HoldingCandidate {
  readonly quote: TradeQuote;
  readonly belief: HoldingBelief;
}

export interface HoldingComparison {
  readonly quote: TradeQuote;
  readonly cost: HoldingCost;
  /** Expected cost with the price of its uncertainty: what candidates are ordered by. */
  readonly score: number;
  /** Expected cost in hundredths of a percent of the value of the delta. */
  readonly costBps: number;
  /** Carry and capital, in hundredths of a percent a day. */
  readonly holdingCostBpsPerDay: number;
}

export interface CompareTerms extends Omit<HoldingTerms, 'belief'> {
  /** What a unit of standard deviation counts. Default: 0, expected cost alone. */
  readonly riskWeight?: number;
}

/** Candidates whose deltas differ by more than this share are not alike: a full closing also takes the interest. */
const ALIKE = 2e-3;

/**
 * Orders ways to the same delta by what it costs to hold it that way, the cheapest first; equal ones by adapter, chain and
 * instrument, so that the order is the same everywhere.
 *
 * @throws {InvalidInputError} for no candidates, candidates of different deltas, and as {@link holdingCost}
 * @example
 * ```ts
 * const [cheapest] = compareHolding(quotes.map((quote) => ({ quote, belief })), { days: 7, spot, capitalRate: 0.05, gasCost })
 * ```
 */
export function compareHolding(
  candidates: readonly HoldingCandidate[],
  { riskWeight = 0, ...terms }: CompareTerms,
): readonly HoldingComparison[] {
  const [first] = candidates;
  if (first === undefined) {
    throw new InvalidInputError('candidates', candidates, 'is empty', 'Give at least one quote.');
  }
  if (!(riskWeight >= 0 && Number.isFinite(riskWeight))) {
    throw new InvalidInputError(
      'riskWeight',
      riskWeight,
      'is not a finite number from 0',
      'Write 1 for one deviation.',
    );
  }
  const delta = first.quote.greeks.deltaUnits;
  for (const [index, { quote }] of candidates.entries()) {
    const own = quote.greeks.deltaUnits;
    if (Math.abs(own - delta) <= ALIKE * Math.abs(delta)) continue;
    const hint = 'Ask all instruments for the same delta.';
    throw new InvalidInputError(`candidates[${index}].quote.greeks.deltaUnits`, own, `is not ${delta}`, hint);
  }
  const bps = 10_000 / (Math.abs(delta) * terms.spot);
  const compared = candidates.map(({ belief, quote }): HoldingComparison => {
    const cost = holdingCost(quote, { ...terms, belief });
    return Object.freeze({
      quote,
      cost,
      score: cost.expected + riskWeight * cost.deviation,
      costBps: cost.expected * bps,
      holdingCostBpsPerDay: cost.perDay * bps,
    });
  });
  return Object.freeze(compared.sort((a, b) => a.score - b.score || (keyOf(a) < keyOf(b) ? -1 : 1)));
}

function keyOf({ quote: { adapter, chainId, instrument } }: HoldingComparison): string {
  return `${adapter}/${chainId}/${instrument}`;
}
