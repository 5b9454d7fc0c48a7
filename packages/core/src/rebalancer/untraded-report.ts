import type { Hex } from '@evenkeel/intents';
import type { Decision } from '../policy/decision.js';
import type { ExecutionReport } from '../report/execution-report.js';
import type { TrustChange } from '../solicit/trust.js';
import type { Portfolio } from './portfolio.js';
import type { Survey } from './survey.js';

export interface UntradedInput {
  readonly portfolio: Portfolio;
  readonly seen: Survey;
  readonly decision: Decision;
  /** What broken words of venues mean now. */
  readonly trust: readonly TrustChange[];
  /** Of what was simulated; absent where nothing was to be traded. */
  readonly simulated?: Hex;
}

/** Of a decision that sent nothing: to hold, or to simulate. */
export function untradedReport({ decision, portfolio, seen, simulated, trust }: UntradedInput): ExecutionReport {
  const { band, sentence } = decision;
  const { delta } = seen.exposure;
  const middle = portfolio.policy.targetDeltaUnits;
  const told =
    simulated === undefined
      ? ({ outcome: 'held', reason: sentence } as const)
      : ({ outcome: 'dry-run', reason: `Simulated, nothing was sent: ${sentence}` } as const);
  return Object.freeze({
    underlying: portfolio.underlying,
    ...told,
    intentId: simulated ?? null,
    delta: {
      before: delta,
      target: band?.target ?? middle,
      after: delta,
      bandLow: band?.low ?? middle,
      bandHigh: band?.high ?? middle,
    },
    costs: null,
    shortfall: null,
    reconciliation: null,
    efficiency: null,
    startedAtSeconds: seen.atSeconds,
    endedAtSeconds: seen.atSeconds,
    ...(trust.length === 0 ? {} : { trust }),
  });
}
