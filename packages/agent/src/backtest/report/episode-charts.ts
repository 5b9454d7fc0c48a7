import type { EChartsCoreOption } from 'echarts/core';
import type { EpisodeOutcome } from '../run-range.js';
import { legend, tick, xAxis, yAxis } from './axes.js';
import { INK, PALETTE } from './draw.js';

/** How the time of a path is shown: days since its start, or dates. */
export type TimeScale = 'days' | 'dates';

const SECONDS_PER_DAY = 86_400;
/** Points beyond which a line gains nothing from more. */
const MOST_POINTS = 1500;

export function timeOf(seconds: number, start: number, scale: TimeScale): number {
  return scale === 'dates' ? seconds * 1000 : (seconds - start) / SECONDS_PER_DAY;
}

export function timeAxis(scale: TimeScale, rest: Record<string, unknown> = {}): Record<string, unknown> {
  return scale === 'dates'
    ? xAxis({ name: 'date (UTC)', type: 'time', ...rest })
    : xAxis({ name: 'days since the start', ...rest });
}

/** The next number up with one digit. */
function upTo(value: number): number {
  const unit = 10 ** Math.floor(Math.log10(Math.max(value, 1e-9)));
  return Math.ceil(value / unit) * unit;
}

/** Keeps every so many points, the ends included. */
export function thinned<T>(points: readonly T[]): T[] {
  const every = Math.ceil(points.length / MOST_POINTS);
  return points.filter((_, i) => i % every === 0 || i === points.length - 1);
}

interface Arrow {
  readonly name: string;
  readonly symbolRotate: number;
  readonly color: string;
  readonly sign: number;
}

const ARROWS: readonly Arrow[] = [
  { name: 'buy', symbolRotate: 0, color: PALETTE[2], sign: 1 },
  { name: 'sell', symbolRotate: 180, color: PALETTE[3], sign: -1 },
];

/** Price with the trades of one policy on it. */
export function priceChart({ steps = [], trades }: EpisodeOutcome, scale: TimeScale): EChartsCoreOption {
  const start = steps[0]?.seconds ?? 0;
  return {
    grid: { left: 60, right: 20, top: 40, bottom: 50 },
    legend: legend(['price', ...ARROWS.map(({ name }) => name)]),
    xAxis: timeAxis(scale),
    yAxis: yAxis({ name: 'price, USD', scale: true }),
    series: [
      {
        type: 'line',
        name: 'price',
        showSymbol: false,
        lineStyle: { width: 1.5 },
        data: thinned(steps).map(({ seconds, spot }) => [timeOf(seconds, start, scale), spot]),
      },
      ...ARROWS.map(({ color, name, sign, symbolRotate }) => ({
        type: 'scatter',
        name,
        symbol: 'triangle',
        symbolRotate,
        symbolSize: 12,
        z: 5,
        itemStyle: { color },
        data: trades
          .filter(({ units }) => units * sign > 0)
          .map(({ price, seconds }) => [timeOf(seconds, start, scale), price]),
      })),
    ],
  };
}

/** Delta of the book with its hedge, the band around the target, and where it was left. */
export function deltaChart({ steps = [] }: EpisodeOutcome, scale: TimeScale): EChartsCoreOption {
  const start = steps[0]?.seconds ?? 0;
  // The opening trade, from no hedge at all, would leave no room for the rest.
  const shown = thinned(steps.slice(1));
  const edge = (name: string, of: (step: (typeof shown)[number]) => number | undefined): Record<string, unknown> => ({
    type: 'line',
    name,
    showSymbol: false,
    step: 'end',
    lineStyle: { width: 1, type: 'dashed', color: PALETTE[1] },
    itemStyle: { color: PALETTE[1] },
    data: shown.map((step) => [timeOf(step.seconds, start, scale), of(step) ?? null]),
  });
  const deltas = shown.map(({ delta }) => Math.abs(delta)).sort((a, b) => a - b);
  const room = upTo(1.3 * (deltas[Math.floor(0.995 * deltas.length)] ?? 1));
  return {
    grid: { left: 60, right: 20, top: 40, bottom: 50 },
    legend: legend(['delta with hedge', 'edge of the band'], { itemGap: 24 }),
    xAxis: timeAxis(scale),
    yAxis: yAxis({ name: 'delta, units', min: -room, max: room, axisLabel: { color: INK, formatter: tick } }),
    series: [
      {
        type: 'line',
        name: 'delta with hedge',
        showSymbol: false,
        lineStyle: { width: 1.2 },
        data: shown.map(({ delta, seconds }) => [timeOf(seconds, start, scale), delta]),
      },
      edge('edge of the band', ({ high }) => high),
      edge('edge of the band', ({ low }) => low),
    ],
  };
}

/** What one policy's hedging has cost so far, by kind; a mean over episodes where paths are simulated. */
export function cumulativeCostChart(outcomes: readonly EpisodeOutcome[], scale: TimeScale): EChartsCoreOption {
  const fills = outcomes
    .flatMap(({ startSeconds, trades }) =>
      trades.map(({ costs, seconds }) => ({ at: timeOf(seconds, startSeconds, scale), costs })),
    )
    .sort((a, b) => a.at - b.at);
  const share = scale === 'days' ? 1 / outcomes.length : 1;
  const kinds = (['fee', 'impact', 'gas'] as const).filter((kind) => fills.some(({ costs }) => costs[kind] > 0));
  return {
    grid: { left: 60, right: 20, top: 40, bottom: 50 },
    legend: legend(kinds),
    xAxis: timeAxis(scale),
    yAxis: yAxis({ name: scale === 'days' ? 'USD, mean of the paths' : 'USD, all books' }),
    series: kinds.map((kind) => {
      let sum = 0;
      const points = fills.map(({ at, costs }) => [at, (sum += costs[kind] * share)]);
      return {
        type: 'line',
        name: kind,
        stack: 'cost',
        areaStyle: { opacity: 0.35 },
        showSymbol: false,
        step: 'end',
        data: thinned(points),
      };
    }),
  };
}
