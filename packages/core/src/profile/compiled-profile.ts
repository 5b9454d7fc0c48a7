import { distanceTo, type GreekGoal, goalsOf } from './goals.js';
import { GREEKS, type ProfileProblem } from './profile.js';
import type { Row } from './relaxation.js';
import { rowTolerance } from './search.js';
import { type Side, sidesOf } from './side.js';

/** A problem in the form that the stages of the solution share. */
export interface CompiledProfile {
  readonly problem: ProfileProblem;
  readonly sides: readonly Side[];
  readonly goals: readonly GreekGoal[];
  /** Stands last, behind one row for each goal. */
  readonly marginRow: Row;
}

/** What is known of how near the bands trading can come. */
export interface Nearness {
  /** Of each goal, how far its change stays from what is wanted. */
  readonly distances: readonly number[];
  readonly sizes: readonly number[];
  /** Change of the weighted squared distance per unit of each row. */
  readonly multipliers: readonly number[];
}

/** Distances below this share of the way are what the arithmetic leaves, not distances. */
const NO_DISTANCE = 1e-6;

/** Sides, bounds on the changes, and the margin of a checked problem. */
export function compile(problem: ProfileProblem): CompiledProfile {
  const sides = sidesOf(problem.instruments, problem.holdingDays);
  const marginRow: Row = {
    coefficients: sides.map(({ marginPerUnit }) => marginPerUnit),
    within: { low: -Infinity, high: problem.marginAvailable },
  };
  return { problem, sides, goals: goalsOf(problem), marginRow };
}

/** What the sides do to the greek of a goal. */
export function coefficientsOf(sides: readonly Side[], { greek }: GreekGoal): readonly number[] {
  const index = GREEKS.indexOf(greek);
  return sides.map(({ greeks }) => greeks[index]!);
}

/** The rows of "be within these distances of the bands". */
export function bandRows({ goals, marginRow, sides }: CompiledProfile, distances: readonly number[]): readonly Row[] {
  const bands = goals.map((goal, g): Row => {
    const { allowed, wanted } = goal;
    const row: Row = { coefficients: coefficientsOf(sides, goal), within: wanted };
    const distance = distances[g]!;
    const slack = distance > 0 ? distance * (1 + NO_DISTANCE) + rowTolerance(row, sides) : 0;
    const low = Math.max(wanted.low - slack, allowed.low);
    const high = Math.min(wanted.high + slack, allowed.high);
    return { ...row, within: { low, high } };
  });
  return [...bands, marginRow];
}

/** Of each goal, how far these sizes leave the change from what is wanted; what only arithmetic leaves is none. */
export function distancesAt({ goals, sides }: CompiledProfile, sizes: readonly number[]): readonly number[] {
  return goals.map((goal) => {
    const change = coefficientsOf(sides, goal).reduce((sum, each, i) => sum + each * sizes[i]!, 0);
    const distance = distanceTo(goal.wanted, change);
    return distance <= NO_DISTANCE * distanceTo(goal.wanted, 0) ? 0 : distance;
  });
}
