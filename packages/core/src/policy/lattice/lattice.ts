import type { CostFunction } from '../cost-function.js';
import { deltaVolatility, type Market } from '../market.js';
import { whalleyWilmott1999Band } from '../rules/whalley-wilmott-1999.js';
import { KERNEL_REACH, martingaleKernel } from './kernel.js';
import { checkProblem, type HedgingProblem } from './problem.js';
import { type Liability, liabilityOf } from './product.js';

/**
 * A grid of log spot by holdings with all that does not change from step to step. Rows are spots, from the lowest;
 * columns are holdings, ascending. A value at (row r, column m) is kept as
 *
 *   V = exp{γd·(Q − y_m·X_r − c_m)},
 *
 * Q the certainty equivalent of what is owed, y the holding, X = e^{−rt}S the discounted spot, γd = γe^{rT}, all
 * discounted to time 0. For one y the expectation over the next step is then a plain convolution over the rows, and a
 * trade is a multiplication. c_m only keeps the numbers near one.
 *
 * A path that strays 7.5 standard deviations of the whole period from the start is settled there: its rows keep the
 * values of the end.
 */
export interface Lattice {
  readonly problem: HedgingProblem;
  readonly liability: Liability;
  /** Years a step. */
  readonly stepYears: number;
  /** σ√dt. */
  readonly cell: number;
  readonly kernel: Float64Array;
  /** γe^{rT}. */
  readonly aversion: number;
  /** Rows on either side of the start that are alive; beyond them are seven more, settled. */
  readonly reach: number;
  readonly startRow: number;
  readonly rows: number;
  /** Discounted spot by row. */
  readonly spots: Float64Array;
  readonly holdings: Float64Array;
  /** Column of the holding 0. */
  readonly flat: number;
  /** c_m by column. */
  readonly offsets: Float64Array;
  /** At [row·columns + m]: factor on V of buying from holding m to m + 1, the fixed cost left out. */
  readonly buyFactor: Float64Array;
  /** At [row·columns + m]: factor on V of selling from holding m + 1 to m, the fixed cost left out. */
  readonly sellFactor: Float64Array;
  /** V at the end, at [row·columns + m]. */
  readonly terminal: Float64Array;
  /** Expectation of what is owed at the end, discounted: the frictionless premium on this lattice. */
  readonly premium: number;
}

/** How finely a lattice is laid. */
export interface LatticeResolution {
  /** Columns over the half-width of the band at the start. Default 14. */
  readonly columnsPerBand?: number;
  readonly mostColumns?: number;
  /** Further columns, ever closer to no hedge and to a full one, for rules whose bands vanish there. Default 0. */
  readonly wingColumns?: number;
}

const REACH_DEVIATIONS = 7.5;
const DEFAULT_COLUMNS_PER_BAND = 14;
const MOST_COLUMNS = 800;
/** From one wing column to the next, towards the end. */
const WING_RATIO = 1.2;
const LEAST_SPACING = 1e-7;

/**
 * Lays the lattice of a problem.
 *
 * @throws {PolicyInputInvalidError} for a problem that has no answer
 */
export function layLattice(problem: HedgingProblem, resolution: LatticeResolution = {}): Lattice {
  const { annualRate, annualVolatility, product, riskAversion, spot, steps, years } = checkProblem(problem);
  const liability = liabilityOf(product, problem);
  const stepYears = years / steps;
  const cell = annualVolatility * Math.sqrt(stepYears);
  const kernel = martingaleKernel(cell);
  const reach = Math.min(KERNEL_REACH * steps, Math.ceil(REACH_DEVIATIONS * Math.sqrt(steps)));
  const startRow = reach + KERNEL_REACH;
  const rows = 2 * startRow + 1;
  const spots = Float64Array.from({ length: rows }, (_, row) => spot * Math.exp((row - startRow) * cell));
  const deltas = Array.from(spots, (x) => liability.delta(x, years));
  const holdings = holdingsOf(problem, liability, spots, deltas, resolution);
  const aversion = riskAversion * Math.exp(annualRate * years);
  const owed = spots.map((x) => Math.exp(-annualRate * years) * liability.payoff(x * Math.exp(annualRate * years)));
  const costs = unwindingCosts(problem, spots, holdings);
  const offsets = offsetsOf({ holdings, spots, startRow }, deltas, owed, costs);
  const terminal = costs.map((cost, at) => {
    const row = Math.floor(at / holdings.length);
    const column = at % holdings.length;
    return Math.exp(aversion * (owed[row]! + cost - holdings[column]! * spots[row]! - offsets[column]!));
  });
  return {
    problem,
    liability,
    stepYears,
    cell,
    kernel,
    aversion,
    reach,
    startRow,
    rows,
    spots,
    holdings,
    flat: holdings.indexOf(0),
    offsets,
    buyFactor: tradeFactors(problem, aversion, spots, holdings, offsets, 1),
    sellFactor: tradeFactors(problem, aversion, spots, holdings, offsets, -1),
    terminal,
    premium: premiumOf(owed, kernel, steps, reach),
  };
}

