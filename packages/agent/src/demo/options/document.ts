import type { BookAccount } from './account-for.js';
import type { BookRun } from './records.js';

/** What `demo --book options --json` prints: decimals and atoms as strings where digits matter. */
export function bookDocument(run: BookRun, account: BookAccount, durationMs: number): Record<string, unknown> {
  const { books, events, looks, opened, spot, trades } = run;
  return {
    outcome: run.dryRun ? 'dry-run' : 'settled',
    book: 'options',
    spot,
    options: opened,
    // Of what was only looked at there is none.
    pnl: run.dryRun ? null : account.pnl,
    costs: run.dryRun ? null : account.costs,
    efficiency: run.dryRun ? null : account.efficiency,
    instruments: trades.map((trade) => ({
      adapter: trade.adapter,
      chainId: trade.chainId,
      deltaUnits: trade.deltaUnits,
      costBps: trade.costBps,
      holdingCostBpsPerDay: trade.holdingCostBpsPerDay,
      instrument: trade.instrument,
      atSeconds: trade.atSeconds,
      why: trade.why,
      competitors: trade.compared.slice(1).map(({ costBps, holdingCostBpsPerDay, quote }) => ({
        adapter: quote.adapter,
        chainId: quote.chainId,
        costBps,
        holdingCostBpsPerDay,
      })),
      refused: trade.refused.map(({ adapter, chainId, code }) => ({ adapter, chainId, code })),
    })),
    looks,
    events,
    books: books.lines.map(({ closingAtoms, flowsByKind, openingAtoms, token, unexplainedAtoms }) => ({
      chainId: token.chainId,
      token: token.symbol,
      openingAtoms: openingAtoms.toString(),
      flowsByKind: Object.fromEntries(Object.entries(flowsByKind).map(([kind, atoms]) => [kind, atoms.toString()])),
      closingAtoms: closingAtoms.toString(),
      unexplainedAtoms: unexplainedAtoms.toString(),
    })),
    unexplainedAtoms: books.unexplainedAtoms.toString(),
    durationMs,
  };
}
