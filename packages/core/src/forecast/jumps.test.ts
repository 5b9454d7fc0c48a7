import fc from 'fast-check';
import {
  DAY_SECONDS as DAY,
  HOUR_SECONDS as HOUR,
  normals,
  simulateBars,
  START_SECONDS,
} from '../../test/support/simulated-bars.js';
import type { Bar } from './bars.js';
import { ForecastInputInvalidError, HistoryTooShortError } from './errors.js';
import { evaluateJumpForecasts } from './evaluate-jumps.js';
import { jumpBaseRate, selfExcitingJumps } from './jump-forecast.js';
import { leeMyklandJumps } from './jumps.js';

const calm = simulateBars({ bars: 24 * 700, volatility: () => 0.6, seed: 21 });

/** The same bars with a jump of `size` at each of some, kept from then on. */
function withJumps(bars: readonly Bar[], size: number, jumps: ReadonlySet<number>): Bar[] {
  let factor = 1;
  return bars.map((bar, i) => {
    const open = bar.open * factor;
    if (jumps.has(i)) factor *= Math.exp(size);
    const close = bar.close * factor;
    const high = Math.max(open, close, bar.high * factor);
    return { timeSeconds: bar.timeSeconds, open, close, high, low: Math.min(open, close, bar.low * factor) };
  });
}

/** Jumps, one a day at noon, that call forth others for some days; or come as they please. */
function jumpTimes(days: number, echo: number, seed: number): ReadonlySet<number> {
  const next = normals(seed);
  const times = new Set<number>();
  let memory = 0;
  for (let day = 10; day < days; day++) {
    // Φ(z) would be uniform; a logistic of 1.702 z is near enough to it here.
    const uniform = 1 / (1 + Math.exp(-1.702 * next()));
    const jumped = uniform < 0.04 + echo * 0.2 * memory;
    memory = 0.8 * memory + Number(jumped);
    if (jumped) times.add(24 * day + 12);
  }
  return times;
}

describe('Lee–Mykland jumps', () => {
  test('a diffusion has hardly any: one day in a thousand', () => {
    expect(leeMyklandJumps(calm).length).toBeLessThanOrEqual(4);
  });

  test('finds those that are there, with their sizes', () => {
    const times = jumpTimes(700, 0, 3);
    const found = leeMyklandJumps(withJumps(calm, -0.08, times));
    const hit = found.filter(({ bar }) => times.has(bar));
    expect(hit.length / times.size).toBeGreaterThan(0.97);
    expect(found.length - hit.length).toBeLessThanOrEqual(4);
    for (const { deviations, size } of hit) {
      expect(Math.abs(size + 0.08)).toBeLessThan(0.04);
      expect(deviations).toBeGreaterThan(4);
    }
  });

  test('a market that stands still and then moves has not jumped; too few bars are refused', () => {
    const still = calm.slice(0, 300).map((bar, i) => (i < 200 ? { ...bar, open: 1, high: 1, low: 1, close: 1 } : bar));
    expect(leeMyklandJumps(still.slice(0, 201))).toEqual([]);
    expect(() => leeMyklandJumps(calm.slice(0, 90))).toThrow(HistoryTooShortError);
  });
});

describe.each([jumpBaseRate(), selfExcitingJumps()].map((one) => [one.id, one] as const))('%s', (_, forecaster) => {
  test('does not look ahead: whatever the future, what was said before stays said', () => {
    const bars = withJumps(calm.slice(0, 24 * 260), 0.1, jumpTimes(260, 1, 5));
    const cut = 24 * 240 + 5;
    const seen = [24 * 200, 24 * 230 + 3, cut, 24 * 260];
    const before = forecaster.series(bars, 7 * DAY, seen);
    const future = fc.shuffledSubarray(bars.slice(cut), { minLength: bars.length - cut });
    fc.assert(
      fc.property(future, fc.double({ min: 0.1, max: 10, noNaN: true }), (shuffled, scale) => {
        const other = shuffled.map(({ close, high, low, open }, i) => ({
          timeSeconds: START_SECONDS + (cut + i) * HOUR,
          open: open * scale,
          high: high * scale * 1.5,
          low: low * scale,
          close: i % 7 === 0 ? high * scale * 1.5 : close * scale,
        }));
        const after = forecaster.series([...bars.slice(0, cut), ...other], 7 * DAY, seen);
        expect(after.slice(0, 3)).toEqual(before.slice(0, 3));
        expect(after[3]).not.toEqual(before[3]);
      }),
      { numRuns: 5 },
    );
  });

  test('says the rate that there is, and more for longer', () => {
    const times = jumpTimes(700, 0, 8);
    const bars = withJumps(calm, 0.1, times);
    const [day, month] = [DAY, 30 * DAY].map((horizon) => forecaster.series(bars, horizon, [bars.length])[0]!);
    expect(Math.abs(month!.expectedJumpDays / 30 - times.size / 700)).toBeLessThan(0.02);
    expect(day!.probability).toBeLessThan(month!.probability);
    expect(Math.abs(day!.meanSize - 0.1)).toBeLessThan(0.02);
    expect(() => forecaster.series(bars, DAY, [24 * 100])).toThrow(HistoryTooShortError);
  });
});

describe('evaluateJumpForecasts', () => {
  test('where jumps call forth jumps it pays to know; where they do not, nothing is claimed', () => {
    const clustered = evaluateJumpForecasts(withJumps(calm, 0.1, jumpTimes(700, 0.75, 2)), DAY, 250);
    expect(clustered.comparison.percent).toBeLessThan(-5);
    expect(clustered.comparison.pValue).toBeLessThan(0.05);
    expect(clustered.logLoss.selfExciting).toBeLessThan(clustered.logLoss.baseRate);
    const independent = evaluateJumpForecasts(withJumps(calm, 0.1, jumpTimes(700, 0, 2)), DAY, 250);
    expect(Math.abs(independent.comparison.percent)).toBeLessThan(2);
    expect(() => evaluateJumpForecasts(calm, 30 * DAY, 690)).toThrow(ForecastInputInvalidError);
  });
});
