import { rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { trendAt } from '@evenkeel/core/backtest';
import { trendTable } from '../src/backtest/trend.js';
import { candleHistory } from '../src/candles/history.js';
import { readCandles } from '../src/candles/read-candles.js';
import { parseConfig } from '../src/config/load.js';
import { liveTrend } from '../src/trend/live-trend.js';
import { folder } from './cli-process.js';
import { hourlyCandles } from './hourly-candles.js';

const files = folder();
afterAll(() => rmSync(files, { recursive: true, force: true }));

const HOUR = 3600;
const START = 1_600_041_600;
const DAYS = 60;
const END = START + DAYS * 24 * HOUR;
const lines = hourlyCandles(DAYS * 24, START);
const file = join(files, 'candles.csv');
writeFileSync(file, lines.join('\n'));
const never = new AbortController().signal;

const asked = (more: object, nowSeconds: number, history = candleHistory()) => {
  const config = parseConfig({
    name: 'book',
    underlying: 'ETH',
    owner: '0xB8EEf6e72c4C42BF6Ba31C573e2387EB0ab815aF',
    chains: [{ id: 1, rpcUrl: 'http://127.0.0.1:1', base: 'WETH', quote: 'USDC' }],
    annualVolatilityPercent: 65,
    ...more,
  });
  return liveTrend(config, history, { now: () => nowSeconds * 1000 })('ETH', never);
};
const week = (more: object = {}) => ({ trend: { kind: 'week', candlesFile: file, ...more } });

test('is what a backtest sees at the same time, at any time: candles to come change nothing', async () => {
  const { bars, intervalSeconds } = readCandles(file);
  const table = trendTable(bars, intervalSeconds, 40);
  for (const hours of [40 * 24, 40 * 24 + 7.5, 55 * 24 + 0.99, DAYS * 24]) {
    const seconds = START + hours * HOUR;
    const { annualDrift, annualDriftPerReturn, halfLifeSeconds } = trendAt(table, seconds);
    expect(await asked(week(), seconds)).toEqual({
      kind: 'seen',
      model: 'week-trend',
      trend: { annualDrift, annualDriftPerReturn, halfLifeSeconds },
      asOf: { source: file, timeSeconds: START + Math.floor(hours) * HOUR },
    });
  }
});

test('reads the candles of the volatility where it has none of its own', async () => {
  const volatility = { kind: 'forecast', candlesFile: file, maxAgeHours: 3 };
  const more = { annualVolatilityPercent: undefined, volatility };
  expect(await asked(more, END)).toMatchObject({ kind: 'seen', asOf: { source: file } });
  expect(await asked(more, END + 3.5 * HOUR)).toMatchObject({ kind: 'none' });
});

test.each([
  ['without candles', {}, END, 'trend.candlesFile'],
  ['switched off', { trend: { kind: 'none' } }, END, 'switched off'],
  ['from candles that ended long ago', week(), END + 48.1 * HOUR, '48.1 h ago, more than 48 h'],
  ['from candles that ended longer ago than is said', week({ maxAgeHours: 6 }), END + 7 * HOUR, 'more than 6 h'],
])('there is none %s, and it says so', async (_, more, now, words) => {
  expect(await asked(more, now)).toEqual({ kind: 'none', sentence: expect.stringContaining(words) });
});

test('a file that is not there, and one that is too short, fail by code', async () => {
  await expect(asked(week({ candlesFile: join(files, 'no.csv') }), END)).rejects.toMatchObject({
    code: 'CANDLES_UNREADABLE',
  });
  await expect(asked(week(), START + 20 * 24 * HOUR)).rejects.toMatchObject({ code: 'HISTORY_TOO_SHORT' });
});

test('a file is read once for all who ask, and again when it has changed', async () => {
  const history = candleHistory();
  const own = join(files, 'grows.csv');
  writeFileSync(own, lines.slice(0, -24).join('\n'));
  const all = () => Promise.all([1, 2].map(() => asked(week({ candlesFile: own }), END, history)));
  const [first, second] = await all();
  expect(second).toEqual(first);
  expect(history.closed(own, END).bars).toBe(history.closed(own, END).bars);
  expect(first).toMatchObject({ asOf: { timeSeconds: END - 24 * HOUR } });
  writeFileSync(own, lines.join('\n'));
  utimesSync(own, 1, 1);
  const [later] = await all();
  expect(later).toMatchObject({ asOf: { timeSeconds: END } });
  expect(later).not.toEqual(first);
});

test.each([
  ['a kind that nobody knows', { kind: 'month' }, 'trend.kind'],
  ['no file', { kind: 'week', candlesFile: '' }, 'trend.candlesFile'],
  ['an age without bounds', { kind: 'week', maxAgeHours: 1e6 }, 'trend.maxAgeHours'],
])('%s is refused by field', (_, trend, field) => {
  expect(() => asked({ trend }, END)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT', field }));
});
