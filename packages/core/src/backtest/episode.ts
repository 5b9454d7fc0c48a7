import type { DecimalString } from '../model/decimal.js';
import type { Decision } from '../policy/decision.js';
import type { PreparedBands } from '../policy/band-table.js';
import type { PolicyConfig } from '../policy/config.js';
import type { ScheduleRequest } from '../schedule/plan-schedule.js';
import type { Carry, ProfitAndLoss, TradingCostsByKind } from './books.js';
import type { Leg } from './leg.js';
import type { PricePath } from './price-path.js';
import type { TradingCosts } from './trading-costs.js';
import type { TrendTable } from './trend-table.js';
import type { VolatilityTable } from './volatility-table.js';

/** What is hedged, where and on which terms; the same for every policy that is compared. */
export interface Episode {
  readonly id: string;
  readonly path: PricePath;
  readonly legs: readonly Leg[];
  readonly costs: TradingCosts;
  /** Numeraire per trade at each step of the path, or one for all. */
  readonly gas: Float64Array | number;
  readonly carry: Carry;
  /** From a decision to its fill; a fill waits for the next multiple of `blockSeconds` after that. */
  readonly latencySeconds: number;
  readonly blockSeconds: number;
}

/** One competitor. */
export interface BacktestPolicy {
  readonly name: string;
  /** `monitoringSeconds` is how often it decides: a multiple of the path's step. */
  readonly config: PolicyConfig;
  /** How a trade is spread; the market is whole again after `recoverySeconds`. */
  readonly schedule: { readonly request: ScheduleRequest; readonly recoverySeconds: number };
  readonly volatility: VolatilityTable;
  /** For the rule `optimal`, which acts ahead of a trend; absent: it knows of none. */
  readonly trend?: TrendTable;
  /** For the rule `optimal`: the exact optimum of the episode's book, prepared beforehand. */
  readonly bands?: readonly PreparedBands[];
  /** Whether `maxCostBps` stops trades; `ignored` shows a rule as it was published. */
  readonly costLimit: 'enforced' | 'ignored';
}

/** One fill. */
export interface BacktestTrade {
  readonly seconds: number;
  /** Signed units of the hedge. */
  readonly units: number;
  readonly price: number;
  readonly costs: TradingCostsByKind;
  readonly reason: 'POLICY' | 'UNWIND';
}

/** What happened at one look at the book. */
export interface BacktestStep {
  readonly seconds: number;
  readonly spot: number;
  readonly annualVolatility: number;
  readonly holdingUnits: number;
  readonly gas: number;
  readonly decision: Decision;
}

/** One policy on one episode. */
export interface EpisodeResult {
  readonly episode: string;
  readonly policy: string;
  readonly startSeconds: number;
  readonly endSeconds: number;
  readonly pnl: ProfitAndLoss;
  /** Sum of the costs by kind. */
  readonly cost: number;
  /** Profit and loss before trading costs. */
  readonly grossPnl: number;
  /** Sum of the squared gains that open delta made, numeraire squared. */
  readonly trackingVariance: number;
  readonly decisions: number;
  readonly trades: readonly BacktestTrade[];
  /** Sum of the sizes of all trades, units. */
  readonly turnoverUnits: number;
  /** Looks at the book at which a trade was wanted and refused, by reason. */
  readonly heldBack: Readonly<Record<string, number>>;
}

/** One line a decision: what the log of a backtest consists of. */
export function decisionLine({ decision, gas, seconds, spot, annualVolatility }: BacktestStep): string {
  const { action, band, inputs, reason } = decision;
  const size: DecimalString = decision.action === 'trade' ? decision.deltaChangeUnits : '0';
  const edges = band === undefined ? '' : `${band.low},${band.innerLow},${band.target},${band.innerHigh},${band.high}`;
  return JSON.stringify([
    seconds,
    spot,
    annualVolatility,
    gas,
    inputs.delta.low,
    inputs.delta.high,
    inputs.gammaPerUnit,
    action,
    reason,
    size,
    edges,
  ]);
}
