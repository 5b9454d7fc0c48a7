import type { Estimate } from '@evenkeel/core/backtest';
import pc from 'picocolors';
import { table } from '../render/format.js';
import type { PartResult, TargetResult, Verdict } from './evaluate.js';
import type { Study } from './study.js';

/** A number with four significant digits. */
export function short(value: number): string {
  if (value === 0) return '0';
  const digits = Math.max(0, 3 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(digits, 6));
}

function estimateText({ detectable, high, low, value }: Omit<Estimate, 'standardError'>): string {
  return `${short(value)} [${short(low)}, ${short(high)}] ±${short(detectable)}`;
}

/** What a target asks, in words. */
export function targetText({ target }: TargetResult): string {
  const { against, kind, policy } = target;
  switch (kind) {
    case 'cost-ratio':
      return `cost of ${policy} / ${against} ≤ ${target.atMost}`;
    case 'pnl-std-dev-ratio':
      return `P&L deviation of ${policy} / ${against} ≤ ${target.atMost}`;
    case 'no-gross-pnl-loss':
      return `no significant gross loss of ${policy} to ${against}`;
  }
}

/** The result for people, on a terminal. */
export function backtestText(study: Study, parts: readonly PartResult[], folder: string | undefined): string {
  const { config, filledCandles, history } = study;
  const confidence = config.statistics.confidencePercent;
  const lines = [
    pc.bold(config.name),
    `seed ${config.seed}` +
      (history === undefined ? '' : `, ${history.prices.length} candles (${filledCandles} missing ones filled flat)`),
  ];
  for (const part of parts) {
    lines.push('', pc.bold(`${part.name}: ${part.episodes} episodes; means an episode, USD`), policyTable(part));
    if (config.baseline !== undefined && part.episodes > 1) {
      const [level, power] = [confidence, config.statistics.powerPercent];
      const title = `against ${config.baseline}: value [${level} % interval] ±smallest effect seen with ${power} % power`;
      lines.push('', pc.dim(title), comparisonTable(part));
    }
    if (part.targets.length > 0) lines.push('', targetTable(part.targets));
  }
  if (folder !== undefined) lines.push('', `Written to ${folder}: report.html, result.json and CSV.`);
  return lines.join('\n');
}

function policyTable({ policies }: PartResult): string {
  const head = [
    'policy',
    'P&L',
    'std dev',
    'gross',
    'cost',
    'fee',
    'impact',
    'gas',
    'trades',
    'tracking var',
    'CE',
    'efficiency',
  ];
  const rows = policies.map(({ efficiency, name, summary }) => [
    name,
    short(summary.meanPnl),
    short(summary.pnlStdDev),
    short(summary.meanGrossPnl),
    short(summary.meanCost),
    short(summary.meanCostByKind.fee),
    short(summary.meanCostByKind.impact),
    short(summary.meanCostByKind.gas),
    short(summary.meanTrades),
    short(summary.meanTrackingVariance),
    short(summary.certaintyEquivalent),
    efficiency === undefined ? '–' : short(efficiency.efficiency),
  ]);
  return table(head, rows, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
}

function comparisonTable({ policies }: PartResult): string {
  const rows = policies.flatMap(({ comparison, name }) =>
    comparison === undefined
      ? []
      : [
          [
            name,
            estimateText(comparison.costRatio),
            estimateText(comparison.pnlStdDevRatio),
            estimateText(comparison.grossPnlDifference),
          ],
        ],
  );
  return table(['policy', 'cost ratio', 'P&L std dev ratio', 'gross P&L difference'], rows);
}

const MARKS: Readonly<Record<Verdict, () => string>> = {
  met: () => pc.green('✔'),
  undecided: () => pc.yellow('?'),
  missed: () => pc.red('✘'),
};

function targetTable(targets: readonly TargetResult[]): string {
  const rows = targets.map((result) => [MARKS[result.verdict](), targetText(result), estimateText(result)]);
  return table(['', 'target', 'measured'], rows);
}
