import { EvenkeelError } from '@evenkeel/intents';
import type { PositionReading } from '../model/position.js';
import type { PreparedBands } from '../policy/band-table.js';
import { decide, type PolicyInput } from '../policy/decide.js';
import { costFunction } from '../policy/cost-function.js';
import type { Band, Decision, DecisionInputs } from '../policy/decision.js';
import { readBands } from '../policy/rules/prepared.js';
import type { Logger } from '../ports/ambient.js';

/** The book as it stands, and all that its exact optimum depends on. */
export interface OptimumQuestion {
  readonly readings: readonly PositionReading[];
  /** What a decision without tables rested on: spot, volatility, risk aversion, gas, latency. */
  readonly inputs: DecisionInputs;
  /** One-way cost of trades within the band, gas left out, as a share of their worth: the mean of the two sides. */
  readonly proportionalCost: number;
  readonly annualRate: number;
  readonly settlement: 'free' | 'unwind' | 'none';
}

/** What is at hand for a book. */
export type OptimumAnswer =
  | {
      readonly kind: 'prepared';
      readonly bands: readonly PreparedBands[];
      /** Until the last of the tables' book settles. */
      readonly horizonSeconds: number;
    }
  | {
      readonly kind: 'none';
      /** Why not, as a sentence for a person. */
      readonly sentence: string;
    };

/**
 * Tables for a book, from what is at hand. Answers at once: a decision waits for no table, so that what is missing is
 * prepared elsewhere, for the next one.
 */
export type OptimumPort = (question: OptimumQuestion) => OptimumAnswer;

/**
 * The decision, by a prepared table of the exact optimum where one that fits is at hand; else by the closed form, with the
 * reason in `bandReason`. A port that fails stops no hedge.
 */
export function decideWith(
  port: OptimumPort | undefined,
  readings: readonly PositionReading[],
  input: PolicyInput,
  logger: Logger | undefined,
): Decision {
  const plain = decide(input);
  if (port === undefined || input.config.rule.kind !== 'optimal' || plain.band === undefined) return plain;
  const { annualRate, config } = input;
  const closedForm = (bandReason: string): Decision => Object.freeze({ ...plain, bandReason });
  try {
    const answer = port({
      readings,
      inputs: plain.inputs,
      proportionalCost: proportionalCostOf(input, plain.band),
      annualRate,
      settlement: config.settlement,
    });
    if (answer.kind === 'none') return closedForm(answer.sentence);
    const { bands, horizonSeconds } = answer;
    const decision = decide({ ...input, bands: readBands(bands), horizonSeconds });
    return decision.bandSource === 'lattice' ? decision : closedForm('No table at hand fits the market of now.');
  } catch (error) {
    if (!(error instanceof EvenkeelError)) throw error;
    logger?.log('warn', 'The tables could not be read; the closed form decides.', { code: error.code });
    return closedForm(`The tables could not be read: ${error.code}.`);
  }
}

/** Between the small and the large trades of a band, in half widths. */
const USUAL_SHARE = Math.sqrt(0.1);

/**
 * Not the first unit's: the cheapest way for a tiny trade is one of little gas, whatever its fee, and no trade of the band
 * goes that way.
 */
function proportionalCostOf({ buyCurve, exposure, sellCurve }: PolicyInput, { high, low }: Band): number {
  const sides = [buyCurve, sellCurve].map(costFunction).filter(({ maxSizeUnits }) => maxSizeUnits > 0);
  const usual = ((Number(high) - Number(low)) / 2) * USUAL_SHARE;
  const costs = sides.map(({ marginalCost, maxSizeUnits, variableCost }) => {
    const size = Math.min(usual, maxSizeUnits);
    return size > 0 ? variableCost(size) / size : marginalCost(0);
  });
  const mean = costs.reduce((sum, each) => sum + each, 0) / costs.length;
  return Math.max(0, mean) / Number(exposure.spot);
}
