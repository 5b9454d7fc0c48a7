import { startWorld, type World, type WorldSnapshot } from '@evenkeel/devnet';
import { worldBenchText } from '../src/render/schedule-bench-text.js';
import { comparisonHtml } from '../src/schedule-bench/html.js';
import { compareOnWorld, type WorldComparison } from '../src/schedule-bench/world/compare.js';
import { DEFAULT_WORLD_SETTING, type WorldSetting } from '../src/schedule-bench/world/setting.js';
import { STAGE_WORLD } from '../src/schedule-bench/world/stage.js';
import { failureIn, inProcess } from './cli-process.js';

jest.setTimeout(180_000);

let world: World;
let start: WorldSnapshot;

beforeAll(async () => {
  world = await startWorld(STAGE_WORLD);
  start = await world.snapshot();
}, 120_000);
afterAll(() => world?.close());

const TINY: WorldSetting = {
  ...DEFAULT_WORLD_SETTING,
  ...{ paths: 4, slices: 2, spanSeconds: 240, halfLifeSeconds: 60, arbitrageSeconds: 60, units: 60 },
};

async function compared(change: Partial<WorldSetting>, ...schedules: string[]): Promise<WorldComparison> {
  await world.revert(start);
  return compareOnWorld(world, { ...TINY, ...change }, { schedules, signal: new AbortController().signal });
}

const of = ({ results }: WorldComparison, name: string) => results.find((each) => each.name === name)!;

describe('sold for real', () => {
  let found: WorldComparison;
  beforeAll(async () => {
    found = await compared({}, 'single', 'optimal');
  });

  it('the chain has what the report says', () => {
    const { books, results } = found;
    expect(results.map(({ name }) => name)).toEqual(['single', 'naive-twap', 'optimal']);
    expect(books).toMatchObject({ runs: 12, unexplainedAtoms: '0' });
    expect(books.largestDifferenceUsd).toBeLessThan(1e-6);
    expect(books.swaps).toBeGreaterThan(12);
    // Each swap has its exact approval beside it.
    expect(books.transactions).toBeGreaterThanOrEqual(2 * books.swaps);
    for (const { meanByKindBps, shortfallBps, slices } of results) {
      expect(Object.values(meanByKindBps).reduce((a, b) => a + b, 0)).toBeCloseTo(shortfallBps.mean, 6);
      expect(slices.reduce((sum, { units }) => sum + units, 0)).toBeCloseTo(TINY.units, 5);
    }
  });

  it('is the same for the same seed, to the last digit', async () => {
    const again = await compared({}, 'single');
    expect(again.recoveries).toEqual(found.recoveries);
    for (const name of ['single', 'naive-twap']) expect(of(again, name)).toEqual(of(found, name));
  });

  it('spreading is worth what the arbitrageur brings back, and without him nothing', async () => {
    const alone = await compared({ halfLifeSeconds: 1e9 }, 'single');
    const impact = (where: WorldComparison, name: string): number => of(where, name).meanByKindBps.impact;
    expect(found.resiliencePerSecond.measured).toBeGreaterThan(10 * alone.resiliencePerSecond.measured);
    expect(impact(alone, 'single')).toBeCloseTo(impact(found, 'single'), 6);
    expect(impact(found, 'naive-twap')).toBeLessThan(0.85 * impact(found, 'single'));
    expect(impact(alone, 'naive-twap')).toBeGreaterThan(0.97 * impact(alone, 'single'));
    expect(of(found, 'single').againstNaiveBps.low).toBeGreaterThan(0);
  });

  it('is shown in a table, and on a page that needs nothing from outside', () => {
    expect(worldBenchText(found)).toMatch(/^ +single +1 +-?\d+\.\d\d ± \d+\.\d\d/m);
    const page = comparisonHtml(found, 'real pools');
    expect(page.match(/<svg/g)).toHaveLength(4);
    expect(page.replaceAll('http://www.w3.org', '')).not.toMatch(/https?:\/\//);
  });
});

it.each([
  ['--paths', '3'],
  ['--paths', '2'],
  ['--gas-gwei', '-1'],
  ['--arbitrage-seconds', '1'],
  ['--slices', '0'],
  ['--pool-units', '500'],
  ['--schedules', 'optimum'],
])('%s %s is refused before anything starts', async (option, value) => {
  const failure = failureIn(await inProcess(['schedule-bench', '--world', '--json', option, value]));
  expect(failure).toMatchObject({ exitCode: 1, code: 'INVALID_INPUT', field: option });
});

it('what belongs to the world is refused without it', async () => {
  const failure = failureIn(await inProcess(['schedule-bench', '--json', '--gas-gwei', '3']));
  expect(failure).toMatchObject({ exitCode: 1, code: 'INVALID_INPUT', field: '--gas-gwei' });
});
