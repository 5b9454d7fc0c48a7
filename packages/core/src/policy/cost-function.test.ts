import fc from 'fast-check';
import type { CostCurve } from '../model/cost-curve.js';
import { costFunction, totalCost } from './cost-function.js';
import { PolicyInputInvalidError } from './errors.js';

function quadratic(fixedCost: number, linear: number, impact: number, sizes: readonly number[]): CostCurve {
  const points = sizes.map((q) => ({
    sizeUnits: q,
    cost: fixedCost + linear * q + impact * q * q,
    marginalCost: linear + 2 * impact * q,
  }));
  return { side: 'sell', referencePrice: 100, fixedCost, points };
}

test('a quadratic curve is met everywhere, not only at its samples', () => {
  const cost = costFunction(quadratic(3, 0.05, 0.01, [1, 2, 5, 10]));
  for (const q of [0, 0.3, 1, 1.7, 4, 9.99, 10]) {
    expect(cost.variableCost(q)).toBeCloseTo(0.05 * q + 0.01 * q * q, 12);
    expect(cost.marginalCost(q)).toBeCloseTo(0.05 + 0.02 * q, 12);
  }
  expect(totalCost(cost, 0)).toBe(0);
  expect(totalCost(cost, 1)).toBeCloseTo(3.06, 12);
  expect(cost.variableCost(10.01)).toBe(Number.POSITIVE_INFINITY);
});

const samples = fc
  .array(fc.record({ step: fc.integer({ min: 1, max: 50 }), rise: fc.nat(1000), marginal: fc.nat(100) }), {
    minLength: 1,
    maxLength: 12,
  })
  .map((steps): CostCurve => {
    let sizeUnits = 0;
    const points = steps.map(({ marginal, rise, step }) => ({
      sizeUnits: (sizeUnits += step),
      cost: 5 + rise,
      marginalCost: marginal,
    }));
    return { side: 'buy', referencePrice: 100, fixedCost: 5, points };
  });

test('whatever the samples: convex, never above them, and the marginal cost is the derivative', () => {
  fc.assert(
    fc.property(samples, fc.double({ min: 0, max: 1, noNaN: true }), (curve, share) => {
      const cost = costFunction(curve);
      const q = share * cost.maxSizeUnits;
      for (const point of curve.points) {
        expect(cost.variableCost(point.sizeUnits)).toBeLessThanOrEqual(point.cost - 5 + 1e-9);
      }
      const grid = Array.from({ length: 101 }, (_, i) => cost.marginalCost((i / 100) * cost.maxSizeUnits));
      grid.slice(1).forEach((marginal, i) => expect(marginal).toBeGreaterThanOrEqual(grid[i]! - 1e-9));
      const step = 1e-6 * cost.maxSizeUnits;
      if (q < step || q > cost.maxSizeUnits - step) return;
      const slope = (cost.variableCost(q + step) - cost.variableCost(q - step)) / (2 * step);
      expect(slope).toBeGreaterThanOrEqual(cost.marginalCost(q - step) - 1e-3);
      expect(slope).toBeLessThanOrEqual(cost.marginalCost(q + step) + 1e-3);
    }),
  );
});

test('a price better than the reference counts as no cost, not as a gain', () => {
  const cost = costFunction({
    side: 'buy',
    referencePrice: 100,
    fixedCost: 1,
    points: [
      { sizeUnits: 1, cost: -4, marginalCost: -4 },
      { sizeUnits: 2, cost: 3, marginalCost: 5 },
    ],
  });
  expect(cost.marginalCost(0)).toBe(0);
  expect(cost.variableCost(1)).toBe(0);
  expect(cost.variableCost(2)).toBeCloseTo(2, 12);
});

test.each([
  ['a NaN', [{ sizeUnits: 1, cost: Number.NaN, marginalCost: 0 }]],
  ['a size of zero', [{ sizeUnits: 0, cost: 1, marginalCost: 0 }]],
  ['sizes that do not ascend', [1, 1].map((sizeUnits) => ({ sizeUnits, cost: 1, marginalCost: 0 }))],
])('%s is refused', (_, points) => {
  expect(() => costFunction({ side: 'buy', referencePrice: 1, fixedCost: 0, points })).toThrow(PolicyInputInvalidError);
  expect(() => costFunction({ side: 'buy', referencePrice: 1, fixedCost: -1, points: [] })).toThrow(
    PolicyInputInvalidError,
  );
});
