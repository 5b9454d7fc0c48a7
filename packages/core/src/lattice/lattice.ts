import type { CostFunction } from '../policy/cost-function.js';
import { deltaVolatility, type Market } from '../policy/market.js';
import { whalleyWilmott1999Band } from '../policy/rules/whalley-wilmott-1999.js';
import { type Liability, liabilityOf } from './book.js';
import { layHoldings } from './holdings.js';
import { type Kernel, martingaleKernel } from './kernel.js';
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

/** How finely a lattice is laid. */
export interface LatticeResolution {
  /** Columns over the half-width of the band at the start. Default 14. */
  readonly columnsPerBand?: number;
  readonly mostColumns?: number;
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

/** Undiscounted spot of a row at a step. */
export function spotAt({ problem, spots, stepYears }: Lattice, step: number, row: number): number {
  return spots[row]! * Math.exp(problem.annualRate * step * stepYears);
}

/** The problem at one node, as the policy's rules see it; the hedge's target is the liability's delta. */
export function marketAt(lattice: Lattice, step: number, row: number, holdingUnits: number): Market {
  const { liability, problem, stepYears } = lattice;
  return marketOf(problem, liability, spotAt(lattice, step, row), (problem.steps - step) * stepYears, holdingUnits);
}

export function marketOf(
  problem: HedgingProblem,
  liability: Liability,
  spot: number,
  years: number,
  holdingUnits: number,
): Market {
  return {
    spot,
    annualVolatility: problem.annualVolatility,
    gammaPerUnit: -liability.gamma(spot, years, problem.annualVolatility),
    riskAversion: problem.riskAversion,
    years,
    annualRate: problem.annualRate,
    monitoringYears: problem.years / problem.steps,
    latencyYears: problem.latencyYears ?? 0,
    settlement: problem.settlement,
    holdingUnits,
  };
}

/** λS·q beside k, as a cost function of the policy. */
export function linearCost(
  problem: Pick<HedgingProblem, 'fixedCost' | 'proportionalCost'>,
  spot: number,
): CostFunction {
  const marginal = problem.proportionalCost * spot;
  return {
    fixedCost: problem.fixedCost,
    maxSizeUnits: 1e9,
    variableCost: (size) => marginal * size,
    marginalCost: () => marginal,
  };
}

/** How far a deviation may go at a spot: the closed-form band and one step's drift. */
export function deviationScale(problem: HedgingProblem, liability: Liability, spot: number): number {
  const market = marketOf(problem, liability, spot, problem.years, 0);
  const { outer } = whalleyWilmott1999Band(market, linearCost(problem, spot));
  const drift = deltaVolatility(market);
  return Math.sqrt(outer * outer + (drift * drift * market.monitoringYears) / 2);
}
