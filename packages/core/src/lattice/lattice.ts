import type { Market } from '../policy/market.js';
import { type Liability, liabilityOf } from './book.js';
import { layHoldings, type LatticeResolution } from './holdings.js';
import { type Kernel, martingaleKernel } from './kernel.js';
import { marketOf } from './local-problem.js';
import { checkProblem, type HedgingProblem } from './problem.js';
import { type VolatilityState, volatilityStates } from './volatility-states.js';

/**
 * A grid of log spot by holdings with all that does not change from step to step. Rows are spots from the lowest, one
 * standard deviation of a step apart; columns are holdings, ascending. A value at (row, column m) is kept as
 *
 *   E = exp{γd·(Q − W)},
 *
 * Q the certainty equivalent of what is owed, W its mean (the frictionless value on this very lattice), γd = γe^{rT}, all
 * discounted to time 0. By Jensen's inequality E ≥ 1, and near the hedge it stays near it, whatever the spot. Payments
 * along the way enter through W alone.
 *
 * A path that strays 7.5 standard deviations of the whole period from the start is settled there.
 */
export interface Lattice {
  readonly problem: HedgingProblem;
  readonly liability: Liability;
  /** Years a step. */
  readonly stepYears: number;
  /** σ√dt. */
  readonly cell: number;
  /** What the volatility may be; one state where it is known. */
  readonly states: readonly VolatilityState[];
  readonly kernels: readonly Kernel[];
  /** γe^{rT}. */
  readonly aversion: number;
  /** Rows on either side of the start that are alive; beyond them are those that one step can reach, settled. */
  readonly reach: number;
  readonly startRow: number;
  readonly rows: number;
  /** Discounted spot by row. */
  readonly spots: Float64Array;
  readonly holdings: Float64Array;
  /** Column of the holding 0. */
  readonly flat: number;
  /** Owed at a step, discounted, by row; undefined where nothing is. */
  readonly owedAt: (step: number) => Float64Array | undefined;
}

const REACH_DEVIATIONS = 7.5;

/**
 * Lays the lattice of a problem.
 *
 * @throws {PolicyInputInvalidError} for a problem that has no answer
 */
export function layLattice(problem: HedgingProblem, resolution: LatticeResolution = {}): Lattice {
  const { annualRate, annualVolatility, book, riskAversion, spot, steps, years } = checkProblem(problem);
  const liability = liabilityOf(book, years, annualRate);
  const stepYears = years / steps;
  const cell = annualVolatility * Math.sqrt(stepYears);
  const states = volatilityStates(problem.logVarianceStdDev ?? 0);
  const kernels = states.map(({ volatilityRatio }) => martingaleKernel(cell, volatilityRatio));
  const stride = Math.max(...kernels.map((kernel) => kernel.reach));
  const widest = Math.max(...states.map(({ volatilityRatio }) => volatilityRatio));
  const reach = Math.min(stride * steps, Math.ceil(REACH_DEVIATIONS * widest * Math.sqrt(steps)));
  const startRow = reach + stride;
  const rows = 2 * startRow + 1;
  const spots = Float64Array.from({ length: rows }, (_, row) => spot * Math.exp((row - startRow) * cell));
  const holdings = layHoldings(problem, liability, spots, resolution);
  const owed = new Map<number, Float64Array>();
  liability.payments.forEach((paid, i) => {
    const step = Math.max(1, Math.round(paid / stepYears));
    const growth = Math.exp(annualRate * stepYears * step);
    const before = owed.get(step);
    const row = spots.map((x, at) => liability.owed(i, x * growth) / growth + (before?.[at] ?? 0));
    owed.set(step, row);
  });
  return {
    problem,
    liability,
    stepYears,
    cell,
    states,
    kernels,
    aversion: riskAversion * Math.exp(annualRate * years),
    reach,
    startRow,
    rows,
    spots,
    holdings,
    flat: holdings.indexOf(0),
    owedAt: (step) => owed.get(step),
  };
}

/** Rows that a path may be in at a step. */
export function aliveRows(
  { kernels, reach, startRow }: Lattice,
  step: number,
): { readonly first: number; readonly last: number } {
  const stride = Math.max(...kernels.map((kernel) => kernel.reach));
  const distance = Math.min(stride * step, reach);
  return { first: startRow - distance, last: startRow + distance };
}

/** Of these rows, those within 7.5 standard deviations of the time that has passed: whoever asks for the start needs no more. */
export function likelyRows(lattice: Lattice, step: number): { readonly first: number; readonly last: number } {
  const { kernels, startRow, states } = lattice;
  const stride = Math.max(...kernels.map((kernel) => kernel.reach));
  const widest = Math.max(...states.map(({ volatilityRatio }) => volatilityRatio));
  const distance = Math.ceil(REACH_DEVIATIONS * widest * Math.sqrt(step)) + stride;
  const { first, last } = aliveRows(lattice, step);
  return { first: Math.max(first, startRow - distance), last: Math.min(last, startRow + distance) };
}

/** Undiscounted spot of a row at a step. */
export function spotAt({ problem, spots, stepYears }: Lattice, step: number, row: number): number {
  return spots[row]! * Math.exp(problem.annualRate * step * stepYears);
}

/** Delta and gamma of what is owed at a node; worked out once, whatever number of rules asks. */
export interface NodeGreeks {
  delta(step: number, row: number): number;
  gamma(step: number, row: number): number;
}

const greeksOf = new WeakMap<Lattice, NodeGreeks>();

export function nodeGreeks(lattice: Lattice): NodeGreeks {
  const known = greeksOf.get(lattice);
  if (known !== undefined) return known;
  const made = { delta: greekOf(lattice, 'delta'), gamma: greekOf(lattice, 'gamma') };
  greeksOf.set(lattice, made);
  return made;
}

function greekOf(lattice: Lattice, which: 'delta' | 'gamma'): (step: number, row: number) => number {
  const { liability, problem, rows, stepYears } = lattice;
  const values = new Float64Array(problem.steps * rows).fill(Number.NaN);
  return (step, row) => {
    const at = step * rows + row;
    const value = values[at]!;
    if (!Number.isNaN(value)) return value;
    const years = (problem.steps - step) * stepYears;
    return (values[at] = liability[which](spotAt(lattice, step, row), years, problem.annualVolatility));
  };
}

/** The problem at one node, as the policy's rules see it; the hedge's target is the liability's delta. */
export function marketAt(lattice: Lattice, step: number, row: number, holdingUnits: number): Market {
  const { problem, stepYears } = lattice;
  const years = (problem.steps - step) * stepYears;
  return marketOf(problem, spotAt(lattice, step, row), years, nodeGreeks(lattice).gamma(step, row), holdingUnits);
}
