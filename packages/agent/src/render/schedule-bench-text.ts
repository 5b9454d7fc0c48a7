import type { Comparison } from '../schedule-bench/compare.js';
import { NAIVE_TWAP } from '../schedule-bench/contestants.js';
import type { Estimate, ScheduleResult } from '../schedule-bench/results.js';
import type { WorldComparison } from '../schedule-bench/world/compare.js';
import { table, units } from './format.js';

/** The table of a simulated comparison, with what its pool is like. */
export function scheduleBenchText({ resiliencePerSecond, results, setting }: Comparison): string {
  return [
    `Selling ${setting.units} units on ${setting.paths} paths; shortfall in bp of the decision's notional, ± for 95 %`,
    `Half-life of the pool's recovery: ${setting.halfLifeSeconds} s, measured ${halfLife(resiliencePerSecond.measured)} s`,
    resultsTable(results),
  ].join('\n');
}

/** The table of a comparison in real pools, with what the chain says of it. */
export function worldBenchText({ books, resiliencePerSecond, results, setting }: WorldComparison): string {
  const gas = Number(books.gasWei) / 1e18;
  return [
    `Selling ${setting.units} WETH in real pools on ${setting.paths} paths, each with its mirror; shortfall in bp of the decision's notional, ± for 95 %`,
    `Half-life of the arbitrageur's own work: ${setting.halfLifeSeconds} s; measured on the pools: ${halfLife(resiliencePerSecond.measured)} s`,
    resultsTable(results),
    `${books.runs} sales: ${books.swaps} swaps in ${books.transactions} transactions, ${units(gas)} ETH of gas; ${books.refills} transactions of the arbitrageur`,
    `Books against the chain: ${books.unexplainedAtoms} atoms unexplained; reports and balances at most ${books.largestDifferenceUsd.toExponential(1)} USD apart`,
  ].join('\n');
}

function resultsTable(results: readonly ScheduleResult[]): string {
  const rows = results.map(({ againstNaiveBps, costWithRiskBps, detectableBps, meanByKindBps, name, ...each }) => [
    name,
    String(each.slices.length),
    estimateText(each.shortfallBps),
    estimateText(each.standardDeviationBps),
    costWithRiskBps.toFixed(2),
    ...(name === NAIVE_TWAP ? ['–', '–'] : [estimateText(againstNaiveBps), detectableBps.toFixed(2)]),
    ...[meanByKindBps.impact, meanByKindBps.fees, meanByKindBps.timing, meanByKindBps.delay].map((bps) =>
      bps.toFixed(2),
    ),
  ]);
  const heads = ['schedule', 'slices', 'mean', 'sd', 'mean + risk', 'less naive', 'detectable'];
  return table([...heads, 'impact', 'fees', 'timing', 'delay'], rows, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
}

function halfLife(perSecond: number): string {
  return (Math.LN2 / perSecond).toFixed(0);
}

function estimateText({ high, low, mean }: Estimate): string {
  return `${mean.toFixed(2)} ± ${((high - low) / 2).toFixed(2)}`;
}
