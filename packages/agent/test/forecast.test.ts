import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EvenkeelError } from '@evenkeel/intents';
import { candleHistory } from '../src/candles/history.js';
import { readCandles } from '../src/candles/read-candles.js';
import { parseConfig } from '../src/config/load.js';
import { volatilityText } from '../src/render/volatility-text.js';
import { statedVolatility } from '../src/volatility/stated-volatility.js';
import { cli, documentIn, failureIn, folder, inProcess } from './cli-process.js';

jest.setTimeout(60_000);

const files = folder();
afterAll(() => rmSync(files, { recursive: true, force: true }));

const HOUR = 3600;
const START = 1_600_041_600;
const HEADER = 'timestamp,open,high,low,close,volume';

/** Hourly lines of a price whose moves take turns of four weeks between calm and wild. */
function lines(count: number): string[] {
  let price = 2000;
  let state = 7;
  const uniform = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  return Array.from({ length: count }, (_, i) => {
    const open = price;
    const scale = Math.floor(i / 672) % 2 === 0 ? 0.004 : 0.012;
    price *= Math.exp(scale * (uniform() + uniform() + uniform() + uniform() - 2) * 1.7);
    const [high, low] = [Math.max(open, price) * (1 + scale / 3), Math.min(open, price) * (1 - scale / 3)];
    return [(START + i * HOUR) * 1000, ...[open, high, low, price].map((each) => each.toFixed(4)), 1].join(',');
  });
}

const year = lines(24 * 480);
let count = 0;
const write = (rows: readonly string[], header = HEADER): string => {
  const file = join(files, `${++count}.csv`);
  writeFileSync(file, [header, ...rows, ''].join('\n'));
  return file;
};
const codeOf = (act: () => unknown): string | undefined => {
  try {
    act();
  } catch (error) {
    if (error instanceof EvenkeelError) return error.code;
    throw error;
  }
  return undefined;
};

describe('candles', () => {
  const some = year.slice(0, 1200);
  const changed = (at: number, change: (cells: string[]) => void): readonly string[] =>
    some.map((line, i) => {
      const cells = line.split(',');
      if (i === at) change(cells);
      return cells.join(',');
    });

  test('are read in seconds, milliseconds or dates, in any order of columns', () => {
    const plain = readCandles(write(some));
    expect(plain).toMatchObject({ intervalSeconds: HOUR, filled: 0, repeated: 0, endSeconds: START + 1200 * HOUR });
    const dated = some.map((line) => {
      const [time, open, high, low, close] = line.split(',');
      return [close, low, high, open, new Date(Number(time)).toISOString()].join(',');
    });
    expect(readCandles(write(dated, 'close,low,high,open,date')).bars).toEqual(plain.bars);
  });

  test('a gap of 34 hours is filled at the last close, a repeated line left out, and both are counted', () => {
    const gapped = [...some.slice(0, 900), some[899]!, ...some.slice(934)];
    const { bars, filled, longestGapSeconds, repeated } = readCandles(write(gapped));
    expect({ filled, longestGapSeconds, repeated }).toEqual({ filled: 34, longestGapSeconds: 34 * HOUR, repeated: 1 });
    expect(bars).toHaveLength(1200);
    expect(bars[910]).toMatchObject({ open: bars[899]!.close, close: bars[899]!.close });
  });

  test.each([
    ['NaN', changed(5, (cells) => (cells[4] = 'NaN')), 'CANDLES_INVALID'],
    ['an empty price', changed(5, (cells) => (cells[1] = '')), 'CANDLES_INVALID'],
    ['infinity', changed(5, (cells) => (cells[2] = 'Infinity')), 'CANDLES_INVALID'],
    ['a price of zero', changed(5, (cells) => (cells[3] = '0')), 'CANDLES_INVALID'],
    ['a high below the low', changed(5, (cells) => (cells[2] = '1')), 'CANDLES_INVALID'],
    ['a time that is none', changed(5, (cells) => (cells[0] = 'noon')), 'CANDLES_INVALID'],
    ['a line that is cut off', [...some.slice(0, 9), some[9]!.slice(0, 20)], 'CANDLES_INVALID'],
    ['one candle', some.slice(0, 1), 'CANDLES_INVALID'],
    ['the newest first', [...some].reverse(), 'CANDLES_UNSORTED'],
    ['one time with two prices', [some[0]!, ...changed(0, (cells) => (cells[5] = '9')), ...some], 'CANDLES_UNSORTED'],
    ['a gap of three days', [...some.slice(0, 600), ...some.slice(672)], 'CANDLES_GAP'],
    [
      'a price a hundred times the one before',
      changed(700, (cells) => [1, 2, 3, 4].forEach((i) => (cells[i] = String(100 * Number(cells[i]))))),
      'CANDLES_PRICE_JUMP',
    ],
    ['a wick to a hundredth', changed(700, (cells) => (cells[3] = '20')), 'CANDLES_PRICE_JUMP'],
    ['a time off the grid', changed(700, (cells) => (cells[0] = String(Number(cells[0]) + 60_000))), 'BAR_INVALID'],
    ['a tenth missing', some.filter((_, i) => i % 10 !== 5), 'BAR_INVALID'],
  ])('%s is refused', (_, rows, code) => {
    expect(codeOf(() => readCandles(write(rows)))).toBe(code);
  });

  test('so is a file without a header, and none at all', () => {
    expect(codeOf(() => readCandles(write(some, some[0])))).toBe('CANDLES_INVALID');
    expect(codeOf(() => readCandles(join(files, 'none.csv')))).toBe('CANDLES_UNREADABLE');
  });
});

