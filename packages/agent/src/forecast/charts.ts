import type { ForecastEvaluation } from '@evenkeel/core/forecast';
import type { EChartsCoreOption } from 'echarts/core';
import { legend, xAxis, yAxis } from '../backtest/report/axes.js';
import { type Box, boxChart } from '../backtest/report/boxes.js';
import { PALETTE } from '../backtest/report/draw.js';
import { thinned } from '../backtest/report/episode-charts.js';
import type { ForecastAndOutcome } from './history-of-forecasts.js';
import { BASELINE } from './models.js';

const percent = (volatility: number): number => Number((100 * volatility).toPrecision(6));

/** What came, on the interval that had been said beforehand. Logarithmic, as the distribution is. */
export function intervalChart(history: readonly ForecastAndOutcome[]): EChartsCoreOption {
  const points = thinned(history);
  const line = (name: string, of: (each: ForecastAndOutcome) => number, color: string, width: number) => ({
    type: 'line',
    name,
    showSymbol: false,
    lineStyle: { width, color },
    itemStyle: { color },
    data: points.map((each) => [each.madeAtSeconds * 1000, percent(of(each))]),
  });
  return {
    grid: { left: 60, right: 20, top: 40, bottom: 50 },
    legend: legend(['5 %', '95 %', 'median', 'realised']),
    xAxis: xAxis({ name: 'date of the forecast (UTC)', type: 'time' }),
    yAxis: yAxis({ name: 'volatility, % a year', type: 'log', min: 'dataMin' }),
    series: [
      line('realised', ({ realised }) => realised, PALETTE[1], 0.8),
      line('5 %', ({ low }) => low, PALETTE[5], 1.2),
      line('95 %', ({ high }) => high, PALETTE[5], 1.2),
      line('median', ({ median }) => median, PALETTE[0], 1.5),
    ],
  };
}

/** QLIKE less the baseline's, percent of that: the line is the value, the box its confidence interval. */
export function lossChart({ scores }: ForecastEvaluation): EChartsCoreOption {
  const baseline = scores.find(({ forecasterId }) => forecasterId === BASELINE)!.qlike;
  const boxes = scores.flatMap(({ againstBaseline, forecasterId }): Box[] => {
    if (againstBaseline === undefined) return [];
    const { qlike, qlikeBootstrapInterval } = againstBaseline;
    const [low, high] = qlikeBootstrapInterval.map((difference) => (100 * difference) / baseline) as [number, number];
    return [{ name: forecasterId, values: [low, low, qlike.percent, high, high] }];
  });
  return boxChart(boxes, { left: 110, name: `QLIKE against ${BASELINE}, %: below zero is better` });
}
