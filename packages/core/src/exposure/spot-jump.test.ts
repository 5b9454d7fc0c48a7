import fc from 'fast-check';
import { SpotJumpError } from './errors.js';
import { assertNoJump } from './spot-jump.js';

const check = (spot: number, others: readonly string[] = []): void =>
  assertNoJump(spot, { previous: '2000', others: others.map((each) => ({ source: 'other', spot: each })) }, 'ETH');

test('a hundredfold price is refused in either direction, and a crash to a half is not', () => {
  expect(() => check(200_000)).toThrow(SpotJumpError);
  expect(() => check(20)).toThrow(SpotJumpError);
  expect(() => check(1000)).not.toThrow();
  expect(() => check(4000)).not.toThrow();
});

test('a second source that says the same confirms it; garbage and another opinion do not', () => {
  expect(() => check(500, ['510'])).not.toThrow();
  expect(() => check(500, ['2000'])).toThrow(SpotJumpError);
  expect(() => check(500, ['NaN', '0', ''])).toThrow(SpotJumpError);
  expect(() => check(500, ['2000', '490'])).not.toThrow();
});

test('what is believed lies within the factor of the last one', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 1e-3, max: 1e9, noNaN: true }),
      fc.double({ min: 1.1, max: 10, noNaN: true }),
      (spot, factor) => {
        let believed = true;
        try {
          assertNoJump(spot, { previous: '2000', maxFactor: factor }, 'ETH');
        } catch {
          believed = false;
        }
        expect(believed).toBe(Math.max(spot / 2000, 2000 / spot) <= factor);
      },
    ),
  );
});

test.each([1, 0, Number.NaN, Number.POSITIVE_INFINITY])('a factor of %s is no rule', (maxFactor) => {
  expect(() => assertNoJump(2000, { previous: '2000', maxFactor }, 'ETH')).toThrow(
    expect.objectContaining({ code: 'INVALID_INPUT', field: 'spotCheck.maxFactor' }),
  );
});
