import fc from 'fast-check';
import { hindsightOptimum, type HindsightLook, type HindsightTerms } from './hindsight-optimum.js';

const terms: HindsightTerms = { riskAversion: 0.01, annualVolatility: 0.8, costShare: 0.001, fixedCost: 1 };
const look = (bookDeltaUnits: number): HindsightLook => ({ bookDeltaUnits, spot: 3_000, years: 1 / 365 });
const total = ({ cost, trackingVariance }: ReturnType<typeof hindsightOptimum>): number =>
  cost + (terms.riskAversion / 2) * trackingVariance;

/** The same by trying every sequence of a few hedges. */
function byHand(looks: readonly HindsightLook[], hedges: readonly number[]): number {
  const cost = (units: number, spot: number): number =>
    units === 0 ? 0 : terms.fixedCost + terms.costShare * spot * Math.abs(units);
  const from = (at: number, held: number): number => {
    const here = looks[at];
    if (here === undefined) return cost(held, looks.at(-1)!.spot);
    return Math.min(
      ...hedges.map((to) => {
        const variance = (terms.annualVolatility * here.spot * (here.bookDeltaUnits + to)) ** 2 * here.years;
        return cost(to - held, here.spot) + (terms.riskAversion / 2) * variance + from(at + 1, to);
      }),
    );
  };
  return from(0, 0);
}

test('is the least of all sequences', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 1, maxLength: 4 }), (deltas) => {
      const looks = deltas.map(look);
      const needed = deltas.map((delta) => -delta);
      const [low, high] = [Math.min(0, ...needed), Math.max(0, ...needed)];
      const hedges = [0, ...Array.from({ length: 5 }, (_, at) => low + ((high - low) * at) / 4)];
      expect(total(hindsightOptimum(looks, { ...terms, gridPoints: 5 }))).toBeCloseTo(byHand(looks, hedges), 9);
    }),
    { numRuns: 40 },
  );
});

test('trades nothing that costs more than its risk, and all of it where it is free', () => {
  const looks = [look(2), look(-1), look(3)];
  expect(hindsightOptimum(looks, { ...terms, fixedCost: 1e9 }).cost).toBe(0);
  const free = hindsightOptimum(looks, { ...terms, fixedCost: 0, costShare: 0 });
  expect(free.cost).toBe(0);
  expect(free.trackingVariance).toBeLessThan(
    1e-3 * hindsightOptimum(looks, { ...terms, fixedCost: 1e9 }).trackingVariance,
  );
});

test('a finer grid is never worse', () => {
  const looks = [1.3, -2.1, 0.4, 2.2].map(look);
  const coarse = total(hindsightOptimum(looks, { ...terms, gridPoints: 11 }));
  expect(total(hindsightOptimum(looks, { ...terms, gridPoints: 101 }))).toBeLessThanOrEqual(coarse + 1e-9);
});

test.each([{ riskAversion: -1 }, { costShare: Number.NaN }, { fixedCost: Infinity }, { gridPoints: 1 }])(
  'refuses %j',
  (change) => {
    const wrong = (): unknown => hindsightOptimum([look(1)], { ...terms, ...change });
    expect(wrong).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
  },
);

test('refuses no looks', () => {
  expect(() => hindsightOptimum([], terms)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
});
