import type { EChartsCoreOption } from 'echarts/core';
import type { PolicyResult } from '../evaluate.js';
import type { EpisodeOutcome } from '../run-range.js';
import { legend, tick, xAxis, yAxis } from './axes.js';
import { type Box, boxChart } from './boxes.js';
import { INK, PALETTE } from './draw.js';

/** Where names stand about their points, so that neighbours do not cover one another. */
const PLACES = ['right', 'top', 'bottom', 'left'] as const;

/** Mean cost against what was left open: towards the lower left is better. */
export function frontierChart(policies: readonly PolicyResult[]): EChartsCoreOption {
  return {
    grid: { left: 60, right: 90, top: 40, bottom: 50 },
    xAxis: xAxis({
      name: 'tracking error, USD an episode (root of the mean tracking variance), logarithmic',
      type: 'log',
      axisLabel: { color: INK, formatter: tick, hideOverlap: true },
    }),
    yAxis: yAxis({ name: 'cost, USD an episode', min: 0 }),
    series: policies.map(({ name, summary }, i) => ({
      type: 'scatter',
      name,
      symbolSize: 12,
      itemStyle: { color: PALETTE[i % PALETTE.length] },
      label: { show: true, position: PLACES[i % PLACES.length], formatter: name, color: INK },
      data: [[Math.sqrt(summary.meanTrackingVariance), summary.meanCost]],
    })),
  };
}

/** What every policy cost, by kind, and what the delta that it left open is worth. */
export function burdenChart(policies: readonly PolicyResult[]): EChartsCoreOption {
  const names = policies.map(({ name }) => name);
  const parts = [
    { name: 'fee', of: ({ summary }: PolicyResult) => summary.meanCostByKind.fee },
    { name: 'impact', of: ({ summary }: PolicyResult) => summary.meanCostByKind.impact },
    { name: 'gas', of: ({ summary }: PolicyResult) => summary.meanCostByKind.gas },
    { name: 'risk (γ/2 · tracking variance)', of: ({ efficiency }: PolicyResult) => efficiency?.realised.risk ?? 0 },
  ].filter(({ of }) => policies.some((policy) => of(policy) > 0));
  return {
    grid: { left: 130, right: 70, top: 40, bottom: 50 },
    legend: legend(parts.map(({ name }) => name)),
    xAxis: xAxis({ name: 'USD an episode' }),
    yAxis: {
      ...yAxis({ name: '', type: 'category' }),
      data: names,
      inverse: true,
      axisLabel: { color: INK },
      splitLine: { show: false },
    },
    series: parts.map(({ name, of }, i) => ({
      type: 'bar',
      name,
      stack: 'burden',
      barMaxWidth: 22,
      data: policies.map(of),
      ...(i === parts.length - 1
        ? {
            label: {
              show: true,
              position: 'right',
              color: INK,
              formatter: ({ dataIndex }: { dataIndex: number }) => efficiencyText(policies[dataIndex]!),
            },
          }
        : {}),
    })),
  };
}

function efficiencyText({ efficiency }: PolicyResult): string {
  return efficiency === undefined ? '' : `${Math.round(100 * efficiency.efficiency)} %`;
}

/** Profit and loss of the episodes: the middle half in the box, nine tenths between the ends. */
export function distributionChart(
  policies: readonly PolicyResult[],
  outcomes: readonly EpisodeOutcome[],
): EChartsCoreOption {
  const boxes = policies.map(({ name }): Box => {
    const sorted = outcomes
      .filter(({ policy }) => policy === name)
      .map(({ pnl }) => pnl.total)
      .sort((a, b) => a - b);
    const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))]!;
    return { name, values: [at(0.05), at(0.25), at(0.5), at(0.75), at(0.95)] };
  });
  const name = 'profit and loss, USD an episode: 5, 25, 50, 75 and 95 %';
  return boxChart(boxes, { left: 130, name, scale: true });
}
