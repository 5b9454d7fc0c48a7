import fc from 'fast-check';
import { InvalidInputError } from '@evenkeel/intents';
import { MAX_SQRT_RATIO, MAX_TICK, MIN_SQRT_RATIO, MIN_TICK, sqrtRatioAtTick, tickAtSqrtRatio } from './tick-math.js';

describe('sqrtRatioAtTick', () => {
  // Values published with the tests of @uniswap/v3-core (TickMath.spec.ts).
  test.each([
    [MIN_TICK, 4295128739n],
    [MIN_TICK + 1, 4295343490n],
    [0, 1n << 96n],
    [MAX_TICK - 1, 1461373636630004318706518188784493106690254656249n],
    [MAX_TICK, 1461446703485210103287273052203988822378723970342n],
  ])('at %i', (tick, expected) => {
    expect(sqrtRatioAtTick(tick)).toBe(expected);
  });

  test('is within 2^-90 of √1.0001^tick for every power of two', () => {
    for (let exponent = 0; exponent < 20; exponent++) {
      for (const tick of [2 ** exponent, -(2 ** exponent)]) {
        if (Math.abs(tick) > MAX_TICK) continue;
        const exact = 2 ** 96 * Math.pow(1.0001, tick / 2);
        expect(Math.abs(Number(sqrtRatioAtTick(tick)) / exact - 1)).toBeLessThan(1e-9);
      }
    }
  });

  test.each([MIN_TICK - 1, MAX_TICK + 1, 0.5, Number.NaN])('refuses %p', (tick) => {
    expect(() => sqrtRatioAtTick(tick)).toThrow(InvalidInputError);
  });
});

describe('tickAtSqrtRatio', () => {
  test('is the greatest tick whose ratio is at most the price', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: MIN_SQRT_RATIO, max: MAX_SQRT_RATIO - 1n }), (price) => {
        const tick = tickAtSqrtRatio(price);
        expect(sqrtRatioAtTick(tick) <= price && price < sqrtRatioAtTick(tick + 1)).toBe(true);
      }),
    );
  });

  test('inverts sqrtRatioAtTick, and one atom less is the tick below', () => {
    fc.assert(
      fc.property(fc.integer({ min: MIN_TICK + 1, max: MAX_TICK - 1 }), (tick) => {
        expect(tickAtSqrtRatio(sqrtRatioAtTick(tick))).toBe(tick);
        expect(tickAtSqrtRatio(sqrtRatioAtTick(tick) - 1n)).toBe(tick - 1);
      }),
    );
  });

  test.each([MIN_SQRT_RATIO - 1n, MAX_SQRT_RATIO])('refuses %p', (price) => {
    expect(() => tickAtSqrtRatio(price)).toThrow(InvalidInputError);
  });
});
