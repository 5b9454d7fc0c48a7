import type { Lattice } from './lattice.js';

/** A rule on a lattice: the holding to trade to, which is the holding itself where nothing is traded. Pure. */
export type LatticeRule = (step: number, row: number, holding: number) => number;

/**
 * A rule of time, spot and holding, such as a policy knows, as one of a lattice.
 *
 * @param target given the step from 0, the spot in numeraire and the holding in units, the holding wanted
 */
export function latticeRule(
  { problem, spots, stepYears }: Lattice,
  target: (step: number, spot: number, holding: number) => number,
): LatticeRule {
  return (step, row, holding) => target(step, spots[row]! * Math.exp(problem.annualRate * step * stepYears), holding);
}
