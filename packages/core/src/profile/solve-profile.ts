import {
  bandRows,
  coefficientsOf,
  compile,
  type CompiledProfile,
  distancesAt,
  type Nearness,
} from './compiled-profile.js';
import { ProfileInputInvalidError } from './errors.js';
import { explain } from './explain.js';
import type { ProfileProblem } from './profile.js';
import { relax, type Row } from './relaxation.js';
import { parseProfileProblem } from './schema.js';
import { search, type SearchResult } from './search.js';
import type { ProfileSolution } from './solution.js';

export interface ProfileOptions {
  /** The most parts of the search for each question that it has to answer. Default 400. */
  readonly nodeBudget?: number;
  /** A plan whose cost is this close to the bound ends the search. Default 1. */
  readonly toleranceBps?: number;
}

const NODE_BUDGET = 400;
const TOLERANCE_BPS = 1;

/**
 * The cheapest trades that bring delta, gamma and vega of a book into their bands, or, where that cannot be, the cheapest
 * of those that come nearest, by Σ weight × squared distance.
 *
 * A convex programme with fixed parts and lots: interior point relaxations inside a branch and bound. `costBound` and
 * `gapBps` say how much cheaper any other plan could be at most. A doubtful exposure has to be in its band at both ends;
 * where it is wider than the band, no trade raises the risk at either end.
 *
 * Costs count as they are: an instrument that is paid for being held is used for its own sake as far as its limits let it.
 *
 * @param input a {@link ProfileProblem}; it is checked
 * @returns a frozen solution
 * @throws {ProfileInputInvalidError} and its relatives, see {@link parseProfileProblem}
 *
 * @example
 * ```ts
 * const { trades, sentence } = solveProfile({
 *   exposure: { delta: { low: -12, high: -12 }, gamma: { low: -0.04, high: -0.04 }, vega: { low: -90, high: -90 } },
 *   target: { delta: { low: -0.5, high: 0.5, weight: 1 }, gamma: { low: -0.01, high: 0.01, weight: 1e5 } },
 *   instruments: [perp, call], marginAvailable: 50_000, holdingDays: 7,
 * })
 * ```
 */
export function solveProfile(input: ProfileProblem, options: ProfileOptions = {}): ProfileSolution {
  const problem = parseProfileProblem(input);
  const { nodeBudget = NODE_BUDGET, toleranceBps = TOLERANCE_BPS } = options;
  if (!(Number.isSafeInteger(nodeBudget) && nodeBudget >= 1)) {
    throw new ProfileInputInvalidError('options.nodeBudget', nodeBudget, 'is no budget', 'Give a whole number from 1.');
  }
  if (!(toleranceBps >= 0 && Number.isFinite(toleranceBps))) {
    throw new ProfileInputInvalidError('options.toleranceBps', toleranceBps, 'is no tolerance', 'Give 0 or more.');
  }
  const compiled = compile(problem);
  const continuous = nearestIgnoringLots(compiled);
  const limits = { nodeBudget, toleranceBps };
  const direct = cheapestWithin(compiled, continuous.distances, limits);
  if (direct.sizes !== undefined) return explain(compiled, direct, direct.sizes, continuous, continuous.distances);
  const whole = nearestInLots(compiled, limits);
  const plan = cheapestWithin(compiled, whole.distances, limits, whole.sizes);
  return explain(compiled, plan, plan.sizes ?? whole.sizes, continuous, whole.distances);
}

/** The rows of "come as near as possible". */
function distanceRows({ goals, marginRow, sides }: CompiledProfile): readonly Row[] {
  const bands = goals.map((goal): Row => {
    const { allowed, wanted, weight } = goal;
    return { coefficients: coefficientsOf(sides, goal), within: wanted, outside: { weight, allowed } };
  });
  return [...bands, marginRow];
}

function nearestIgnoringLots(compiled: CompiledProfile): Nearness {
  const { goals, sides } = compiled;
  const open = sides.map(({ most }) => ({ mode: 'open', low: 0, high: most }) as const);
  const none = goals.map(() => 0);
  const reachable = relax(sides, open, bandRows(compiled, none), false);
  if (reachable.status === 'optimal') return { distances: none, sizes: reachable.sizes, multipliers: [...none, 0] };
  const { multipliers, sizes } = relax(sides, open, distanceRows(compiled), false);
  return { distances: distancesAt(compiled, sizes), sizes, multipliers };
}

interface Limits {
  readonly nodeBudget: number;
  readonly toleranceBps: number;
}

function nearestInLots(compiled: CompiledProfile, limits: Limits): Pick<Nearness, 'distances' | 'sizes'> {
  const { sides } = compiled;
  const found = search({ sides, rows: distanceRows(compiled), costs: false, ...limits });
  // Trading nothing is always allowed.
  const sizes = found.sizes ?? sides.map(() => 0);
  return { distances: distancesAt(compiled, sizes), sizes };
}

function cheapestWithin(
  compiled: CompiledProfile,
  distances: readonly number[],
  limits: Limits,
  start?: readonly number[],
): SearchResult {
  const known = start === undefined ? {} : { start };
  return search({ sides: compiled.sides, rows: bandRows(compiled, distances), costs: true, ...limits, ...known });
}
