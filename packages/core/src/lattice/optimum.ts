import { PolicyInputInvalidError } from '../policy/errors.js';
import { continuation, type Continuation } from './continuation.js';
import { aliveRows, type Lattice, likelyRows } from './lattice.js';
import { convexRowSolver, disutility } from './convex-row-solver.js';
import { unitCost } from './local-problem.js';
import { type RowSolver, rowSolver } from './row-solver.js';
import type { NodeBand } from './node-band.js';

export interface Optimum {
  /** CE: what hedging at cost takes beyond the frictionless premium, numeraire at the start. */
  readonly certaintyEquivalent: number;
  /** Frictionless premium on this very lattice, discounted. */
  readonly premium: number;
}

/** As {@link RowSolver}'s, of the row at hand. */
export type ReadHeld = (out: Float64Array) => number;

export interface OptimumOptions {
  /** Steps whose bands are wanted, at every row that is not settled. */
  readonly wantsBands?: (step: number) => boolean;
  /**
   * Given each row of a wanted step, and a way to read what holding on is worth there. The record is reused, so copy what
   * you keep.
   */
  readonly onBand?: (step: number, row: number, band: NodeBand, readHeld: ReadHeld) => void;
}

/**
 * The optimum under CARA with cost k + λS|q| (or a convex curve), by backward recursion:
 *
 *   Qc(t,X,y) = yX + (1/γd) ln E exp{γd(Q(t+dt,X′,y) − yX′)},
 *   Q = min{Qc, k·e^{−rt} + min_y′ [Qc(t,X,y′) + λX|y′ − y|]}.
 *
 * Holds for a book that starts without a hedge, so that buying the first one is part of the cost.
 *
 * @throws {PolicyInputInvalidError} where steps are so coarse and aversion so high that no number holds the disutility
 *
 * Sources: Hodges and Neuberger (1989); Davis, Panas and Zariphopoulou (1993).
 *
 * @example
 * ```ts
 * solveOptimum(layLattice({ book: standardBook('call', 100), spot: 100, annualVolatility: 0.7, years: 30 / 365,
 *   steps: 720, annualRate: 0, proportionalCost: 0.0005, fixedCost: 0.0025, riskAversion: 0.02,
 *   settlement: 'free' })).certaintyEquivalent // 0.1044
 * ```
 */
export function solveOptimum(lattice: Lattice, { onBand, wantsBands }: OptimumOptions = {}): Optimum {
  const { aversion, flat, holdings, problem, startRow, states, stepYears } = lattice;
  const columns = holdings.length;
  const wants = (step: number): boolean => onBand !== undefined && (wantsBands?.(step) ?? true);
  const recursion = recursionOf(lattice);
  const band: NodeBand = {
    buyOuter: 0,
    buyInner: 0,
    sellInner: 0,
    sellOuter: 0,
    flatGain: 0,
    toFlat: 0,
  };
  for (let step = problem.steps - 1; step >= 0; step--) {
    const fixed = Math.exp(aversion * problem.fixedCost * Math.exp(-problem.annualRate * step * stepYears));
    // Bands are wanted wherever the spot may have gone by then, not only where this lattice's path can be.
    const { first, last } = onBand === undefined ? likelyRows(lattice, step) : aliveRows(lattice, problem.steps);
    recursion.begin(step, first, last);
    for (let row = first; row <= last; row++) {
      recursion.solver.solve(row, fixed, step);
      if (!wants(step)) continue;
      recursion.solver.readBand(band);
      onBand?.(step, row, band, (out) => recursion.solver.readHeld(row, out));
    }
    recursion.end();
  }
  const values = recursion.values();
  recursion.solver.fill(values, startRow, flat);
  const means = recursion.means();
  const premium = states.reduce((sum, { probability }, s) => sum + probability * means[s]![startRow]!, 0);
  const mixed = states.reduce((sum, { probability }, s) => {
    const value = values[s]![startRow * columns + flat]!;
    return sum + probability * Math.exp(aversion * (means[s]![startRow]! - premium)) * value;
  }, 0);
  const certaintyEquivalent = Math.log(mixed) / aversion;
  if (!Number.isFinite(certaintyEquivalent)) {
    const hint = 'Use more steps, or a smaller risk aversion.';
    throw new PolicyInputInvalidError(
      'steps',
      problem.steps,
      'are too few for such a risk aversion: what one step may cost is beyond what numbers hold',
      hint,
    );
  }
  return Object.freeze({ certaintyEquivalent, premium });
}

interface Recursion {
  readonly solver: RowSolver;
  begin(step: number, first: number, last: number): void;
  end(): void;
  values(): readonly Float64Array[];
  means(): readonly Float64Array[];
}

/** The two layers of values and of means, a pair for each state of the volatility. */
function recursionOf(lattice: Lattice): Recursion {
  const { owedAt, rows, states } = lattice;
  const continuations: readonly Continuation[] = states.map((_, s) => continuation(lattice, s));
  const ended = endValues(lattice);
  let next = states.map(() => ended.slice());
  let now = states.map(() => ended.slice());
  let meansNext = states.map(() => new Float64Array(rows));
  let meansNow = states.map(() => new Float64Array(rows));
  const isConvex = lattice.problem.impact !== undefined;
  const solver = (isConvex ? convexRowSolver : rowSolver)(lattice, continuations);
  return {
    solver,
    begin(step, first, last) {
      const owed = owedAt(step + 1);
      for (let s = 0; s < states.length; s++) {
        const later = meansNext[s]!;
        if (owed !== undefined) for (let row = 0; row < rows; row++) later[row]! += owed[row]!;
        meansNow[s]!.set(later);
        continuations[s]!.means(later, meansNow[s]!, first, last);
      }
      solver.load(next, now, meansNext, meansNow);
    },
    end() {
      [next, now] = [now, next];
      [meansNext, meansNow] = [meansNow, meansNext];
    },
    values: () => next,
    means: () => meansNext,
  };
}

/** E at the end: one, or what unwinding costs. */
export function endValues({ aversion, holdings, problem, rows, spots }: Lattice): Float64Array {
  const columns = holdings.length;
  const values = new Float64Array(rows * columns).fill(1);
  if (problem.settlement === 'free') return values;
  const fixed = problem.fixedCost * Math.exp(-problem.annualRate * problem.years);
  const costs = { buy: unitCost(problem, 'buy'), sell: unitCost(problem, 'sell') };
  for (let row = 0; row < rows; row++) {
    for (let m = 0; m < columns; m++) {
      const size = Math.abs(holdings[m]!);
      const side = holdings[m]! > 0 ? costs.sell : costs.buy;
      const cost = size === 0 ? 0 : fixed + spots[row]! * side.cost(size);
      values[row * columns + m] = disutility(aversion * cost);
    }
  }
  return values;
}
