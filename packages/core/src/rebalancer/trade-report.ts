import type { ExecutionResult } from '../execution/execute-programme.js';
import type { ExecutionReport } from '../report/execution-report.js';
import { reconcile } from '../report/reconcile.js';
import { readBalances } from './balances.js';
import { bookFlows } from './book-flows.js';
import type { Context } from './context.js';
import type { Opening } from './opening.js';
import { tokenOfPortfolio } from './portfolio.js';
import type { Survey } from './survey.js';
import { tradeCosts } from './trade-costs.js';
import { verdict } from './verdict.js';

/** How a trade has come to its end. */
export interface TradeEnd {
  /** How its slices ended. */
  readonly states: readonly ExecutionResult['state'][];
  /** Why it ended before all of it was done; undefined when it did not. */
  readonly endedBecause: string | undefined;
}

/**
 * Joins what was wanted with what happened, and tells it. Deltas, costs and books come from the journal and from readings,
 * none from the plan, so that it does not matter how many processes have carried the trade.
 */
export async function reportTrade(
  { hub, look, portfolio, ports }: Context,
  opening: Opening,
  { endedBecause, states }: TradeEnd,
  signal: AbortSignal,
): Promise<{ readonly after: Survey; readonly report: ExecutionReport }> {
  const { balances, band, delta, intentId, startedAtSeconds } = opening;
  const chainIds = [...new Set(balances.map(({ token }) => token.chainId))];
  const describe = (chainId: number, address: string) => tokenOfPortfolio(portfolio, chainId, address);
  const flows = bookFlows(await ports.journal.flows({ intentId }), describe);
  const closing = await readBalances(portfolio, ports, chainIds, signal);
  const reconciliation = reconcile({ opening: balances, flows, closing });
  const after = await look(signal);
  const trust = ports.opaque?.explain(after.atSeconds) ?? [];
  const report: ExecutionReport = Object.freeze({
    underlying: portfolio.underlying,
    ...verdict({ after: after.exposure, band, states, exact: reconciliation.exact, endedBecause }),
    intentId,
    delta: {
      before: delta,
      target: band.target,
      after: after.exposure.delta,
      bandLow: band.low,
      bandHigh: band.high,
    },
    ...(await tradeCosts({ portfolio, ports }, opening, after)),
    reconciliation,
    startedAtSeconds,
    endedAtSeconds: after.atSeconds,
    ...(trust.length === 0 ? {} : { trust }),
  });
  hub.emit('reported', report);
  return { after, report };
}
