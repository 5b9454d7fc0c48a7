// Walk-forward evaluation of the volatility and gas forecasters (after `npm run build`):
//   node packages/core/bench/forecast.mjs [--data candles.csv] [--gas gas.csv] [--only gas] [--json]
// Without --data it reads ETHUSDT-1h.csv and demeter/gas_price.csv in the folder that EVENKEEL_DATA names; what is missing
// is said, and a simulated market is evaluated in any case.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { EvenkeelError } from '@evenkeel/intents';
import { readOptions } from '../../../scripts/options.mjs';
import { regularBars } from '../dist/forecast/bars.js';
import { evaluateForecasts } from '../dist/forecast/evaluate.js';
import { evaluateGasForecasts } from '../dist/forecast/evaluate-gas.js';
import { ewma } from '../dist/forecast/ewma.js';
import { garch } from '../dist/forecast/garch.js';
import { gasLastPrice, gasMeanReversion } from '../dist/forecast/gas-price.js';
import { harRv, logHar } from '../dist/forecast/har.js';
import { rangeHar } from '../dist/forecast/range-har.js';
import { readCandles, readGasPrices } from './candles.mjs';
import { simulateMarket } from './simulated-market.mjs';

const DAY = 86_400;
const HORIZONS = [1, 7, 30].map((days) => days * DAY);
/** The share of ETHUSDT-1h.csv, and of the gas prices, on which the settings of our forecasters were chosen; the rest judges. */
const SELECTION_SHARE = 0.6;
const forecasters = () => [ewma(), garch(), harRv(), logHar(), rangeHar()];

const HELP = 'Usage: node packages/core/bench/forecast.mjs [--data candles.csv] [--gas gas.csv] [--only gas] [--json]';
const options = readOptions(HELP, {
  data: { type: 'string' },
  gas: { type: 'string' },
  only: { type: 'string', of: ['gas'] },
  json: { type: 'boolean' },
});

/** A year is seen first, then one forecast a day. */
function evaluate(bars, intervalSeconds, periods) {
  const perDay = DAY / intervalSeconds;
  const settings = { bars, forecasters: forecasters(), baselineId: 'log-har', horizonsSeconds: HORIZONS };
  return evaluateForecasts({ ...settings, warmUpBars: 365 * perDay, everyBars: perDay, periods });
}

function periodsOf(bars, intervalSeconds) {
  const end = bars.at(-1).timeSeconds + intervalSeconds;
  const cut = bars[Math.floor(bars.length * SELECTION_SHARE)].timeSeconds;
  const begin = bars[365 * (DAY / intervalSeconds) - 1].timeSeconds;
  const year = (seconds) => new Date(seconds * 1000).getUTCFullYear();
  const years = Array.from({ length: year(end - 1) - year(begin) + 1 }, (_, i) => year(begin) + i).map((each) => ({
    label: String(each),
    fromSeconds: Math.max(begin, Date.UTC(each, 0) / 1000),
    untilSeconds: Math.min(end, Date.UTC(each + 1, 0) / 1000),
  }));
  return [
    { label: 'all', fromSeconds: begin, untilSeconds: end },
    { label: 'first 60 %', fromSeconds: begin, untilSeconds: cut },
    { label: 'last 40 %', fromSeconds: cut, untilSeconds: end },
    ...years.filter(({ fromSeconds, untilSeconds }) => untilSeconds - fromSeconds > 90 * DAY),
  ];
}

const fixed = (value, digits = 3) => (Number.isFinite(value) ? value.toFixed(digits) : '-');

function printVolatility(title, evaluations) {
  console.log(`\n${title}`);
  console.log(
    'QLIKE against log-har: difference, 90 % interval, Diebold-Mariano p, smallest difference detectable (%)',
  );
  for (const { forecasts, horizonSeconds, period, scores } of evaluations) {
    console.log(`\n${horizonSeconds / DAY} days, ${period}: ${forecasts} forecasts`);
    console.table(
      scores.map(({ againstBaseline: against, coverage, crps, forecasterId, logScore, mincerZarnowitz, qlike }) => ({
        forecaster: forecasterId,
        qlike: fixed(qlike, 4),
        'vs log-har %': against ? fixed(against.qlike.percent, 1) : '',
        interval: against ? against.qlike.interval.map((each) => fixed(each, 4)).join(' … ') : '',
        p: against ? fixed(against.qlike.pValue, 4) : '',
        'detectable %': against ? fixed(detectablePercent(against.qlike), 1) : '',
        R2: fixed(mincerZarnowitz.rSquared),
        slope: fixed(mincerZarnowitz.slope, 2),
        'cover 50/68/90': ['50', '68', '90'].map((share) => (100 * coverage[share]).toFixed(0)).join('/'),
        crps: fixed(crps, 4),
        'log score': fixed(logScore),
      })),
    );
  }
}

const detectablePercent = ({ meanDifference, percent, smallestDetectable }) =>
  Math.abs((smallestDetectable * percent) / meanDifference);

