import fc from 'fast-check';
import { exponential, logarithm } from './near-one.js';

const near = fc.double({ min: -0.2, max: 0.2, noNaN: true });
const veryNear = fc.double({ min: -0.02, max: 0.02, noNaN: true });

test('logarithm and exponential are those of the language to the last digits, near 1 and far from it', () => {
  fc.assert(
    fc.property(fc.oneof(near, veryNear, fc.double({ min: -700, max: 700, noNaN: true })), (x) => {
      expect(Math.abs(exponential(x) / Math.exp(x) - 1)).toBeLessThan(1e-15);
      const y = Math.exp(x);
      expect(Math.abs(logarithm(y) - Math.log(y))).toBeLessThanOrEqual(1e-15 * Math.abs(Math.log(y)));
    }),
  );
});

test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('what has no logarithm has none here: %d', (x) => {
  expect(logarithm(x)).toBe(Math.log(x));
});

test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])('e to %d is what it is', (x) => {
  expect(exponential(x)).toBe(Math.exp(x));
});
