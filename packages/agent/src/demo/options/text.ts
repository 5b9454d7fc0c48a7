import pc from 'picocolors';
import { bps, heading, money, table, units } from '../../render/format.js';
import type { BookAccount } from './account-for.js';
import type { BookEvent, BookRun, HedgeTrade, LookRecord, OpenedRecord } from './records.js';

const time = (seconds: number): string => new Date(seconds * 1_000).toISOString().slice(5, 16).replace('T', ' ');

export function openedText({ chainId, instrument, spreadCost, units: size }: OpenedRecord): string {
  const verb = size.startsWith('-') ? 'wrote ' : 'bought';
  const [strike, type] = instrument.split('-') as [string, string];
  return `  ${verb} ${size.replace('-', '').padStart(3)} ${type} of strike ${strike} on ${chainId}, ${money(spreadCost)} against the venue’s own volatility`;
}

export function lookText({ atSeconds, decision, delta, spot }: LookRecord): string {
  const action = decision.action === 'trade' ? pc.green('TRADE') : pc.dim('HOLD ');
  return `  ${time(atSeconds)}  spot ${spot.toFixed(2).padStart(8)}  delta ${delta.toFixed(3).padStart(8)}  ${action} ${pc.dim(decision.reason)}`;
}

/** @param dryRun whether it would only be done */
export function tradeText(
  { adapter, chainId, compared, costBps, deltaUnits, refused, why }: HedgeTrade,
  dryRun: boolean,
): string {
  const side = deltaUnits < 0 ? 'sold' : 'bought';
  const did = `${dryRun ? 'would have' : pc.green('✔')} ${side} ${units(Math.abs(deltaUnits), 5)} by ${pc.bold(adapter)} on ${chainId}`;
  if (why === 'expiry') return `      ${did}: closed, ${bps(costBps)}`;
  if (why === 'move') return `      ${did}: moved`;
  const [, second] = compared;
  const next =
    second === undefined ? '' : `; next ${second.quote.adapter} on ${second.quote.chainId} ${bps(second.costBps)}`;
  const out = refused.length === 0 ? '' : `, ${refused.length} could not`;
  return `      ${did}: ${bps(costBps)} to hold until expiry${next}${out}`;
}

export function eventText({ answer, chainId, code, sentence }: BookEvent): string {
  return `      ${pc.yellow(code)} on ${chainId}: ${sentence} ${pc.dim(`→ ${answer}`)}`;
}

export function reportText(run: BookRun, { costs, efficiency, pnl }: BookAccount): string {
  const { optimum, realised } = efficiency;
  const kinds = Object.entries(costs.byKind).map(([kind, cost]) => `${kind} ${cost.toFixed(4)}`);
  const lines = run.books.lines.map(({ closingAtoms, flowsByKind, openingAtoms, token, unexplainedAtoms }) => [
    String(token.chainId),
    token.symbol,
    openingAtoms.toString(),
    Object.entries(flowsByKind)
      .map(([kind, atoms]) => `${kind} ${atoms}`)
      .join(', '),
    closingAtoms.toString(),
    unexplainedAtoms.toString(),
  ]);
  if (run.dryRun) {
    return [
      heading(3, 'Report'),
      `  A dry run: the options were opened, margins brought, and of the first hedge nothing was sent.`,
      ...(run.trades.length === 0 ? ['  Nothing would be traded.'] : []),
    ].join('\n');
  }
  return [
    heading(3, 'Report'),
    `  P&L ${money(pnl.total)}: options ${money(pnl.options)}, hedges ${money(pnl.hedges)}, costs ${money(pnl.costs)}; unattributed ${pnl.unattributed.toFixed(6)}`,
    `  cost ${money(costs.total)}: ${kinds.join(', ')}`,
    `  rebalancing efficiency ${efficiency.efficiency.toFixed(3)} of the best in hindsight: cost ${optimum.cost.toFixed(2)} + risk ${optimum.risk.toFixed(2)} against ${realised.cost.toFixed(2)} + ${realised.risk.toFixed(2)}`,
    '  books, in atoms: opening + every recorded flow = closing',
    table(['chain', 'token', 'opening', 'flows', 'closing', 'unexplained'], lines, [2, 4, 5]),
    `  unexplained in all: ${run.books.unexplainedAtoms}`,
  ].join('\n');
}
