import { FAINT, INK } from './draw.js';

const line = { lineStyle: { color: FAINT } };

interface AxisSettings {
  readonly name: string;
  readonly type?: 'value' | 'log' | 'time' | 'category';
  readonly [key: string]: unknown;
}

/** A number without more digits than it needs. */
export function tick(value: number): string {
  return Number(value.toPrecision(4)).toLocaleString('en-US', { maximumSignificantDigits: 4 });
}

/** An x axis whose name stands below its middle. */
export function xAxis({ name, type = 'value', ...rest }: AxisSettings): Record<string, unknown> {
  return {
    type,
    name,
    nameLocation: 'middle',
    nameGap: 30,
    nameTextStyle: { color: INK },
    axisLabel: { color: INK, hideOverlap: true },
    axisLine: { show: true, ...line },
    axisTick: line,
    splitLine: { show: false },
    ...rest,
  };
}

/** A y axis whose name stands above it, so that no label can run into it. */
export function yAxis({ name, type = 'value', ...rest }: AxisSettings): Record<string, unknown> {
  return {
    type,
    name,
    nameLocation: 'end',
    nameGap: 12,
    nameTextStyle: { color: INK, align: 'left', padding: [0, 0, 0, -40] },
    axisLabel: { color: INK, formatter: tick },
    axisLine: { show: false },
    splitLine: { show: true, ...line },
    ...rest,
  };
}

export function legend(names: readonly string[], rest: Record<string, unknown> = {}): Record<string, unknown> {
  return { data: [...names], top: 0, right: 8, textStyle: { color: INK }, itemWidth: 18, itemHeight: 10, ...rest };
}
