import fc from 'fast-check';
import { normals } from '../../test/support/simulated-bars.js';
import type { Bar } from './bars.js';
import { ForecastInputInvalidError, HistoryTooShortError } from './errors.js';
import { weekTrend } from './trend.js';

/** Bars of six hours. */
const STEP = 6 * 3600;
const DAY = 4;
const trend = weekTrend();

/** Bars whose returns carry on a share of the past week's, as the model has it; none for a share of nothing. */
function simulated(count: number, persistence: number, seed: number): Bar[] {
  const next = normals(seed);
  const forgets = Math.exp(-1 / (7 * DAY));
  let price = 1000;
  let signal = 0;
  return Array.from({ length: count }, (_, i) => {
    const open = price;
    const move = persistence * signal + next();
    signal = signal * forgets + move;
    price *= Math.exp(0.02 * move);
    return {
      timeSeconds: i * STEP,
      open,
      high: Math.max(open, price),
      low: Math.min(open, price),
      close: price,
    };
  });
}

test('does not look ahead', () => {
  const cut = 60 * DAY;
  const bars = simulated(cut + 150 * DAY, 0.01, 1);
  const seen = [40 * DAY, 50 * DAY + 5, cut];
  const before = trend.series(bars, seen);
  expect(before).toEqual(seen.map((count) => trend.forecast(bars.slice(0, count))));
  fc.assert(
    fc.property(fc.shuffledSubarray(bars.slice(cut), { minLength: 500 }), (future) => {
      const other = future.map((bar, i) => ({ ...bar, timeSeconds: (cut + i) * STEP }));
      expect(trend.series([...bars.slice(0, cut), ...other], seen)).toEqual(before);
    }),
    { numRuns: 5 },
  );
});

test('finds the persistence that is there, and its half-life of a week of memory', () => {
  const { annualDriftPerReturn, halfLifeSeconds } = trend.forecast(simulated(3000 * DAY, 0.012, 3));
  expect(annualDriftPerReturn / (365 * DAY)).toBeGreaterThan(0.006);
  expect(annualDriftPerReturn / (365 * DAY)).toBeLessThan(0.018);
  expect(halfLifeSeconds).toBeCloseTo(7 * 86_400 * Math.LN2, 6);
});

test('where prices wander, it mostly sees nothing, and never much', () => {
  const slopes = Array.from(
    { length: 20 },
    (_, seed) => trend.forecast(simulated(700 * DAY, 0, seed)).annualDriftPerReturn,
  );
  expect(slopes.filter((slope) => slope === 0).length).toBeGreaterThanOrEqual(9);
  expect(Math.max(...slopes.map(Math.abs)) / (365 * DAY)).toBeLessThan(0.02);
});

test('the drift has the sign of the last moves', () => {
  const bars = simulated(800 * DAY, 0.02, 5);
  const last = bars.at(-1)!.close;
  const after = (factor: number) =>
    trend.forecast([
      ...bars,
      ...Array.from({ length: 12 }, (_, i): Bar => {
        const [open, close] = [last * factor ** i, last * factor ** (i + 1)];
        return {
          timeSeconds: (bars.length + i) * STEP,
          open,
          high: Math.max(open, close),
          low: Math.min(open, close),
          close,
        };
      }),
    ]).annualDrift;
  expect(after(1.02)).toBeGreaterThan(0);
  expect(after(0.98)).toBeLessThan(0);
});

test('a scale of prices changes nothing', () => {
  const bars = simulated(60 * DAY, 0.01, 8);
  const scaled = bars.map((bar) => ({
    ...bar,
    open: bar.open * 7,
    high: bar.high * 7,
    low: bar.low * 7,
    close: bar.close * 7,
  }));
  const [one, other] = [trend.forecast(bars), trend.forecast(scaled)];
  expect(other.annualDrift).toBeCloseTo(one.annualDrift, 8);
});

test('refuses a short history and one that never moves', () => {
  expect(() => trend.forecast(simulated(34 * DAY, 0, 1))).toThrow(HistoryTooShortError);
  expect(() => trend.forecast([])).toThrow(HistoryTooShortError);
  const still = simulated(60 * DAY, 0, 1).map((bar) => ({ ...bar, open: 5, high: 5, low: 5, close: 5 }));
  expect(() => trend.forecast(still)).toThrow(ForecastInputInvalidError);
});