/** Rows that a path may be in at a step, seven cells a step from the start. */
export function aliveRows(
  { reach, startRow }: Lattice,
  step: number,
): { readonly first: number; readonly last: number } {
  const distance = Math.min(KERNEL_REACH * step, reach);
  return { first: startRow - distance, last: startRow + distance };
}

/** The problem at one node, as the policy's rules see it; the hedge's target is the liability's delta. */
export function marketAt(lattice: Lattice, step: number, row: number, holdingUnits: number): Market {
  const { liability, problem, spots, stepYears } = lattice;
  const spot = spots[row]! * Math.exp(problem.annualRate * step * stepYears);
  const years = (problem.steps - step) * stepYears;
  return marketOf(problem, liability, spot, years, holdingUnits);
}

/** λS·q beside k, as a cost function of the policy. */
export function linearCost(problem: HedgingProblem, spot: number): CostFunction {
  const marginal = problem.proportionalCost * spot;
  return {
    fixedCost: problem.fixedCost,
    maxSizeUnits: 1e9,
    variableCost: (size) => marginal * size,
    marginalCost: () => marginal,
  };
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
    gammaPerUnit: -liability.gamma(spot, years),
    riskAversion: problem.riskAversion,
    years,
    annualRate: problem.annualRate,
    monitoringYears: problem.years / problem.steps,
    latencyYears: 0,
    settlement: problem.settlement,
    holdingUnits,
  };
}

/**
 * Holdings from none to the largest that may be wanted, spaced by a share of what the deviation may be: the band at the
 * start and one step's drift. Where the band widens with the holding, as it does for liquidity at low spots, so does the
 * spacing. A long hedge that must be unwound is worth 1 − λ, so that more of it is wanted.
 */
function holdingsOf(
  problem: HedgingProblem,
  liability: Liability,
  spots: Float64Array,
  deltas: readonly number[],
  { columnsPerBand = DEFAULT_COLUMNS_PER_BAND, mostColumns = MOST_COLUMNS, wingColumns = 0 }: LatticeResolution,
): Float64Array {
  const { proportionalCost, settlement } = problem;
  const sign = deltas.some((delta) => delta < 0) ? -1 : 1;
  const unwindable = settlement === 'unwind' && sign > 0 ? 1 / (1 - proportionalCost) : 1;
  const isOption = problem.product.kind !== 'lp';
  const most = (isOption ? 1 : largest(deltas)) * unwindable;
  const scales = Array.from(spots, (spot) => deviationScale(problem, liability, spot));
  const usual = (_: unknown, row: number): boolean => isUsual(problem, spots[row]!);
  const span = isOption ? 1 : largest(deltas.filter(usual));
  const spacing = Math.max(Math.max(...scales.filter(usual)) / columnsPerBand, span / mostColumns);
  const bySize = deltas.map((delta, row) => ({ size: Math.abs(delta), scale: scales[row]! }));
  if (bySize[0]!.size > bySize.at(-1)!.size) bySize.reverse();
  const sizes = [0];
  let at = 0;
  while (sizes.at(-1)! < most) {
    const last = sizes.at(-1)!;
    while (at < bySize.length - 1 && bySize[at]!.size < last) at++;
    sizes.push(last + Math.max(spacing, bySize[at]!.scale / columnsPerBand));
  }
  const wing = Array.from({ length: wingColumns }, (_, i) => sizes[1]! * WING_RATIO ** -(i + 1));
  const full = isOption && wingColumns > 0 ? [1, ...wing.map((size) => 1 - size), ...wing.map((size) => 1 + size)] : [];
  const all = Float64Array.from([...sizes, ...wing, ...full], (size) => (size === 0 ? 0 : sign * size)).sort();
  return all.filter((holding, i) => i === 0 || holding - all[i - 1]! > LEAST_SPACING);
}

