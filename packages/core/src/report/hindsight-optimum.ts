import { InvalidInputError } from '@evenkeel/intents';
import type { HedgingResult } from './rebalancing-efficiency.js';

/** One look at a book, and what could be traded then. */
export interface HindsightLook {
  /** Delta of the book without its hedge, less the target. */
  readonly bookDeltaUnits: number;
  readonly spot: number;
  /** Years until the next look, or until the end. */
  readonly years: number;
}

export interface HindsightTerms {
  /** Absolute risk aversion γ, per numeraire. */
  readonly riskAversion: number;
  readonly annualVolatility: number;
  /** Least that was ever asked for a unit, one way, as a share of the spot. */
  readonly costShare: number;
  /** Least that one trade ever cost whatever its size, numeraire. */
  readonly fixedCost: number;
  /** Hedges that are tried at each look. Default: 241. */
  readonly gridPoints?: number;
}

const GRID_POINTS = 241;

/**
 * The best that anybody could have done who knew beforehand how the book's delta would go: the sequence of hedges with the
 * least cost + γ/2 · variance of the open delta, (σS)²δ²dt a look, found by dynamic programming (Bellman 1957) over a grid of
 * hedges. No policy knows that much, so an efficiency against it is a lower bound of the one against the best policy.
 *
 * The hedge that is left is closed at the spot of the last look.
 *
 * @throws {InvalidInputError} for no looks, or numbers that are negative or none
 * @example
 * ```ts
 * const optimum = hindsightOptimum(looks, { riskAversion: 0.001, annualVolatility: 0.7, costShare: 0.0006, fixedCost: 0.2 })
 * rebalancingEfficiency({ riskAversion: 0.001, optimum, realised }).efficiency
 * ```
 */
export function hindsightOptimum(looks: readonly HindsightLook[], terms: HindsightTerms): HedgingResult {
  const { gridPoints = GRID_POINTS } = terms;
  check(looks, terms);
  const needed = looks.map(({ bookDeltaUnits }) => -bookDeltaUnits);
  const low = Math.min(0, ...needed);
  const high = Math.max(0, ...needed);
  const step = (high - low) / (gridPoints - 1);
  const hedges = [0, ...(step === 0 ? [] : Array.from({ length: gridPoints }, (_, at) => low + at * step))];
  // Before the first look nothing is held.
  let paths = hedges.map((_, at) => (at === 0 ? NOTHING : IMPOSSIBLE));
  for (const look of looks) paths = hedges.map((to) => bestTo(to, hedges, paths, look, terms));
  const { spot } = looks.at(-1)!;
  const closed = paths.map((path, at): Path => {
    const cost = costOf(hedges[at]!, spot, terms);
    return { ...path, total: path.total + cost, cost: path.cost + cost };
  });
  const best = closed.reduce((least, path) => (path.total < least.total ? path : least));
  return Object.freeze({ cost: best.cost, trackingVariance: best.variance });
}

interface Path {
  readonly total: number;
  readonly cost: number;
  readonly variance: number;
}

const NOTHING: Path = { total: 0, cost: 0, variance: 0 };
const IMPOSSIBLE: Path = { total: Infinity, cost: Infinity, variance: Infinity };

function costOf(units: number, spot: number, { costShare, fixedCost }: HindsightTerms): number {
  return units === 0 ? 0 : fixedCost + costShare * spot * Math.abs(units);
}

function bestTo(
  to: number,
  hedges: readonly number[],
  paths: readonly Path[],
  { bookDeltaUnits, spot, years }: HindsightLook,
  terms: HindsightTerms,
): Path {
  const { annualVolatility, riskAversion } = terms;
  let [from, least, paid] = [IMPOSSIBLE, Infinity, 0];
  for (const [at, hedge] of hedges.entries()) {
    const path = paths[at]!;
    const cost = costOf(to - hedge, spot, terms);
    if (path.total + cost >= least) continue;
    [from, least, paid] = [path, path.total + cost, cost];
  }
  const variance = (annualVolatility * spot * (bookDeltaUnits + to)) ** 2 * years;
  return {
    total: least + (riskAversion / 2) * variance,
    cost: from.cost + paid,
    variance: from.variance + variance,
  };
}

function check(looks: readonly HindsightLook[], terms: HindsightTerms): void {
  if (looks.length === 0) throw new InvalidInputError('looks', looks, 'is empty', 'Give at least one look.');
  const numbers = { ...terms, gridPoints: (terms.gridPoints ?? GRID_POINTS) - 2 };
  for (const [field, value] of Object.entries(numbers)) {
    if (value >= 0 && Number.isFinite(value)) continue;
    throw new InvalidInputError(`terms.${field}`, value, 'is negative or no number', 'Give it from 0.');
  }
}