describe('evenkeel forecast', () => {
  const file = write(year);

  test('judges every forecaster, with power and coverage', async () => {
    const { code, stderr, stdout } = await inProcess(['forecast', '--data', file, '--horizons', '1,7']);
    expect(code).toBe(0);
    expect(stderr).toContain('Walking forward');
    for (const word of [
      'ewma',
      'garch',
      'har-rv',
      'log-har',
      'range-har',
      'QLIKE',
      'detectable',
      'R²',
      '7 days ahead',
    ]) {
      expect(stdout).toContain(word);
    }
  });

  test('as one document; from a date on there are fewer to judge', async () => {
    const from = new Date((START + 24 * 420 * HOUR) * 1000).toISOString().slice(0, 10);
    const ended = await inProcess(['forecast', '--data', file, '--horizons', '1', '--from', from, '--json']);
    expect(documentIn(ended)).toMatchObject({
      data: { bars: 24 * 480, filled: 0 },
      forecasts: [{ forecasts: 60, horizonSeconds: 86_400, scores: { length: 5 } }],
      jumps: [{ horizonSeconds: 86_400 }],
    });
  });

  test('draws on one page, without script or network, what was said, what came and what the losses were', async () => {
    const page = join(files, 'page.html');
    const ended = await cli(['forecast', '--data', file, '--horizons', '1', '--html', page, '--json']);
    const { forecasts } = documentIn(ended) as { forecasts: { forecasts: number; scores: never[] }[] };
    const text = readFileSync(page, 'utf8');
    expect(text.match(/<svg /g)).toHaveLength(2);
    expect(text).not.toMatch(/<script|src=|href=/);
    const [, inside, of] = /(\d+) % of (\d+) outcomes lie inside/.exec(text)!;
    expect(Number(of)).toBe(forecasts[0]!.forecasts);
    const ours = forecasts[0]!.scores.find(({ forecasterId }) => forecasterId === 'range-har') as unknown as {
      coverage: { 90: number };
    };
    expect(Number(inside)).toBe(Math.round(100 * ours.coverage[90]));
  });

  test('says what it says now, and that the candles are old', async () => {
    const ended = await inProcess(['forecast', '--data', file, '--now', '--json']);
    const { now } = documentIn(ended) as { now: { horizons: Record<string, never>[]; sentence: string } };
    expect(now).toMatchObject({ stale: true, asOf: new Date((START + year.length * HOUR) * 1000).toISOString() });
    expect(now.horizons.map(({ horizonDays }) => horizonDays)).toEqual([1, 7, 30]);
    for (const { expectedPercent, ninetyPercent } of now.horizons) {
      expect(expectedPercent).toBeGreaterThan(ninetyPercent![0]!);
      expect(expectedPercent).toBeLessThan(ninetyPercent![1]!);
    }
    const spoken = await inProcess(['forecast', '--data', file, '--now']);
    expect(spoken.stdout).toContain(now.sentence);
  });

  test.each([
    [['--data', file, '--now', '--html', join(files, 'page.html')], 'INVALID_INPUT'],
    [['--data', file, '--horizons', '1', '--html', join(files, 'none', 'page.html')], 'INVALID_INPUT'],
    [['--data', file, '--horizons', '0.5'], 'INVALID_INPUT'],
    [['--data', file, '--horizons', ''], 'INVALID_INPUT'],
    [['--data', file, '--from', 'yesterday'], 'INVALID_INPUT'],
    [['--data', file, '--from', '2030-01-01'], 'FORECAST_INPUT_INVALID'],
    [['--data', write(year.slice(0, 24 * 100))], 'HISTORY_TOO_SHORT'],
    [['--data', write(year.slice(0, 24 * 100)), '--now'], 'HISTORY_TOO_SHORT'],
    [['--data', join(files, 'none.csv')], 'CANDLES_UNREADABLE'],
    [[], 'USAGE_INVALID'],
  ])('%j fails by code', async (args, code) => {
    expect(failureIn(await inProcess(['forecast', '--json', ...args]))).toMatchObject({ code, exitCode: 1 });
  });
});