function printGas(parts) {
  for (const { evaluations, part } of parts) {
    console.log(`\nGas price, against the last price, ${part}`);
    for (const { forecasts, horizonSeconds, scores } of evaluations) {
      console.log(`\n${horizonSeconds / 60} minutes: ${forecasts} forecasts`);
      console.table(
        scores.map(({ againstBaseline: against, coverage, crps, forecasterId, rootMeanSquaredLogError }) => ({
          forecaster: forecasterId,
          'rms log error': fixed(rootMeanSquaredLogError, 4),
          crps: fixed(crps, 4),
          'crps vs last %': against ? fixed(against.crps.percent, 1) : '',
          p: against ? fixed(against.crps.pValue, 4) : '',
          'cover 50/90': ['50', '90'].map((share) => (100 * coverage[share]).toFixed(1)).join('/'),
        })),
      );
    }
  }
}

function milliseconds(work) {
  const times = Array.from({ length: 7 }, () => {
    const start = process.hrtime.bigint();
    work();
    return Number(process.hrtime.bigint() - start) / 1e6;
  });
  return times.sort((a, b) => a - b)[3];
}

/** One forecast is one refit of everything; a walk of a year's days shares the work. */
function speedOf(bars, intervalSeconds) {
  const perDay = DAY / intervalSeconds;
  const seen = Array.from({ length: 365 }, (_, i) => bars.length - i * perDay);
  return {
    bars: bars.length,
    forecastMs: Object.fromEntries(
      forecasters().map((one) => [one.id, milliseconds(() => one.forecast(bars, 7 * DAY))]),
    ),
    yearOfDailyForecastsMs: milliseconds(() => rangeHar().series(bars, 7 * DAY, seen)),
  };
}

function simulated() {
  const bars = simulateMarket({ days: 1200, seed: 20_240_817 });
  const periods = [{ label: 'simulated', fromSeconds: 0, untilSeconds: Number.POSITIVE_INFINITY }];
  return evaluate(bars, 3600, periods);
}

function real(file) {
  const { candles, intervalSeconds, longestGapSeconds } = readCandles(file);
  const { bars, filled } = regularBars(candles, intervalSeconds);
  const evaluations = evaluate(bars, intervalSeconds, periodsOf(bars, intervalSeconds));
  return { bars: bars.length, filled, longestGapSeconds, evaluations, speed: speedOf(bars, intervalSeconds) };
}

/** Every forecast sees what came before it alone; what was chosen by hand was chosen on the first 60 %. */
function gas(file) {
  const samples = readGasPrices(file);
  const settings = {
    samples,
    forecasters: [gasLastPrice(), gasMeanReversion()],
    baselineId: 'gas-last-price',
    horizonsSeconds: [1, 5, 30, 60, 240].map((minutes) => minutes * 60),
  };
  const from = (share, everySamples) =>
    evaluateGasForecasts({ ...settings, everySamples, warmUpSamples: Math.floor(samples.length * share) });
  return [
    { part: 'over the file after its first tenth', evaluations: from(0.1, 5) },
    { part: 'over the last 40 % of the file', evaluations: from(SELECTION_SHARE, 2) },
  ];
}

/** The file that was named, or the one of that name in the data folder, or nothing and why. */
function fileOf(named, inFolder) {
  if (named !== undefined) return { file: named };
  const folder = process.env.EVENKEEL_DATA;
  if (!folder) return { missing: `No ${inFolder}: set EVENKEEL_DATA to the folder that holds it.` };
  const file = join(folder, inFolder);
  return existsSync(file) ? { file } : { missing: `No ${inFolder} in ${folder}, which EVENKEEL_DATA names.` };
}

function main() {
  const gasOnly = options.only === 'gas';
  const candles = fileOf(options.data, 'ETHUSDT-1h.csv');
  const gasPrices = fileOf(options.gas, join('demeter', 'gas_price.csv'));
  const report = {
    ...(gasOnly ? {} : candles.file ? { real: real(candles.file) } : { realMissing: candles.missing }),
    ...(gasPrices.file ? { gas: gas(gasPrices.file) } : { gasMissing: gasPrices.missing }),
    ...(gasOnly ? {} : { simulated: simulated() }),
  };
  if (options.json) return console.log(JSON.stringify(report));
  if (report.simulated) printVolatility('Simulated market (seeded)', report.simulated);
  if (report.real) {
    const { bars, evaluations, filled, longestGapSeconds, speed } = report.real;
    printVolatility(
      `${candles.file}: ${bars} bars, ${filled} filled, longest gap ${longestGapSeconds / 3600} h`,
      evaluations,
    );
    console.log('\nSpeed', speed);
  } else if (report.realMissing) console.log(`\n${report.realMissing}`);
  if (report.gas) printGas(report.gas);
  else console.log(`\n${report.gasMissing}`);
}

try {
  main();
} catch (error) {
  if (!(error instanceof EvenkeelError)) throw error;
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = 1;
}
