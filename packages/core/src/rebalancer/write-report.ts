import type { Hex } from '@evenkeel/intents';
import { midpoint } from '../model/interval.js';
import { Decimal } from '../model/decimal.js';
import type { TokenAmount } from '../model/token.js';
import type { ExecutionResult } from '../execution/execute-programme.js';
import type { Decision } from '../policy/decision.js';
import type { Flow, TransferRecord } from '../ports/journal.js';
import { costAttribution, type SwapRecord } from '../report/cost-attribution.js';
import type { ExecutionReport } from '../report/execution-report.js';
import type { ImplementationShortfall } from '../report/implementation-shortfall.js';
import { reconcile } from '../report/reconcile.js';
import type { TrustChange } from '../solicit/trust.js';
import { bookFlows, expectedArrivals } from './book-flows.js';
import { type Portfolio, tokenOfPortfolio } from './portfolio.js';
import { type OpenDelta, realisedEfficiency } from './realised-efficiency.js';
import { statedPrices } from './stated-prices.js';
import type { Survey } from './survey.js';
import { verdict } from './verdict.js';

/** What a trade adds to a report. */
export interface TradeFacts {
  readonly intentId: Hex;
  readonly opening: readonly TokenAmount[];
  readonly closing: readonly TokenAmount[];
  readonly flows: readonly Flow[];
  /** Transfers that the trade has let go of, open still: what they were to bring at the least is no cost. */
  readonly underWay: readonly TransferRecord[];
  readonly swaps: readonly SwapRecord[];
  readonly path: readonly OpenDelta[];
  readonly shortfall: ImplementationShortfall | null;
  /** Certified least cost of the whole change, done at once at the decision. */
  readonly leastCost: number;
  readonly states: readonly ExecutionResult['state'][];
  /** Why the trade ended before all of it was done. */
  readonly endedBecause: string | undefined;
}

export interface ReportInput {
  readonly portfolio: Portfolio;
  readonly before: Survey;
  readonly after: Survey;
  readonly decision: Decision;
  readonly dryRun: boolean;
  /** What broken words of venues mean now. */
  readonly trust: readonly TrustChange[];
  readonly trade?: TradeFacts;
}

/** Joins what was wanted with what happened. Deltas, costs and books all come from readings, none from the plan. */
export function writeReport(input: ReportInput): ExecutionReport {
  const { after, before, decision, dryRun, portfolio, trade, trust } = input;
  const band = decision.band;
  const middle = portfolio.policy.targetDeltaUnits;
  const base = {
    underlying: portfolio.underlying,
    intentId: trade?.intentId ?? null,
    delta: {
      before: before.exposure.delta,
      target: band?.target ?? middle,
      after: after.exposure.delta,
      bandLow: band?.low ?? middle,
      bandHigh: band?.high ?? middle,
    },
    startedAtSeconds: before.atSeconds,
    endedAtSeconds: after.atSeconds,
    ...(trust.length === 0 ? {} : { trust }),
  };
  if (trade === undefined) {
    const none = { costs: null, shortfall: null, reconciliation: null, efficiency: null };
    return Object.freeze({ ...base, ...none, outcome: 'held', reason: decision.sentence });
  }
  if (dryRun) {
    const none = { costs: null, shortfall: null, reconciliation: null, efficiency: null };
    const reason = `Simulated, nothing was sent: ${decision.sentence}`;
    return Object.freeze({ ...base, ...none, outcome: 'dry-run', reason });
  }
  const describe = (chainId: number, address: string) => tokenOfPortfolio(portfolio, chainId, address);
  const flows = bookFlows(trade.flows, describe);
  const costs = costAttribution({
    swaps: trade.swaps,
    flows: [...flows, ...expectedArrivals(trade.underWay)],
    prices: statedPrices(portfolio, before),
  });
  const reconciliation = reconcile({ opening: trade.opening, flows, closing: trade.closing });
  const efficiency = realisedEfficiency({
    riskAversion: decision.inputs.riskAversion.perNumeraire,
    annualVolatility: before.annualVolatility,
    spot: Number(before.reference.price),
    path: trade.path,
    monitoringSeconds: portfolio.policy.monitoringSeconds,
    cost: Number(costs.total),
    leastCost: trade.leastCost,
    plannedUnits: plannedUnits(decision),
  });
  const { outcome, reason } = verdict({
    after: after.exposure,
    band: { low: base.delta.bandLow, high: base.delta.bandHigh },
    states: trade.states,
    exact: reconciliation.exact,
    endedBecause: trade.endedBecause,
  });
  const { shortfall } = trade;
  return Object.freeze({ ...base, costs, shortfall, reconciliation, efficiency, outcome, reason });
}

function plannedUnits(decision: Decision): number {
  if (decision.action === 'hold') return 0;
  return new Decimal(midpoint(decision.postTradeDelta)).minus(decision.band.target).toNumber();
}