describe('the volatility of a portfolio', () => {
  const file = write(year);
  const end = START + year.length * HOUR;
  const option = { optionType: 'call', strikeNumeraire: '2000', expiryUnixSeconds: 1_798_761_600 };
  const optionBook = {
    underlying: 'ETH',
    volatilityAnnualPercent: '60',
    positions: [
      { ...option, id: 'a', sizeUnits: '-3' },
      { ...option, id: 'b', sizeUnits: '1', volatilityAnnualPercent: '80' },
    ],
  };
  const stated = (more: object, nowSeconds = end + 600) =>
    statedVolatility(
      parseConfig({
        name: 'book',
        underlying: 'ETH',
        owner: '0xB8EEf6e72c4C42BF6Ba31C573e2387EB0ab815aF',
        chains: [{ id: 1, rpcUrl: 'http://127.0.0.1:1', base: 'WETH', quote: 'USDC' }],
        ...more,
      }),
      { now: () => nowSeconds * 1000 },
      candleHistory(),
    );
  const signal = new AbortController().signal;

  test('configured, in either way', async () => {
    for (const more of [{ annualVolatilityPercent: 65 }, { volatility: { kind: 'configured', annualPercent: 65 } }]) {
      const { feed, state } = stated({ ...more, positions: { optionBook } });
      expect(state()).toMatchObject({
        source: 'configured',
        usedPercent: 65,
        forecast: null,
        implied: { meanPercent: 65, leastPercent: 60, mostPercent: 80 },
      });
      expect(Number((await feed.realised('ETH', signal)).value)).toBeCloseTo(0.65, 6);
    }
  });

  test('implied by the options, by their sizes', () => {
    const { state } = stated({ volatility: { kind: 'implied' }, positions: { optionBook } });
    expect(state()).toMatchObject({ source: 'implied', usedPercent: 65, configuredPercent: null });
    expect(codeOf(() => stated({ volatility: { kind: 'implied' } }))).toBe('INVALID_INPUT');
  });

  test('forecast from candles, with the others beside it, in one line', async () => {
    const volatility = { kind: 'forecast', candlesFile: file };
    const { feed, state } = stated({ volatility, annualVolatilityPercent: 50, positions: { optionBook } });
    const said = state();
    expect(said).toMatchObject({ source: 'forecast', configuredPercent: 50, implied: { meanPercent: 65 } });
    expect(said.forecast).toMatchObject({ model: 'range-har', horizonDays: 30 });
    expect(said.usedPercent).toBe(said.forecast!.expectedPercent);
    const { asOf, value } = await feed.realised('ETH', signal);
    expect(Number(value)).toBeCloseTo(said.usedPercent / 100, 6);
    expect(asOf).toMatchObject({ source: 'forecast from candles', timeSeconds: end });
    expect(volatilityText(said)).toMatch(
      /forecast; range-har over 30 days.*option book's is 65 %.*configured one is 50 %/,
    );
  });

  test('a candle that has not closed is left out; candles that ended long ago are refused, never used', async () => {
    const volatility = { kind: 'forecast', candlesFile: file, model: 'log-har', maxAgeHours: 6 };
    expect(stated({ volatility }, end - 600).state().asOfSeconds).toBe(end - HOUR);
    expect(codeOf(stated({ volatility }, end + 5.9 * HOUR).state)).toBeUndefined();
    const { feed, state } = stated({ volatility }, end + 6.1 * HOUR);
    expect(codeOf(state)).toBe('VOLATILITY_STALE');
    await expect(feed.realised('ETH', signal)).rejects.toMatchObject({ code: 'VOLATILITY_STALE', retryable: true });
  });

  test.each([
    ['none', {}, 'annualVolatilityPercent'],
    [
      'two',
      { annualVolatilityPercent: 65, volatility: { kind: 'configured', annualPercent: 60 } },
      'volatility.annualPercent',
    ],
    ['no file', { volatility: { kind: 'forecast' } }, 'volatility.candlesFile'],
    [
      'an age without bounds',
      { volatility: { kind: 'forecast', candlesFile: 'a', maxAgeHours: 1e6 } },
      'volatility.maxAgeHours',
    ],
    ['zero', { volatility: { kind: 'configured', annualPercent: 0 } }, 'volatility.annualPercent'],
    ['another kind', { volatility: { kind: 'guess' } }, 'volatility.kind'],
  ])('%s is refused by field', (_, more, field) => {
    expect(() => stated(more)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT', field }));
  });
});
