import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { parseBacktestConfig } from '../src/backtest/config.js';
import { episodesOf } from '../src/backtest/episodes.js';
import { poolCosts } from '../src/backtest/pool-costs.js';
import { prepareStudy } from '../src/backtest/prepare.js';
import { cli, documentIn, failureIn, folder, inProcess, writeYaml } from './cli-process.js';

const EXAMPLES = join(__dirname, '../../../examples/backtest');
const example = (name: string): string => readFileSync(join(EXAMPLES, name), 'utf8');

/** A small backtest, with what a test wants to be different. */
function small(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    name: 'small',
    seed: 5,
    market: { kind: 'gbm', spotUsd: 100, annualVolatilityPercent: 70, stepSeconds: 3600, days: 3, paths: 6 },
    book: {
      normalisedSpotUsd: 100,
      legs: [{ kind: 'option', optionType: 'call', sizeUnits: -1, strikePercentOfSpot: 100, daysToExpiry: 3 }],
    },
    costs: { kind: 'proportional', costBps: 5 },
    gas: { kind: 'constant', usdPerTrade: 0.0025 },
    volatilities: { implied: { kind: 'constant', annualPercent: 70 } },
    terms: { riskAversion: { perUsd: 0.02 }, monitoringSeconds: 3600, volatility: 'implied' },
    policies: [
      { name: 'optimal', rule: { kind: 'optimal' } },
      { name: 'WW97', rule: { kind: 'whalley-wilmott-1997' } },
    ],
    optimum: 'optimal',
    baseline: 'WW97',
    ...changes,
  };
}

/** Candles of so many hours that wander about, as lines of a file. */
function candleLines(hours: number): string[] {
  let price = 1000;
  return Array.from({ length: hours }, (_, i) => {
    const open = price;
    price *= Math.exp(0.006 * Math.sin(i * 7.3) + 0.004 * Math.cos(i * 1.7));
    const [high, low] = [Math.max(open, price) * 1.001, Math.min(open, price) * 0.999];
    return `${1_600_000_000 + i * 3600},${open},${high},${low},${price}`;
  });
}

function candleFile(lines: readonly string[]): string {
  const file = join(folder(), 'candles.csv');
  writeFileSync(file, `timestamp,open,high,low,close\n${lines.join('\n')}\n`);
  return file;
}

const onCandles = (changes: Record<string, unknown> = {}): Record<string, unknown> =>
  small({
    market: { kind: 'candles', intervalSeconds: 3600, warmUpDays: 12 },
    book: { ...(small()['book'] as object), startEveryDays: 1 },
    volatilities: { implied: { kind: 'forecast', model: 'ewma' } },
    ...changes,
  });

