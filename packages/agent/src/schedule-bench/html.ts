import * as echarts from 'echarts';
import type { Recovery } from '@evenkeel/core/schedule';
import type { ScheduleResult } from './results.js';
import type { BenchSetting } from './setting.js';

const WIDTH = 980;
const HEIGHT = 420;
const SYMBOLS = ['circle', 'emptyCircle', 'triangle', 'emptyTriangle', 'diamond', 'rect', 'pin'] as const;
const KINDS = ['delay', 'timing', 'impact', 'fees', 'opportunity'] as const;

/** What there is to see of a comparison. */
export interface Pictured {
  readonly setting: Pick<BenchSetting, 'paths' | 'seed' | 'slices' | 'spanSeconds' | 'units'>;
  readonly results: readonly ScheduleResult[];
  readonly resiliencePerSecond: { readonly true: number; readonly measured: number };
  /** What the probes of real pools saw. */
  readonly recoveries?: readonly Recovery[];
}

/**
 * One page with pictures inside of it: nothing is loaded from anywhere.
 *
 * @param place where it is sold: the end of a sentence
 */
export function comparisonHtml(comparison: Pictured, place: string): string {
  const { recoveries, setting } = comparison;
  const { paths, seed, slices, spanSeconds, units } = setting;
  const probed = recoveries === undefined ? [] : [recovery(recoveries, comparison.resiliencePerSecond)];
  const pictures = [remaining(comparison), frontier(comparison), costs(comparison), ...probed].map(draw);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Schedules compared</title>
<style>body{font:15px/1.5 system-ui,sans-serif;max-width:${WIDTH}px;margin:2em auto;color:#223}figure{margin:2em 0}</style></head>
<body><h1>Schedules compared</h1>
<p>Selling ${units} units within ${spanSeconds} s in at most ${slices} slices, over ${paths} price paths (seed ${seed}), in
${place}. Shortfall against the price of the decision, in basis points.</p>
${pictures.map((picture) => `<figure>${picture}</figure>`).join('\n')}
</body></html>
`;
}

function draw(option: echarts.EChartsCoreOption): string {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height: HEIGHT });
  try {
    chart.setOption({ animation: false, ...option });
    return chart.renderToSVGString();
  } finally {
    chart.dispose();
  }
}

function remaining({ results, setting }: Pictured): echarts.EChartsCoreOption {
  return {
    title: { text: 'What is left to sell', left: 0 },
    legend: { top: 36, left: 0 },
    grid: { top: 90, left: 60, right: 30 },
    xAxis: { type: 'value', name: 'seconds', max: setting.spanSeconds },
    yAxis: { type: 'value', name: 'units' },
    series: results.map(({ name, slices }) => {
      let left = setting.units;
      const points: [number, number][] = [[0, left]];
      for (const { atSeconds, units } of slices) {
        left -= units;
        points.push([atSeconds, Math.max(0, left)]);
      }
      points.push([setting.spanSeconds, Math.max(0, left)]);
      return { name, type: 'line', step: 'end', symbol: 'none', data: points };
    }),
  };
}

function frontier({ results }: Pictured): echarts.EChartsCoreOption {
  return {
    title: { text: 'Cost against its uncertainty, the single trade left out', left: 0 },
    legend: { top: 36, left: 0 },
    grid: { top: 90, left: 60, right: 60 },
    xAxis: { type: 'value', name: 'sd, bp', scale: true },
    yAxis: { type: 'value', name: 'mean shortfall, bp', scale: true },
    series: results
      .filter(({ name }) => name !== 'single')
      .map(({ name, shortfallBps, standardDeviationBps }, i) => ({
        name,
        type: 'scatter',
        symbol: SYMBOLS[i % SYMBOLS.length],
        symbolSize: 16,
        itemStyle: { opacity: 0.7 },
        data: [[standardDeviationBps.mean, shortfallBps.mean]],
      })),
  };
}

function costs({ results }: Pictured): echarts.EChartsCoreOption {
  return {
    title: { text: 'Mean shortfall by kind', left: 0 },
    legend: { top: 36, left: 0 },
    grid: { top: 90, left: 60, right: 30 },
    xAxis: { type: 'category', data: results.map(({ name }) => name), axisLabel: { interval: 0 } },
    yAxis: { type: 'value', name: 'bp' },
    series: KINDS.map((kind) => ({
      name: kind,
      type: 'bar',
      stack: 'all',
      data: results.map(({ meanByKindBps }) => meanByKindBps[kind]),
    })),
  };
}

function recovery(
  recoveries: readonly Recovery[],
  resilience: Pictured['resiliencePerSecond'],
): echarts.EChartsCoreOption {
  const last = Math.max(...recoveries.map(({ elapsedSeconds }) => elapsedSeconds));
  const curve = (perSecond: number): readonly [number, number][] =>
    Array.from({ length: 61 }, (_, i) => [(i * last) / 60, Math.exp((-perSecond * i * last) / 60)]);
  return {
    title: { text: 'What is left of a price impact, as probes saw it', left: 0 },
    legend: { top: 36, left: 0 },
    grid: { top: 90, left: 60, right: 60 },
    xAxis: { type: 'value', name: 'seconds', max: last },
    yAxis: { type: 'value', name: 'share' },
    series: [
      {
        name: 'seen',
        type: 'scatter',
        data: recoveries.map(({ elapsedSeconds, initial, remaining: left }) => [elapsedSeconds, left / initial]),
      },
      { name: 'measured', type: 'line', symbol: 'none', data: curve(resilience.measured) },
      { name: "the arbitrageur's own speed", type: 'line', symbol: 'none', data: curve(resilience.true) },
    ],
  };
}