function largest(deltas: readonly number[]): number {
  return Math.max(...deltas.map(Math.abs));
}

/** Within one standard deviation of the whole period. */
function isUsual({ annualVolatility, spot, years }: HedgingProblem, x: number): boolean {
  return Math.abs(Math.log(x / spot)) <= annualVolatility * Math.sqrt(years) * (1 + 1e-9);
}

function deviationScale(problem: HedgingProblem, liability: Liability, spot: number): number {
  const market = marketOf(problem, liability, spot, problem.years, 0);
  const { outer } = whalleyWilmott1999Band(market, linearCost(problem, spot));
  const drift = deltaVolatility(market);
  return Math.sqrt(outer * outer + (drift * drift * market.monitoringYears) / 2);
}

/** Numeraire discounted to time 0, at [row·columns + m]. */
function unwindingCosts(problem: HedgingProblem, spots: Float64Array, holdings: Float64Array): Float64Array {
  const costs = new Float64Array(spots.length * holdings.length);
  if (problem.settlement === 'free') return costs;
  const fixed = problem.fixedCost * Math.exp(-problem.annualRate * problem.years);
  for (let row = 0; row < spots.length; row++) {
    for (let m = 0; m < holdings.length; m++) {
      const size = Math.abs(holdings[m]!);
      costs[row * holdings.length + m] = size === 0 ? 0 : fixed + problem.proportionalCost * spots[row]! * size;
    }
  }
  return costs;
}

/** What Q − y·X is at the end where y is the hedge, so that the rows near it keep values near one. */
function offsetsOf(
  lattice: Pick<Lattice, 'holdings' | 'spots' | 'startRow'>,
  deltas: readonly number[],
  owed: Float64Array,
  costs: Float64Array,
): Float64Array {
  const { holdings, spots, startRow } = lattice;
  return holdings.map((holding, m) => {
    let row = startRow;
    let least = Number.POSITIVE_INFINITY;
    for (let at = 0; at < spots.length; at++) {
      const distance = Math.abs(deltas[at]! - holding) + 1e-6 * Math.abs(at - startRow);
      if (distance < least) [row, least] = [at, distance];
    }
    return owed[row]! + costs[row * holdings.length + m]! - holding * spots[row]!;
  });
}

function tradeFactors(
  { proportionalCost }: HedgingProblem,
  aversion: number,
  spots: Float64Array,
  holdings: Float64Array,
  offsets: Float64Array,
  direction: 1 | -1,
): Float64Array {
  const factors = new Float64Array(spots.length * holdings.length);
  for (let row = 0; row < spots.length; row++) {
    for (let m = 0; m + 1 < holdings.length; m++) {
      const size = holdings[m + 1]! - holdings[m]!;
      const price = spots[row]! * (direction + proportionalCost);
      const exponent = price * size + direction * (offsets[m + 1]! - offsets[m]!);
      factors[row * holdings.length + m] = Math.exp(aversion * exponent);
    }
  }
  return factors;
}

function premiumOf(owed: Float64Array, kernel: Float64Array, steps: number, reach: number): number {
  let next = owed.slice();
  let now = owed.slice();
  const startRow = reach + KERNEL_REACH;
  for (let step = steps - 1; step >= 0; step--) {
    const distance = Math.min(KERNEL_REACH * step, reach);
    for (let row = startRow - distance; row <= startRow + distance; row++) {
      let sum = 0;
      for (let j = 0; j < kernel.length; j++) sum += kernel[j]! * next[row - KERNEL_REACH + j]!;
      now[row] = sum;
    }
    [next, now] = [now, next];
  }
  return next[startRow]!;
}
