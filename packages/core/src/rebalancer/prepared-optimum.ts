import { EvenkeelError } from '@evenkeel/intents';
import type { PositionReading } from '../model/position.js';
import type { PreparedBands } from '../policy/band-table.js';
import { decide, type PolicyInput } from '../policy/decide.js';
import type { Decision, DecisionInputs } from '../policy/decision.js';
import type { Logger } from '../ports/ambient.js';

/** The book as it stands, and all that its exact optimum depends on. */
export interface OptimumQuestion {
  readonly readings: readonly PositionReading[];
  /** What a decision without tables rested on: spot, volatility, risk aversion, gas, latency. */
  readonly inputs: DecisionInputs;
  /** One-way cost of the first unit as a share of its worth, the mean of the two sides. */
  readonly proportionalCost: number;
  readonly annualRate: number;
  readonly settlement: 'free' | 'unwind' | 'none';
}

/** Tables of the optimum of one book. */
export interface PreparedOptimum {
  readonly bands: readonly PreparedBands[];
  /** Until the last of that book settles. */
  readonly horizonSeconds: number;
}

/** Tables for a book, from a cache or prepared now; undefined where none can be had, so that the closed form decides. */
export type OptimumPort = (question: OptimumQuestion) => PreparedOptimum | undefined;

/**
 * The decision, by a prepared table of the exact optimum where there is one. A port that fails stops no hedge: the closed
 * form decides then, and the decision says so in `bandSource`.
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
  const marginals = [buyCurve, sellCurve].flatMap(({ points }) =>
    points.slice(0, 1).map((point) => point.marginalCost),
  );
  const mean = marginals.reduce((sum, each) => sum + each, 0) / marginals.length;
  try {
    const prepared = port({
      readings,
      inputs: plain.inputs,
      proportionalCost: Math.max(0, mean) / Number(plain.inputs.spot),
      annualRate,
      settlement: config.settlement,
    });
    return prepared === undefined ? plain : decide({ ...input, ...prepared });
  } catch (error) {
    if (!(error instanceof EvenkeelError)) throw error;
    logger?.log('warn', 'The optimum could not be prepared; the closed form decides.', { code: error.code });
    return plain;
  }
}
