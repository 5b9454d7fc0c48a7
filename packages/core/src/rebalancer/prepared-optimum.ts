import { EvenkeelError } from '@evenkeel/intents';
import type { CostCurve } from '../model/cost-curve.js';
import type { PositionReading } from '../model/position.js';
import type { PreparedBands } from '../policy/band-table.js';
import { decide, type PolicyInput } from '../policy/decide.js';
import type { Decision, DecisionInputs } from '../policy/decision.js';
import { readBands } from '../policy/rules/prepared.js';
import type { Logger } from '../ports/ambient.js';

/** The book as it stands, and all that its exact optimum depends on. */
export interface OptimumQuestion {
  readonly readings: readonly PositionReading[];
  /** What a decision without tables rested on: spot, volatility, risk aversion, gas, latency. */
  readonly inputs: DecisionInputs;
  /** What trading costs now, as the router has it. */
  readonly buyCurve: CostCurve;
  readonly sellCurve: CostCurve;
  readonly annualRate: number;
  readonly settlement: 'free' | 'unwind' | 'none';
}

/** Why there is no table for a book, or none that can be read. */
export type NoTableCode =
  | 'END_LEFT_OUT'
  | 'BOOK_WITHOUT_END'
  | 'BOOK_UNREAD'
  | 'AVERSION_BEYOND_TABLES'
  | 'OTHER_GAMMA_OUTWEIGHS'
  | 'NOT_PREPARED_YET'
  | 'NONE_FITS_MARKET'
  | 'TABLES_FAILED';

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
      /** Stable, for programs. */
      readonly code: NoTableCode;
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
 * reason in `bandCode` and `bandReason`. A port that fails stops no hedge.
 */
export function decideWith(
  port: OptimumPort | undefined,
  readings: readonly PositionReading[],
  input: PolicyInput,
  logger: Logger | undefined,
): Decision {
  const plain = decide(input);
  if (port === undefined || input.config.rule.kind !== 'optimal' || plain.band === undefined) return plain;
  const { annualRate, buyCurve, config, sellCurve } = input;
  const closedForm = (bandCode: NoTableCode, bandReason: string): Decision =>
    Object.freeze({ ...plain, bandCode, bandReason });
  try {
    const { settlement } = config;
    const answer = port({ readings, inputs: plain.inputs, buyCurve, sellCurve, annualRate, settlement });
    if (answer.kind === 'none') return closedForm(answer.code, answer.sentence);
    const { bands, horizonSeconds } = answer;
    const decision = decide({ ...input, bands: readBands(bands), horizonSeconds });
    if (decision.bandSource === 'lattice') return decision;
    return closedForm('NONE_FITS_MARKET', 'No table at hand fits the market of now.');
  } catch (error) {
    if (!(error instanceof EvenkeelError)) throw error;
    logger?.log('warn', 'The tables could not be read; the closed form decides.', { code: error.code });
    return closedForm('TABLES_FAILED', `The tables could not be read: ${error.code}.`);
  }
}
