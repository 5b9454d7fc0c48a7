import type { BandTable } from '@evenkeel/core';
import { type HedgingProblem, layLattice, prepareBands } from '@evenkeel/core/lattice';

/** Node values that may be worked out for one table: some four to ten seconds of one core. */
const MOST_WORK = 1.2e9;
/** Of a look: beyond rounding, and nothing beside it. */
const A_HAIR = 1e-6;
const RESOLUTION = { mostColumns: 300 } as const;

/**
 * The table of a problem, with as many steps as the work allows: halved until steps × spots × holdings × neighbours is
 * within the bound, whatever the market.
 *
 * @throws {PolicyInputInvalidError} for a problem that has no answer
 */
export function boundedBands(problem: HedgingProblem, mostWork: number = MOST_WORK): BandTable {
  let bounded = problem;
  while (bounded.steps > 1 && workOf(bounded) > mostWork) bounded = { ...bounded, steps: bounded.steps >> 1 };
  return prepareBands(onLooks(bounded), RESOLUTION);
}

/**
 * Expiries moved to the nearest look. The lattice pays at looks; a delta that jumps at another moment than the payment
 * would draw the band for half a look as if the option were held twice, or not at all.
 */
function onLooks(problem: HedgingProblem): HedgingProblem {
  const look = problem.years / problem.steps;
  const book = problem.book.map((leg) =>
    leg.kind === 'lp' || leg.years === undefined
      ? leg
      : { ...leg, years: leg.years >= problem.years ? problem.years : atLook(leg.years, look) },
  );
  return { ...problem, book };
}

/** A hair before the look, so that the option is over when it is paid. */
function atLook(years: number, look: number): number {
  return (Math.max(1, Math.round(years / look)) - A_HAIR) * look;
}

/** Node values that solving a problem takes. */
export function workOf(problem: HedgingProblem): number {
  const { holdings, kernels, reach } = layLattice(problem, RESOLUTION);
  const neighbours = kernels.reduce((sum, kernel) => sum + 2 * kernel.reach + 1, 0);
  return problem.steps * (2 * reach + 1) * holdings.length * neighbours;
}
