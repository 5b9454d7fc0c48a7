import fc from 'fast-check';
import { standardBook } from './book.js';
import { continuation } from './continuation.js';
import { disutility } from './convex-row-solver.js';
import { aliveRows, type Lattice, layLattice } from './lattice.js';
import { unitCost } from './local-problem.js';
import { endValues, solveOptimum } from './optimum.js';
import type { HedgingProblem } from './problem.js';
import { stepOverFlat } from './sample-shape.js';

/** The same recursion where every holding tries every other, and points around the best of them, by plain loops. */
function byTryingAll(lattice: Lattice): number {
  const { aversion, flat, holdings, problem, spots, startRow, stepYears } = lattice;
  const columns = holdings.length;
  const costs = { buy: unitCost(problem, 'buy'), sell: unitCost(problem, 'sell') };
  const owed = lattice.owedAt(problem.steps)!;
  const later = continuation(lattice, 0);
  let next = endValues(lattice);
  let meansNext = owed.slice();
  for (let step = problem.steps - 1; step >= 0; step--) {
    const gas = aversion * problem.fixedCost * Math.exp(-problem.annualRate * step * stepYears);
    const now = next.slice();
    const means = meansNext.slice();
    const { first, last } = aliveRows(lattice, problem.steps);
    later.means(meansNext, means, first, last);
    for (let row = first; row <= last; row++) {
      const stay = new Float64Array(columns);
      later.hold(next, meansNext, means[row]!, row, 0, columns - 1, stay);
      const held = stay.map(Math.log);
      const smooth = held.slice();
      if (problem.settlement === 'unwind' && problem.fixedCost > 0) stepOverFlat(holdings, smooth, flat);
      for (let m = 0; m < columns; m++) {
        const costTo = (at: number): number => {
          const size = at - holdings[m]!;
          return gas + aversion * spots[row]! * (size > 0 ? costs.buy.cost(size) : costs.sell.cost(-size));
        };
        let best = held[m]!;
        let end = m;
        for (let j = 0; j < columns; j++) {
          const value = smooth[j]! + (j === m ? gas : costTo(holdings[j]!));
          if (value < smooth[end]! + (end === m ? gas : costTo(holdings[end]!))) end = j;
        }
        if (end !== m) best = Math.min(best, smooth[end]! + costTo(holdings[end]!));
        for (const at of around(end, m)) best = Math.min(best, along(smooth, end, at) + costTo(at));
        if (m !== flat) best = Math.min(best, held[flat]! + costTo(0));
        now[row * columns + m] = disutility(best);
      }
    }
    next = now;
    meansNext = means;
  }
  return Math.log(next[startRow * columns + flat]!) / aversion;

  /** Points of a column's cell on either side of it; of the holding's own, without itself. */
  function around(j: number, m: number): number[] {
    if (j === 0 || j === columns - 1) return [];
    const [below, here, above] = [holdings[j - 1]!, holdings[j]!, holdings[j + 1]!];
    return Array.from({ length: 64 }, (_, i) => below + ((above - below) * (i + 0.5)) / 64).filter(
      (at) => (at - holdings[m]!) * (here - holdings[m]!) > 0 || j === m,
    );
  }

  function along(values: Float64Array, j: number, at: number): number {
    const [a, b, c] = [holdings[j - 1]!, holdings[j]!, holdings[j + 1]!];
    const [u, v, w] = [values[j - 1]!, values[j]!, values[j + 1]!];
    return (
      (u * (at - b) * (at - c)) / ((a - b) * (a - c)) +
      (v * (at - a) * (at - c)) / ((b - a) * (b - c)) +
      (w * (at - a) * (at - b)) / ((c - a) * (c - b))
    );
  }
}

const logarithmic = (min: number, max: number): fc.Arbitrary<number> =>
  fc.double({ min: Math.log(min), max: Math.log(max), noNaN: true }).map(Math.exp);

test('the best trade of every holding is found, as by trying all of them', () => {
  const problems = fc.record({
    product: fc.constantFrom('call' as const, 'put' as const),
    fixedCost: fc.oneof(fc.constant(0), logarithmic(1e-3, 0.1)),
    rise: logarithmic(1e-4, 0.2),
    knee: fc.constantFrom(1, 10),
    riskAversion: logarithmic(0.005, 0.2),
    settlement: fc.constantFrom('free' as const, 'unwind' as const),
    spot: fc.double({ min: 90, max: 110, noNaN: true }),
  });
  fc.assert(
    fc.property(problems, ({ knee, product, rise, ...rest }) => {
      const pieces = [
        { length: 0.3, left: 0, right: 0.3 * rise },
        { length: 1, left: 0.3 * rise, right: (0.3 + knee) * rise },
      ];
      const problem: HedgingProblem = {
        ...rest,
        ...{ book: standardBook(product, 100), annualVolatility: 0.7, years: 0.1, steps: 3, annualRate: 0 },
        ...{ proportionalCost: 0.001, impact: { buy: pieces, sell: pieces } },
      };
      const lattice = layLattice(problem);
      const ours = solveOptimum(lattice).certaintyEquivalent;
      expect(Math.abs(ours / byTryingAll(lattice) - 1)).toBeLessThan(2e-4);
    }),
    { numRuns: 6 },
  );
});