describe('evenkeel backtest', () => {
  test('gives one document, the same on one thread as on two', async () => {
    const config = writeYaml(folder(), 'small.yaml', small());
    const [one, two] = await Promise.all([
      cli(['backtest', '--config', config, '--threads', '1', '--json']),
      cli(['backtest', '--config', config, '--threads', '2', '--json']),
    ]);
    expect(one.code).toBe(0);
    expect(two.stdout).toBe(one.stdout);
    const { decisions, outcome, seed } = documentIn(one);
    expect({ decisions, outcome, seed }).toEqual({ decisions: 6 * 2 * 72, outcome: 'tested', seed: 5 });
  }, 60_000);

  test('writes a page without script or network, tables, and the document', async () => {
    const out = join(folder(), 'out');
    const config = writeYaml(folder(), 'small.yaml', small({ name: 'A <b>name</b> & more' }));
    const ended = await cli(['backtest', '--config', config, '--out', out, '--threads', '1']);
    expect(ended.code).toBe(0);
    const page = readFileSync(join(out, 'report.html'), 'utf8');
    expect(page).not.toMatch(/<script|<link|https?:\/\/(?!www\.w3\.org)|<b>name/);
    expect(page.match(/<svg/g)).toHaveLength(6);
    const read = (name: string): string[] => readFileSync(join(out, name), 'utf8').trim().split('\n');
    expect(read('summary.csv')).toHaveLength(3);
    expect(read('costs.csv')).toHaveLength(1 + 2 * 3);
    expect(read('trades.csv').length).toBeGreaterThan(10);
    expect(read('decisions.csv')).toHaveLength(1 + 2 * 72);
    expect(JSON.parse(read('result.json').join('\n'))).toMatchObject({ outcome: 'tested' });
  }, 60_000);

  test('another seed gives other paths, and is printed', async () => {
    const config = writeYaml(folder(), 'small.yaml', small());
    const digest = async (seed: string): Promise<unknown> => {
      const ended = await inProcess(['backtest', '--config', config, '--threads', '1', '--json', '--seed', seed]);
      return (documentIn(ended)['parts'] as { policies: { decisionDigest: string }[] }[])[0]!.policies[0]!
        .decisionDigest;
    };
    expect(await digest('6')).not.toBe(await digest('5'));
  }, 30_000);

  test('a target that is missed ends with 1, and says by how much', async () => {
    const targets = [{ kind: 'cost-ratio', policy: 'WW97', against: 'optimal', atMost: 0.001 }];
    const config = writeYaml(folder(), 'small.yaml', small({ targets }));
    const ended = await inProcess(['backtest', '--config', config, '--threads', '1', '--json']);
    expect(ended.code).toBe(1);
    expect(documentIn(ended)).toMatchObject({
      outcome: 'target-missed',
      parts: [
        {
          targets: [
            { verdict: 'missed', value: expect.any(Number) as unknown, detectable: expect.any(Number) as unknown },
          ],
        },
      ],
    });
  });

  test('runs on candles with gaps, which it fills and counts', async () => {
    const lines = candleLines(24 * 20).filter((_, i) => i < 300 || i > 310);
    const config = writeYaml(folder(), 'candles.yaml', onCandles());
    const ended = await inProcess([
      'backtest',
      '--config',
      config,
      '--data',
      candleFile(lines),
      '--threads',
      '1',
      '--json',
    ]);
    expect(documentIn(ended)).toMatchObject({ outcome: 'tested', market: { candles: 480, filledCandles: 11 } });
  });

  test.each<[string, string, Record<string, unknown>]>([
    ['a misspelt key', 'BACKTEST_CONFIG_INVALID', { polcies: [] }],
    ['no seed', 'BACKTEST_CONFIG_INVALID', { seed: undefined }],
    [
      'a volatility of nothing',
      'BACKTEST_CONFIG_INVALID',
      { volatilities: { implied: { kind: 'constant', annualPercent: 0 } } },
    ],
    [
      'a volatility that nobody defined',
      'BACKTEST_CONFIG_INVALID',
      { volatilities: { other: { kind: 'constant', annualPercent: 1 } } },
    ],
    [
      'an expiry in the past',
      'BACKTEST_CONFIG_INVALID',
      {
        book: {
          legs: [{ kind: 'option', optionType: 'call', sizeUnits: -1, strikePercentOfSpot: 100, daysToExpiry: -3 }],
        },
      },
    ],
    [
      'a book longer than the path',
      'BACKTEST_CONFIG_INVALID',
      {
        book: {
          legs: [{ kind: 'option', optionType: 'call', sizeUnits: -1, strikePercentOfSpot: 100, daysToExpiry: 30 }],
        },
      },
    ],
    [
      'a guard of 200 %',
      'GUARD_ABSURD',
      { terms: { riskAversion: { perUsd: 0.02 }, monitoringSeconds: 3600, volatility: 'implied', maxCostBps: 20_000 } },
    ],
    [
      'a rule that nobody knows',
      'POLICY_CONFIG_INVALID',
      { policies: [{ name: 'x', rule: { kind: 'guess' } }], optimum: undefined, baseline: undefined },
    ],
    [
      'looks between two prices',
      'BACKTEST_INPUT_INVALID',
      { terms: { riskAversion: { perUsd: 0.02 }, monitoringSeconds: 5000, volatility: 'implied' } },
    ],
    ['candles without a file', 'BACKTEST_DATA_MISSING', onCandles()],
  ])('%s is refused', async (_, code, changes) => {
    const config = writeYaml(folder(), 'bad.yaml', small(changes));
    expect(failureIn(await inProcess(['backtest', '--config', config, '--threads', '1', '--json']))).toMatchObject({
      code,
      exitCode: 1,
    });
  });

  test.each<[string, string, (lines: string[]) => string[]]>([
    ['unsorted candles', 'CANDLES_UNSORTED', (lines) => [...lines.slice(1), lines[0]!]],
    ['a NaN', 'CANDLES_INVALID', (lines) => lines.with(50, lines[50]!.replace(/,[^,]*$/, ',NaN'))],
    [
      'a price 100 times the one before',
      'CANDLES_PRICE_JUMP',
      (lines) =>
        lines.with(
          50,
          lines[50]!
            .split(',')
            .map((cell, i) => (i === 0 ? cell : String(100 * Number(cell))))
            .join(','),
        ),
    ],
    ['too short a history', 'BACKTEST_CONFIG_INVALID', (lines) => lines.slice(0, 100)],
  ])('%s are refused', async (_, code, spoil) => {
    const config = writeYaml(folder(), 'candles.yaml', onCandles());
    const data = candleFile(spoil(candleLines(24 * 20)));
    const ended = await inProcess(['backtest', '--config', config, '--data', data, '--threads', '1', '--json']);
    expect(failureIn(ended)).toMatchObject({ code, exitCode: 1 });
  });
});

