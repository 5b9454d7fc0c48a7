import type { MarginKept, MarginProposal } from '@evenkeel/core/hedger';
import type { Alert } from '../alerts/alerts.js';
import type { TotalLimits } from '../config/schema.js';
import type { AgentEvents } from '../events.js';
import type { Amounts } from '../limits/limits.js';
import type { Desk } from '../limits/desk.js';
import { usedAmounts } from './amounts.js';
import type { Keeper } from './keeper.js';
import { tellAll } from './tell.js';

export interface MarginJobParts {
  readonly isLive: boolean;
  readonly desk: Desk;
  readonly events: AgentEvents;
  readonly raise: (alert: Alert) => unknown;
  readonly kill: (scope: string, reason: string) => void;
  readonly total: () => TotalLimits;
}

/**
 * Keeps the margins of a portfolio. What it takes counts as an exit: no limit and no kill switch keeps an account from being
 * saved, a pause does.
 *
 * @returns whether anything was done that changes what is held
 * @throws TRADING_STOPPED while the portfolio is paused, and what the rebalancer throws
 */
export async function keepMargin(keeper: Keeper, parts: MarginJobParts, signal: AbortSignal): Promise<boolean> {
  const { desk, events, isLive, total } = parts;
  const { name, rebalancer, settings } = keeper;
  let reserved: { readonly id: number; readonly amounts: Amounts } | undefined;
  /** A way that failed has used what it may have sent: it stays used. */
  const leave = (): void => {
    if (reserved !== undefined && isLive) desk.keep(reserved.id);
    else if (reserved !== undefined) desk.release(reserved.id);
    reserved = undefined;
  };
  const stopTelling = tellAll(rebalancer, name, events, () => undefined);
  try {
    const all = await rebalancer.keepMargin?.({
      dryRun: !isLive,
      signal,
      permit: (proposal) => {
        leave();
        const amounts = amountsOf(proposal);
        const id = desk.reserve({ portfolio: name, isExit: true, ...amounts }, settings.dayLimits, total());
        reserved = { id, amounts };
      },
      onKept: (kept) => {
        if (reserved !== undefined && (kept.outcome === 'cured' || kept.outcome === 'part')) {
          const used = kept.trade === undefined ? undefined : usedAmounts(keeper.portfolio, kept.trade);
          desk.settle(reserved.id, used ?? reserved.amounts);
          reserved = undefined;
        }
        leave();
        tellKept(keeper, kept, parts);
      },
    });
    return all?.some(({ outcome }) => outcome === 'cured' || outcome === 'part') ?? false;
  } finally {
    leave();
    stopTelling();
  }
}

function amountsOf({ cost, gasCost, notional }: MarginProposal): Amounts {
  return { notionalUsd: notional, gasUsd: gasCost, lossUsd: cost, slippageUsd: Math.max(0, cost - gasCost) };
}

function tellKept(keeper: Keeper, kept: MarginKept, { events, kill, raise }: MarginJobParts): void {
  const { name } = keeper;
  const { after, before, chainId, code, intentId, outcome, proposal, reconciliation, rejected, sentence, venue } = kept;
  const isGood = outcome === 'cured' || outcome === 'part' || outcome === 'simulated';
  const details = {
    ...{ venue, chainId, outcome, before, rejected },
    after: after ?? null,
    way: proposal?.way ?? null,
    cost: proposal?.cost ?? null,
    intentId: intentId ?? null,
    unexplainedAtoms: reconciliation?.unexplainedAtoms ?? null,
  };
  events.emit({ kind: 'margin', level: isGood ? 'info' : 'error', code, portfolio: name, sentence, details });
  // That money had to be found is worth knowing; that none was is worth waking somebody.
  const level = isGood ? 'warning' : 'critical';
  raise({ key: `margin:${name}:${venue}:${code}`, level, code, portfolio: name, sentence });
  const books = reconciliation ?? kept.trade?.report.reconciliation;
  if (books?.exact === false) kill(name, `The books of ${name} do not add up: ${sentence}`);
}
