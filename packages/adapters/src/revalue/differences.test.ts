import fc from 'fast-check';
import { type FivePoints, fromFivePoints } from './differences.js';

const SPOT = 2000;
const points = (value: (spot: number) => number, h: number): FivePoints => {
  const [a, b, c, d, e] = [-1, -0.5, 0, 0.5, 1].map((step) => value(SPOT * (1 + step * h)));
  return [a!, b!, c!, d!, e!];
};
const rounding = (value: number): number => Math.abs(value) * Number.EPSILON;

test('of a smooth value, delta and gamma come out of it', () => {
  fc.assert(
    fc.property(
      fc.double({ min: -10, max: 10, noNaN: true }),
      fc.double({ min: 0.5, max: 5, noNaN: true }),
      fc.double({ min: 0.005, max: 0.05, noNaN: true }),
      (power, size, h) => {
        const value = (spot: number): number => size * 1000 * (spot / SPOT) ** power;
        const { deltaUnits, gammaPerUnit, kinked } = fromFivePoints(points(value, h), SPOT, h, rounding(value(SPOT)));
        const delta = (size * 1000 * power) / SPOT;
        expect(Math.abs(deltaUnits - delta)).toBeLessThan(
          1e-3 * Math.max(Math.abs(delta), 0.5) * (h / 0.01) ** 4 + 1e-6,
        );
        const gamma = (delta * (power - 1)) / SPOT;
        expect(Math.abs(gammaPerUnit - gamma)).toBeLessThan(1e-2 * (Math.abs(gamma) + 5e-4) * (h / 0.01) ** 2);
        expect(kinked && h <= 0.01).toBe(false);
      },
    ),
  );
});

test('wherever the kink lies within the bump, it is seen, and both of its slopes lie within what is said', () => {
  fc.assert(
    fc.property(
      fc.double({ min: -0.9, max: 0.9, noNaN: true }),
      fc.double({ min: -5, max: 5, noNaN: true }),
      fc.double({ min: 0.1, max: 5, noNaN: true }),
      (where, below, step) => {
        const h = 0.01;
        const kink = SPOT * (1 + where * h);
        const value = (spot: number): number => below * (spot - kink) + step * Math.max(0, spot - kink) + 500;
        const { kinked, slopes } = fromFivePoints(points(value, h), SPOT, h, rounding(500));
        expect(kinked).toBe(true);
        // A kink in an outer piece is mixed with the slope beside it; where the spot itself stands is exact.
        const here = where > 0 ? below : below + step;
        expect(Math.min(...slopes)).toBeLessThanOrEqual(here + 1e-9);
        expect(Math.max(...slopes)).toBeGreaterThanOrEqual(here - 1e-9);
      },
    ),
  );
});

test('a straight line has no gamma, however coarsely it is rounded', () => {
  fc.assert(
    fc.property(fc.double({ min: -3, max: 3, noNaN: true }), fc.integer({ min: 0, max: 8 }), (slope, decimals) => {
      const value = (spot: number): number => Math.round(slope * spot * 10 ** decimals) / 10 ** decimals;
      const { gammaPerUnit, kinked } = fromFivePoints(points(value, 0.01), SPOT, 0.01, 10 ** -decimals);
      expect([gammaPerUnit, kinked]).toEqual([0, false]);
    }),
  );
});
