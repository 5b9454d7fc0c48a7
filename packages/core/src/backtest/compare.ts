import { type RebalancingEfficiency, rebalancingEfficiency } from '../report/rebalancing-efficiency.js';
import { bootstrap, type BootstrapOptions, type Estimate } from './bootstrap.js';
import type { TradingCostsByKind } from './books.js';
import { BacktestInputInvalidError } from './errors.js';

/** What comparisons need of an episode's result. */
export interface Outcome {
  readonly episode: string;
  readonly pnl: {
    readonly total: number;
    readonly book: number;
    readonly hedge: number;
    readonly interest: number;
    readonly funding: number;
    readonly costs: TradingCostsByKind;
    readonly unexplained: number;
  };
  readonly cost: number;
  readonly grossPnl: number;
  readonly trackingVariance: number;
  readonly turnoverUnits: number;
  readonly tradeCount: number;
}

/** One policy over all episodes; means are per episode, numeraire. */
export interface PolicySummary {
  readonly episodes: number;
  readonly meanPnl: number;
  readonly pnlStdDev: number;
  readonly meanGrossPnl: number;
  readonly meanBook: number;
  readonly meanHedge: number;
  readonly meanInterest: number;
  readonly meanFunding: number;
  readonly meanCost: number;
  readonly meanCostByKind: TradingCostsByKind;
  readonly meanTrackingVariance: number;
  readonly meanTrades: number;
  readonly meanTurnoverUnits: number;
  /** −(1/γ) ln mean e^{−γ·pnl}: the sure sum that is worth as much to one so averse; the mean where γ is 0. */
  readonly certaintyEquivalent: number;
  /** The greatest unexplained rest of any episode. */
  readonly mostUnexplained: number;
}

/** One policy against another on the same paths. */
export interface Comparison {
  /** Mean cost of the one over that of the other. */
  readonly costRatio: Estimate;
  readonly pnlStdDevRatio: Estimate;
  /** Mean difference an episode, numeraire: positive where the one gained more. */
  readonly grossPnlDifference: Estimate;
  readonly pnlDifference: Estimate;
}

export function summarise(outcomes: readonly Outcome[], riskAversion: number): PolicySummary {
  if (outcomes.length === 0) {
    throw new BacktestInputInvalidError('episodes', 0, 'are none', 'Check the dates, the warm-up and the length.');
  }
  const mean = (of: (outcome: Outcome) => number): number =>
    outcomes.reduce((sum, each) => sum + of(each), 0) / outcomes.length;
  const meanPnl = mean(({ pnl }) => pnl.total);
  // From the worst outcome, so that no exponential overflows.
  const worst = Math.min(...outcomes.map(({ pnl }) => pnl.total));
  const utility = mean(({ pnl }) => Math.exp(-riskAversion * (pnl.total - worst)));
  return Object.freeze({
    episodes: outcomes.length,
    meanPnl,
    pnlStdDev: Math.sqrt(mean(({ pnl }) => (pnl.total - meanPnl) ** 2)),
    meanGrossPnl: mean(({ grossPnl }) => grossPnl),
    meanBook: mean(({ pnl }) => pnl.book),
    meanHedge: mean(({ pnl }) => pnl.hedge),
    meanInterest: mean(({ pnl }) => pnl.interest),
    meanFunding: mean(({ pnl }) => pnl.funding),
    meanCost: mean(({ cost }) => cost),
    meanCostByKind: Object.freeze({
      fee: mean(({ pnl }) => pnl.costs.fee),
      impact: mean(({ pnl }) => pnl.costs.impact),
      gas: mean(({ pnl }) => pnl.costs.gas),
    }),
    meanTrackingVariance: mean(({ trackingVariance }) => trackingVariance),
    meanTrades: mean(({ tradeCount }) => tradeCount),
    meanTurnoverUnits: mean(({ turnoverUnits }) => turnoverUnits),
    certaintyEquivalent: riskAversion === 0 ? meanPnl : worst - Math.log(utility) / riskAversion,
    mostUnexplained: Math.max(...outcomes.map(({ pnl }) => Math.abs(pnl.unexplained))),
  });
}

/**
 * Compares one policy with another, episode by episode: both must have been run on the same ones, in the same order.
 * Each number has its confidence interval and the smallest effect that the data could have shown.
 *
 * @throws {BacktestInputInvalidError} when the episodes differ or are fewer than two
 */
export function comparePolicies(
  one: readonly Outcome[],
  other: readonly Outcome[],
  options: BootstrapOptions,
): Comparison {
  if (one.length !== other.length || one.some(({ episode }, i) => other[i]!.episode !== episode)) {
    const hint = 'Compare results of one backtest.';
    throw new BacktestInputInvalidError('episodes', one.length, 'are not the same for both policies', hint);
  }
  const estimate = (statistic: (indices: Int32Array) => number): Estimate => bootstrap(one.length, statistic, options);
  const meanOf = (indices: Int32Array, of: (index: number) => number): number => {
    let sum = 0;
    for (const index of indices) sum += of(index);
    return sum / indices.length;
  };
  const stdDevOf = (indices: Int32Array, outcomes: readonly Outcome[]): number => {
    const mean = meanOf(indices, (i) => outcomes[i]!.pnl.total);
    return Math.sqrt(meanOf(indices, (i) => (outcomes[i]!.pnl.total - mean) ** 2));
  };
  return Object.freeze({
    costRatio: estimate((at) => meanOf(at, (i) => one[i]!.cost) / meanOf(at, (i) => other[i]!.cost)),
    pnlStdDevRatio: estimate((at) => stdDevOf(at, one) / stdDevOf(at, other)),
    grossPnlDifference: estimate((at) => meanOf(at, (i) => one[i]!.grossPnl - other[i]!.grossPnl)),
    pnlDifference: estimate((at) => meanOf(at, (i) => one[i]!.pnl.total - other[i]!.pnl.total)),
  });
}

/** Rebalancing efficiency of a policy, with the one that stands for the optimum on the same paths. */
export function efficiencyAgainst(
  policy: PolicySummary,
  optimum: PolicySummary,
  riskAversion: number,
): RebalancingEfficiency {
  const of = ({ meanCost, meanTrackingVariance }: PolicySummary): { cost: number; trackingVariance: number } => ({
    cost: meanCost,
    trackingVariance: meanTrackingVariance,
  });
  return rebalancingEfficiency({ riskAversion, optimum: of(optimum), realised: of(policy) });
}
