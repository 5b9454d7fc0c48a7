// One page a scenario: what happened to the world, what the agent saw and did, and what held.
import { openDrawing } from '../../packages/agent/dist/backtest/report/draw.js';
import { legend, xAxis, yAxis } from '../../packages/agent/dist/backtest/report/axes.js';
import { escaped, figure, STYLE, tableOf } from '../../packages/agent/dist/backtest/report/html.js';

const WIDTH = 1060;
const HEIGHT = 300;
const TOLD_LINES = 60;

/** @returns one HTML page with its pictures inside */
export async function pageOf({ scenario, path, record, findings, seed, figures }) {
  const draw = await openDrawing();
  const { number, story, title } = scenario;
  const pictures = [
    figure(draw(world(path), WIDTH, HEIGHT), 'The path file: price outside, and base fee on the first chain.'),
    figure(
      draw(deltas(record), WIDTH, HEIGHT + 60),
      'Both ends of the exposure, and the band that the policy had for it. Marks: slices as they were routed.',
    ),
    ...(figures ?? []).map(({ caption, option }) => figure(draw(option, WIDTH, HEIGHT), escaped(caption))),
  ];
  const rows = findings.map(({ name, problems }) => [name, problems.length === 0 ? 'holds' : problems.join('; ')]);
  const told = record.events
    .filter(({ kind }) => kind !== 'execution')
    .map(({ code, kind, sentence, t }) => [`${t.toFixed(0)} s`, kind, code, sentence]);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${number} ${escaped(title)}</title>
<style>${STYLE} td { text-align: left; white-space: normal; }</style></head>
<body><h1>${number} ${escaped(title)}</h1>
<p>${escaped(story)} Seed ${seed}.</p>
${tableOf(['What must hold', ''], rows)}
${pictures.join('\n')}
<h2>What the agent told</h2>
${tableOf(['time', 'kind', 'code', 'sentence'], told.slice(0, TOLD_LINES))}
${told.length > TOLD_LINES ? `<p>And ${told.length - TOLD_LINES} more.</p>` : ''}
</body></html>
`;
}

function world(path) {
  const points = (key) => path.rows.map((row) => [row.t, row[key]]);
  return {
    grid: { top: 50, left: 70, right: 70, bottom: 50 },
    legend: legend(['price', 'base fee']),
    xAxis: xAxis({ name: 'seconds', max: path.endSeconds }),
    yAxis: [yAxis({ name: 'USD', scale: true }), yAxis({ name: 'gwei', scale: true })],
    series: [
      { name: 'price', type: 'line', symbol: 'none', data: points('price') },
      { name: 'base fee', type: 'line', symbol: 'none', yAxisIndex: 1, data: points('gas') },
    ],
  };
}

function deltas({ looks, samples }) {
  const known = samples.filter(({ delta }) => delta !== null);
  const line = (name, value, style = {}) => ({
    name,
    type: 'line',
    symbol: 'none',
    step: 'end',
    lineStyle: { width: 1.5, ...style },
    data: known.map((sample) => [sample.t, value(sample)]).filter(([, units]) => Number.isFinite(units)),
  });
  const faint = { type: 'dashed', opacity: 0.6 };
  return {
    grid: { top: 50, left: 70, right: 30, bottom: 50 },
    legend: legend(['low end', 'high end', 'band, low', 'band, high', 'slices']),
    xAxis: xAxis({ name: 'seconds' }),
    yAxis: yAxis({ name: 'delta, units', scale: true }),
    series: [
      line('low end', ({ delta }) => Number(delta.low)),
      line('high end', ({ delta }) => Number(delta.high)),
      line('band, low', ({ band }) => Number(band?.low ?? NaN), faint),
      line('band, high', ({ band }) => Number(band?.high ?? NaN), faint),
      {
        name: 'slices',
        type: 'scatter',
        symbolSize: 9,
        data: looks.map(({ delta, t }) => [t, (Number(delta.low) + Number(delta.high)) / 2]),
      },
    ],
  };
}
