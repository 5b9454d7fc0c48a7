import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { CostCurve } from '@evenkeel/core';
import { fitVolumeModel, forecastVolume, type PacingQuestion } from '@evenkeel/core/schedule';
import { readVolumes } from '../candles/read-volumes.js';
import { volumeForecast } from '../candles/volume-forecast.js';
import { livePacing } from './live-pacing.js';

const HOUR = 3600;
const DAY = 24 * HOUR;
const MIDNIGHT = 20_000 * DAY;
const folder = mkdtempSync(join(tmpdir(), 'evenkeel-volume-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
const fileOf = (lines: readonly string[]): string => {
  const file = join(folder, `${files++}.csv`);
  writeFileSync(file, `${['timestamp,open,high,low,close,volume', ...lines].join('\n')}\n`);
  return file;
};
const line = (seconds: number, volume: number): string => `${seconds},1,1,1,1,${volume}`;
/** Busy at noon; every day a little different, and the first day the earliest. */
const usual = (hour: number, day: number): number => 100 + 80 * Math.sin((Math.PI * hour) / 24) + ((day * 7) % 5);
const pastDays = (count: number): string[] =>
  Array.from({ length: count * 24 }, (_, i) => {
    const day = count - Math.floor(i / 24);
    return line(MIDNIGHT - day * DAY + (i % 24) * HOUR, usual(i % 24, day));
  });
const codeOf = (task: () => unknown): string | undefined => {
  try {
    task();
    return undefined;
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('the volume that is expected', () => {
  const volumes = fc.array(fc.double({ min: 0, max: 1000, noNaN: true }), { minLength: 24 * 8, maxLength: 24 * 8 });

  test('is the past of the day, then the usual day with what is left of its last deviation', () => {
    fc.assert(
      fc.property(volumes, fc.integer({ min: 0, max: 23 }), (all, hour) => {
        const byTime = new Map(all.map((volume, i) => [MIDNIGHT - 7 * DAY + i * HOUR, volume]));
        const days = Array.from({ length: 7 }, (_, day) => all.slice(24 * day, 24 * day + 24));
        const model = fitVolumeModel([...days].reverse());
        const expected = forecastVolume(model, all.slice(24 * 7, 24 * 7 + hour));
        const whole = { startSeconds: MIDNIGHT, endSeconds: MIDNIGHT + DAY };
        const got = volumeForecast('f', { byTime, intervalSeconds: HOUR }).over(whole, 24, MIDNIGHT + hour * HOUR);
        for (const [i, volume] of got.entries()) expect(volume).toBeCloseTo(expected[i]!, 6);
      }),
    );
  });

  test('does not change with what comes later, and sums to the same however it is cut', () => {
    fc.assert(
      fc.property(
        volumes,
        volumes,
        fc.integer({ min: 0, max: DAY - 1 }),
        fc.integer({ min: 60, max: DAY }),
        fc.integer({ min: 1, max: 40 }),
        (all, other, second, span, parts) => {
          const now = MIDNIGHT + second;
          const entries = all.map((volume, i) => [MIDNIGHT - 7 * DAY + i * HOUR, volume] as const);
          const changed = entries.map(([at, volume], i) => [at, at + HOUR > now ? other[i]! : volume] as const);
          const over = (of: typeof entries, count: number): number[] =>
            volumeForecast('f', { byTime: new Map(of), intervalSeconds: HOUR }).over(
              { startSeconds: now - 600, endSeconds: now + span },
              count,
              now,
            );
          expect(over(changed, parts)).toEqual(over(entries, parts));
          const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);
          expect(sum(over(entries, parts))).toBeCloseTo(sum(over(entries, 1)), 5);
        },
      ),
    );
  });
});

describe('the pace of a trade', () => {
  const curve: CostCurve = {
    side: 'sell',
    referencePrice: 3000,
    fixedCost: 0.001,
    points: [0.5, 1, 2, 5, 30].map((q) => ({ sizeUnits: q, cost: 0.001 + q + 4 * q * q, marginalCost: 1 + 8 * q })),
  };
  const question = (kind: PacingQuestion['schedule']['kind'], nowSeconds: number): PacingQuestion => ({
    schedule: { kind, totalDeltaUnits: '-24', startSeconds: MIDNIGHT, endSeconds: MIDNIGHT + DAY },
    maxParts: 24,
    recoverySeconds: 1,
    jitterShare: 0,
    volumeUnits: [1],
    participation: 0.01,
    lotUnits: '0.001',
    curve,
    riskPerSquaredUnitYear: 1,
    neededDeltaUnits: '-24',
    fills: [],
    nextIndex: 0,
    nowSeconds,
  });
  const at = (seconds: number) => ({ now: () => seconds * 1000 });

  test('follows the usual day, and the day as it comes while the file grows', () => {
    const file = fileOf(pastDays(10));
    const pace = livePacing(file, at(MIDNIGHT));
    const sizes = (seconds: number): number[] =>
      pace(question('vwap', seconds)).slices.map(({ deltaUnits }) => -Number(deltaUnits));
    const first = sizes(MIDNIGHT);
    expect(first).toHaveLength(24);
    expect(first[12]! / first[0]!).toBeCloseTo(180 / 100, 1);
    // The first six hours are three times as busy as they use to be: more is done of the rest now than later.
    const planned = sizes(MIDNIGHT + 6 * HOUR);
    appendFileSync(
      file,
      `${Array.from({ length: 6 }, (_, hour) => line(MIDNIGHT + hour * HOUR, 3 * usual(hour, 0))).join('\n')}\n`,
    );
    const seen = sizes(MIDNIGHT + 6 * HOUR);
    expect(seen).not.toEqual(planned);
    expect(seen[0]!).toBeGreaterThanOrEqual(planned[0]!);
    // Whatever is written there next: what was read before stands.
    writeFileSync(file, 'half a li');
    expect(sizes(MIDNIGHT + 6 * HOUR)).toEqual(seen);
  });

  test('takes part in the volume, and leaves the rest undone', () => {
    const pace = livePacing(fileOf(pastDays(10)), at(MIDNIGHT));
    const { slices } = pace(question('pov', MIDNIGHT));
    expect(-Number(slices[0]!.deltaUnits)).toBeCloseTo(0.01 * 102, 1);
    expect(pace(question('obizhaeva-wang', MIDNIGHT)).sentence).toContain('obizhaeva-wang');
  });

  test.each<[string, readonly string[]]>([
    ['no volume below zero', [...pastDays(10), line(MIDNIGHT, -1)]],
    ['no cell that is empty', [...pastDays(10), `${MIDNIGHT},1,1,1,1,`]],
    ['no days that are too few', pastDays(4)],
    ['no candles that do not divide a day', [line(MIDNIGHT, 1), line(MIDNIGHT + 7 * HOUR, 1)]],
  ])('takes %s, and says so at the start', (_, lines) => {
    expect(codeOf(() => livePacing(fileOf(lines), at(MIDNIGHT)))).toBe('CANDLES_INVALID');
  });

  test('wants the file, and its column', () => {
    expect(codeOf(() => livePacing(join(folder, 'none.csv'), at(0)))).toBe('CANDLES_UNREADABLE');
    const file = join(folder, 'plain.csv');
    writeFileSync(file, 'timestamp,open,high,low,close\n1,1,1,1,1\n');
    expect(codeOf(() => readVolumes(file))).toBe('CANDLES_INVALID');
  });
});
