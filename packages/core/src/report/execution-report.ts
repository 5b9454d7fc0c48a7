import type { JsonValue } from '../model/curve.js';
import type { DecimalString } from '../model/decimal.js';
import type { Interval } from '../model/interval.js';
import type { Hex } from '../model/token.js';
import type { TrustChange } from '../solicit/trust.js';
import type { CostAttribution } from './cost-attribution.js';
import type { ImplementationShortfall } from './implementation-shortfall.js';
import type { RebalancingEfficiency } from './rebalancing-efficiency.js';
import type { Reconciliation } from './reconcile.js';

export type ExecutionOutcome = 'hedged' | 'held' | 'dry-run' | 'partly-hedged' | 'failed';

/** What one rebalancing did, cost and left. */
export interface ExecutionReport {
  readonly underlying: string;
  readonly outcome: ExecutionOutcome;
  /** Why it ended so, in a sentence. */
  readonly reason: string;
  readonly intentId: Hex | null;
  readonly delta: {
    readonly before: Interval;
    readonly target: DecimalString;
    readonly after: Interval;
    readonly bandLow: DecimalString;
    readonly bandHigh: DecimalString;
  };
  readonly costs: CostAttribution | null;
  /** Against having had all of it at the decision's price; null where nothing was sent, or what was seen of it is gone. */
  readonly shortfall: ImplementationShortfall | null;
  readonly reconciliation: Reconciliation | null;
  readonly efficiency: RebalancingEfficiency | null;
  /** Venues that have not kept their word, and how far they are believed now; absent when there are none. */
  readonly trust?: readonly TrustChange[];
  readonly startedAtSeconds: number;
  readonly endedAtSeconds: number;
}

/**
 * The report as plain JSON: atoms as decimal strings, keys in the order of the types, nothing left out.
 *
 * @example
 * ```ts
 * process.stdout.write(JSON.stringify(reportToJson(report)))
 * ```
 */
export function reportToJson(report: ExecutionReport): JsonValue {
  return toJson(report);
}

function toJson(value: unknown): JsonValue {
  if (typeof value === 'bigint') return value.toString();
  if (value === null || typeof value === 'boolean' || typeof value === 'number' || typeof value === 'string') {
    return value;
  }
  if (Array.isArray(value)) return value.map(toJson);
  const entries = Object.entries(value as object).filter(([, item]) => item !== undefined);
  return Object.fromEntries(entries.map(([key, item]) => [key, toJson(item)]));
}
