import { openDrawing } from '../backtest/report/draw.js';
import { escaped, figure, STYLE, tableOf } from '../backtest/report/html.js';
import type { Candles } from '../candles/read-candles.js';
import { intervalChart, lossChart } from './charts.js';
import { CONFIDENCE, type Evaluation, HEAD, rowsOf, sentencesOf, titleOf } from './evaluation.js';
import { DRAWN_SHARE, forecastsAndOutcomes } from './history-of-forecasts.js';
import { BASELINE, OURS } from './models.js';

const WIDTH = 960;
const SECONDS_PER_DAY = 86_400;

/** An evaluation as one page: no network, no script, pictures inside. */
export async function evaluationPage(title: string, { bars }: Candles, evaluation: Evaluation): Promise<string> {
  const draw = await openDrawing();
  const sections = evaluation.forecasts.map((each, i) => {
    const history = forecastsAndOutcomes(bars, each.horizonSeconds / SECONDS_PER_DAY, evaluation.fromSeconds);
    const inside = history.filter(({ high, low, realised }) => realised >= low && realised <= high).length;
    const held = `${((100 * inside) / history.length).toFixed(0)} % of ${history.length} outcomes lie inside`;
    const sentences = sentencesOf(each, evaluation.jumps[i]).map((sentence) => `<p>${escaped(sentence)}</p>`);
    return `<h2>${escaped(titleOf(each))}</h2>
${tableOf(HEAD, rowsOf(each))}
${sentences.join('\n')}
${figure(
  draw(intervalChart(history), WIDTH, 360),
  `What ${OURS} said each day from the candles before it alone, with its central ${100 * DRAWN_SHARE} %, and what came: ${held}.`,
)}
${figure(
  draw(lossChart(each), WIDTH, 220),
  `Loss against ${BASELINE}, with ${100 * CONFIDENCE} % intervals (circular block bootstrap). The table says what difference would have been found.`,
)}`;
  });
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Forecasts of volatility</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Forecasts of volatility</h1>
<p>${escaped(title)}</p>
${sections.join('\n')}
</body>
</html>
`;
}