describe('what a file describes', () => {
  test.each(['simulated.yaml', 'weekly-calls.yaml', 'rolling-call.yaml'])('the example %s is valid', (name) => {
    expect(parseBacktestConfig(parse(example(name))).policies.length).toBeGreaterThan(0);
  });

  test('books start so often, alone or together, at the spot that they are normalised to', () => {
    const file = candleFile(candleLines(24 * 20));
    const episodes = (hedged: string) => {
      const book = { ...(small()['book'] as object), startEveryDays: 2, hedged };
      const config = parseBacktestConfig(onCandles({ book }));
      return episodesOf(prepareStudy(config, { configFile: '', dataFile: file }));
    };
    const alone = episodes('separately');
    expect(alone.count).toBe(3);
    const { episode } = alone.at(2);
    expect(episode.path.prices[0]).toBeCloseTo(100, 10);
    expect(episode.legs).toMatchObject([{ startSeconds: episode.path.startSeconds, strike: episode.path.prices[0] }]);
    const together = episodes('together');
    expect(together.count).toBe(1);
    expect(together.at(0).episode.legs).toHaveLength(3);
    expect(alone.at(2)).toEqual(episodes('separately').at(2));
  });

  test('a forecast is made from closed candles alone: later ones change none of the earlier', () => {
    const lines = candleLines(24 * 20);
    const later = lines.map((line, i) => (i < 400 ? line : lines[i - 200]!.replace(/^\d+/, /^\d+/.exec(line)![0])));
    const table = (all: readonly string[]) => {
      const study = prepareStudy(parseBacktestConfig(onCandles()), { configFile: '', dataFile: candleFile(all) });
      const { implied } = study.volatilities!;
      return implied?.kind === 'forecasts' ? [...implied.annualVolatilities] : [];
    };
    // 400 candles are 16 days: from day 12 on, five forecasts of five horizons.
    expect(table(lines.slice(0, 400)).slice(0, 25)).toEqual(table(lines).slice(0, 25));
    expect(table(later).slice(0, 25)).toEqual(table(lines).slice(0, 25));
    expect(table(later)).not.toEqual(table(lines));
  });

  test('pools cost their fee at first, and more the deeper one trades', () => {
    const { buy, sell } = poolCosts({
      kind: 'pools',
      pools: [
        { kind: 'constant-product', feeBps: 30, depthUnits: 1000 },
        { kind: 'concentrated', feeBps: 5, depthUnits: 500, rangePercent: 10 },
      ],
    });
    for (const points of [buy, sell]) {
      expect(points[0]!.cost / points[0]!.sizeUnits / 5e-4).toBeCloseTo(1, 1);
      const averages = points.map(({ cost, sizeUnits }) => cost / sizeUnits);
      expect([...averages].sort((a, b) => a - b)).toEqual(averages);
      expect(averages.at(-1)).toBeGreaterThan(0.01);
    }
  });
});
