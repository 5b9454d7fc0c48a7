import type { EChartsCoreOption } from 'echarts/core';
import { xAxis, yAxis } from './axes.js';
import { INK, PALETTE } from './draw.js';

export interface Box {
  readonly name: string;
  /** Lower end, lower edge of the box, its line, its upper edge, upper end. */
  readonly values: readonly [number, number, number, number, number];
}

/** Boxes under one another, each beside its name. */
export function boxChart(
  boxes: readonly Box[],
  { left, name, ...axis }: { readonly left: number; readonly name: string; readonly scale?: boolean },
): EChartsCoreOption {
  return {
    grid: { left, right: 30, top: 20, bottom: 50 },
    xAxis: xAxis({ name, splitLine: yAxis({ name: '' })['splitLine'], ...axis }),
    yAxis: {
      ...yAxis({ name: '', type: 'category' }),
      data: boxes.map((box) => box.name),
      inverse: true,
      axisLabel: { color: INK },
      splitLine: { show: false },
    },
    series: [
      {
        type: 'boxplot',
        itemStyle: { color: 'transparent', borderColor: PALETTE[0], borderWidth: 1.5 },
        boxWidth: [8, 22],
        data: boxes.map(({ values }) => values),
      },
    ],
  };
}
