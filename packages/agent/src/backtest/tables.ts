import { csvLine } from './csv.js';
import type { PartResult } from './evaluate.js';
import type { EpisodeOutcome } from './run-range.js';

function csv(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  return `${[head, ...rows].map(csvLine).join('\n')}\n`;
}

/** One line a policy and part: means an episode, in the numeraire of the prices. */
export function summaryCsv(parts: readonly PartResult[]): string {
  const head = [
    'part',
    'policy',
    'episodes',
    'meanPnlUsd',
    'pnlStdDevUsd',
    'meanGrossPnlUsd',
    'meanBookUsd',
    'meanHedgeUsd',
    'meanInterestUsd',
    'meanFundingUsd',
    'meanCostUsd',
    'meanTrackingVarianceUsd2',
    'meanTrades',
    'meanTurnoverUnits',
    'certaintyEquivalentUsd',
    'efficiency',
    'mostUnexplainedUsd',
    'decisionDigest',
  ];
  const rows = parts.flatMap((part) =>
    part.policies.map(({ decisionDigest, efficiency, name, summary }) => [
      part.name,
      name,
      summary.episodes,
      summary.meanPnl,
      summary.pnlStdDev,
      summary.meanGrossPnl,
      summary.meanBook,
      summary.meanHedge,
      summary.meanInterest,
      summary.meanFunding,
      summary.meanCost,
      summary.meanTrackingVariance,
      summary.meanTrades,
      summary.meanTurnoverUnits,
      summary.certaintyEquivalent,
      efficiency?.efficiency ?? '',
      summary.mostUnexplained,
      decisionDigest,
    ]),
  );
  return csv(head, rows);
}

/** One line a policy, part and kind of cost. */
export function costsCsv(parts: readonly PartResult[]): string {
  const rows = parts.flatMap((part) =>
    part.policies.flatMap(({ name, summary }) =>
      Object.entries(summary.meanCostByKind).map(([kind, cost]) => [part.name, name, kind, cost as number]),
    ),
  );
  return csv(['part', 'policy', 'kind', 'meanCostUsd'], rows);
}

/** One line a fill, of all episodes. */
export function tradesCsv(outcomes: readonly EpisodeOutcome[]): string {
  const rows = outcomes.flatMap(({ episode, policy, trades }) =>
    trades.map(({ costs, price, reason, seconds, units }) => [
      episode,
      policy,
      new Date(seconds * 1000).toISOString(),
      units,
      price,
      costs.fee,
      costs.impact,
      costs.gas,
      reason,
    ]),
  );
  return csv(['episode', 'policy', 'time', 'units', 'priceUsd', 'feeUsd', 'impactUsd', 'gasUsd', 'reason'], rows);
}

/** One line a decision of the drawn episode: the decision log. */
export function decisionsCsv(outcomes: readonly EpisodeOutcome[]): string {
  const head = [
    'policy',
    'seconds',
    'spot',
    'annualVolatility',
    'gas',
    'deltaLow',
    'deltaHigh',
    'gammaPerUnit',
    'action',
    'reason',
    'deltaChangeUnits',
    'band',
  ];
  const rows = outcomes.flatMap(({ policy, steps = [] }) =>
    steps.map(({ line }) => [policy, ...(JSON.parse(line) as (string | number)[])]),
  );
  return csv(head, rows);
}
