import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { refillingPool } from '../src/schedule-bench/refilling-pool.js';
import { documentIn, failureIn, folder, inProcess } from './cli-process.js';

const files = folder();
afterAll(() => rmSync(files, { recursive: true, force: true }));

const estimate = v.object({ mean: v.number(), low: v.number(), high: v.number() });
const documentSchema = v.object({
  resiliencePerSecond: v.object({ true: v.number(), measured: v.number(), standardError: v.number() }),
  results: v.array(
    v.object({
      name: v.string(),
      slices: v.array(v.object({ atSeconds: v.number(), units: v.number() })),
      shortfallBps: estimate,
      standardDeviationBps: estimate,
      costWithRiskBps: v.number(),
      againstNaiveBps: estimate,
      meanByKindBps: v.record(v.string(), v.number()),
    }),
  ),
});

async function run(...args: string[]) {
  const { resiliencePerSecond, results } = v.parse(
    documentSchema,
    documentIn(await inProcess(['schedule-bench', '--json', ...args])),
  );
  const of = (name: string) => results.find((each) => each.name === name)!;
  return { of, resiliencePerSecond, results };
}

const few = ['--paths', '40', '--slices', '8'];

it('measures the pool, and the schedules that know it cost less than those that do not', async () => {
  const { of, resiliencePerSecond, results } = await run(...few);
  expect(results.map(({ name }) => name)).toEqual([
    'single',
    'naive-twap',
    'twap',
    'vwap',
    'pov',
    'almgren-chriss',
    'obizhaeva-wang',
    'optimal',
  ]);
  expect(Math.abs(resiliencePerSecond.measured / resiliencePerSecond.true - 1)).toBeLessThan(0.1);
  expect(of('single').againstNaiveBps.low).toBeGreaterThan(0);
  expect(of('obizhaeva-wang').meanByKindBps['impact']).toBeLessThan(of('naive-twap').meanByKindBps['impact']!);
  for (const { meanByKindBps, shortfallBps, slices } of results) {
    expect(Object.values(meanByKindBps).reduce((a, b) => a + b, 0)).toBeCloseTo(shortfallBps.mean, 6);
    expect(slices.reduce((sum, { units }) => sum + units, 0)).toBeCloseTo(100, 5);
  }
});

it('where gas is dear the schedules of the house make fewer slices than a naive TWAP, and cost less', async () => {
  const { of } = await run(...few, '--gas-usd', '300');
  for (const name of ['twap', 'optimal']) {
    expect(of(name).slices.length).toBeLessThan(8);
    expect(of(name).againstNaiveBps.high).toBeLessThan(0);
  }
});

it('without volatility there is nothing uncertain, and the optimum is the cheapest of all', async () => {
  const { of, results } = await run(...few, '--paths', '2', '--sigma-percent', '0', '--gas-usd', '60');
  const mean = (name: string): number => of(name).shortfallBps.mean;
  expect(of('optimal').standardDeviationBps.mean).toBeCloseTo(0, 9);
  for (const { name } of results) expect(mean('optimal')).toBeLessThanOrEqual(mean(name) + 0.05);
});

it('is the same for the same seed and another for another', async () => {
  const [a, b, c] = [await run(...few), await run(...few), await run(...few, '--seed', '2')];
  expect(a.results).toEqual(b.results);
  expect(c.of('twap').shortfallBps.mean).not.toBe(a.of('twap').shortfallBps.mean);
});

it('draws a page that needs nothing from outside', async () => {
  const html = join(files, 'bench.html');
  const { code, stdout } = await inProcess(['schedule-bench', ...few, '--html', html]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^ +optimal +\d+ +-?\d+\.\d\d ± \d+\.\d\d/m);
  const page = readFileSync(html, 'utf8');
  expect(page.match(/<svg/g)).toHaveLength(3);
  expect(page.replaceAll('http://www.w3.org', '')).not.toMatch(/https?:\/\//);
});

it.each([
  ['--paths', '1'],
  ['--slices', '0'],
  ['--slices', '2.5'],
  ['--units', '-3'],
  ['--units', '10000'],
  ['--half-life-seconds', '0'],
  ['--half-life-seconds', '1e300'],
  ['--span-seconds', '1e12'],
  ['--schedules', 'optimum'],
])('%s %s is refused', async (option, value) => {
  const failure = failureIn(await inProcess(['schedule-bench', '--json', option, value]));
  expect(failure).toMatchObject({ exitCode: 1, code: 'INVALID_INPUT', field: option });
});

it('the pool keeps its product, and comes back by half in its half-life', () => {
  const pool = refillingPool({ reserveUnits: 1000, spot: 2500, feeBps: 0, resiliencePerSecond: Math.LN2 / 60 });
  const { price } = pool.sell(100);
  // 2.5e9/1000 − 2.5e9/1100
  expect(100 * price).toBeCloseTo(2.5e9 / 1000 - 2.5e9 / 1100, 6);
  const gap = Math.log(pool.price() / 2500);
  pool.refill(2500, 60);
  expect(Math.log(pool.price() / 2500)).toBeCloseTo(gap / 2, 12);
});
