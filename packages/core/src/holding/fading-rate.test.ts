import fc from 'fast-check';
import { seededNumbers } from '../backtest/seeded-numbers.js';
import { type FadingRate, rateAfter, rateOver } from './fading-rate.js';

const fading = fc.record<FadingRate>({
  rate: fc.double({ min: -50, max: 50, noNaN: true }),
  rest: fc.double({ min: -5, max: 5, noNaN: true }),
  halfLifeDays: fc.oneof(fc.constant(Infinity), fc.double({ min: 0.05, max: 5_000, noNaN: true })),
  deviation: fc.double({ min: 0, max: 3, noNaN: true }),
});
const days = fc.double({ min: 0, max: 90, noNaN: true });

test('the sum is the integral of the rate (Simpson)', () => {
  fc.assert(
    fc.property(fading, days, (rate, end) => {
      const steps = 2_000;
      const at = (index: number): number => rateAfter(rate, (end * index) / steps).expected;
      let sum = at(0) + at(steps);
      for (let index = 1; index < steps; index += 1) sum += (index % 2 === 1 ? 4 : 2) * at(index);
      const integral = (sum * end) / steps / 3;
      expect(Math.abs(rateOver(rate, end).expected - integral)).toBeLessThan(
        1e-6 * (1 + Math.abs(integral)) + 1e-4 * end,
      );
    }),
    { numRuns: 60 },
  );
});

test('in two parts it comes to the same as in one', () => {
  fc.assert(
    fc.property(fading, days, days, (rate, first, second) => {
      const whole = rateOver(rate, first + second).expected;
      const middle = { ...rate, rate: rateAfter(rate, first).expected };
      const parts = rateOver(rate, first).expected + rateOver(middle, second).expected;
      expect(Math.abs(whole - parts)).toBeLessThan(1e-6 * (1 + Math.abs(whole)));
    }),
  );
});

test('the sum lies between the rate and its rest, the longer the nearer to the rest', () => {
  fc.assert(
    fc.property(fading, fc.double({ min: 0.01, max: 90, noNaN: true }), (rate, end) => {
      const average = rateOver(rate, end).expected / end;
      const [low, high] = [Math.min(rate.rate, rate.rest), Math.max(rate.rate, rate.rest)];
      expect(average).toBeGreaterThanOrEqual(low - 1e-9);
      expect(average).toBeLessThanOrEqual(high + 1e-9);
      const later = rateOver(rate, 2 * end).expected / (2 * end);
      expect(Math.abs(later - rate.rest)).toBeLessThanOrEqual(Math.abs(average - rate.rest) + 1e-9);
    }),
  );
});

test('uncertainty grows with time and noise, and less where the rate is drawn back', () => {
  fc.assert(
    fc.property(fading, fc.double({ min: 0.01, max: 40, noNaN: true }), (rate, end) => {
      const { deviation } = rateOver(rate, end);
      expect(rateOver(rate, 1.5 * end).deviation).toBeGreaterThanOrEqual(deviation);
      expect(rateOver({ ...rate, deviation: 2 * rate.deviation }, end).deviation).toBeCloseTo(2 * deviation, 8);
      const free = rateOver({ ...rate, halfLifeDays: Infinity }, end).deviation;
      expect(free).toBeGreaterThanOrEqual(deviation * (1 - 1e-9));
      expect(free).toBeCloseTo(rate.deviation * Math.sqrt(end ** 3 / 3), 8);
    }),
  );
});

test('the deviations are those of simulated paths', () => {
  const { normal } = seededNumbers(7);
  const rate: FadingRate = { rate: 4, rest: 1, halfLifeDays: 2, deviation: 1.5 };
  const [paths, steps, end] = [4_000, 200, 5];
  const dt = end / steps;
  const k = Math.LN2 / rate.halfLifeDays;
  const sums: number[] = [];
  const ends: number[] = [];
  for (let path = 0; path < paths; path += 1) {
    let [now, sum] = [rate.rate, 0];
    for (let step = 0; step < steps; step += 1) {
      const next = now + k * (rate.rest - now) * dt + rate.deviation * Math.sqrt(dt) * normal();
      sum += ((now + next) / 2) * dt;
      now = next;
    }
    sums.push(sum);
    ends.push(now);
  }
  const spread = (all: readonly number[]): number => {
    const mean = all.reduce((total, each) => total + each, 0) / all.length;
    return Math.sqrt(all.reduce((total, each) => total + (each - mean) ** 2, 0) / (all.length - 1));
  };
  expect(spread(sums) / rateOver(rate, end).deviation).toBeCloseTo(1, 1);
  expect(spread(ends) / rateAfter(rate, end).deviation).toBeCloseTo(1, 1);
});

test('what never fades stays, and what fades at once is gone', () => {
  const rate = { rate: 5, rest: 0, halfLifeDays: Infinity, deviation: 0 };
  expect(rateOver(rate, 3).expected).toBe(15);
  expect(rateOver({ ...rate, halfLifeDays: 0 }, 3)).toEqual({ expected: 0, deviation: 0 });
  expect(rateAfter({ ...rate, halfLifeDays: 1 }, 1).expected).toBeCloseTo(2.5, 12);
});

test.each([{ rate: Number.NaN }, { deviation: -1 }, { halfLifeDays: -1 }, { rest: Infinity }])(
  'refuses %j',
  (change) => {
    const rate = { rate: 1, rest: 0, halfLifeDays: 1, deviation: 0, ...change };
    expect(() => rateOver(rate, 1)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
  },
);
