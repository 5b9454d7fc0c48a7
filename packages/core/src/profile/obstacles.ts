import { distanceTo } from './goals.js';
import { coefficientsOf, type CompiledProfile, type Nearness } from './compiled-profile.js';
import type { Obstacle } from './solution.js';

/** A gain of nearness below this share of the distance is none. */
const NO_GAIN = 1e-6;

/**
 * Why the goal `g` stays out of reach, from the multipliers of the nearest point: a limit with a price would bring the
 * book nearer. `direction` is +1 where the greek has to rise.
 */
export function obstaclesOf(compiled: CompiledProfile, near: Nearness, g: number, direction: 1 | -1): Obstacle[] {
  const { goals, problem, sides } = compiled;
  const goal = goals[g]!;
  const doubt: Obstacle[] = goal.doubt > 0 ? [{ kind: 'doubt', excess: goal.doubt }] : [];
  if (near.distances[g] === 0) return doubt.length > 0 ? doubt : [{ kind: 'lot' }];
  const coefficients = coefficientsOf(sides, goal);
  const wasOutside = distanceTo(goal.wanted, 0) > 0;
  if (wasOutside && !coefficients.some((each) => each * direction > 0)) return [...doubt, { kind: 'no-instrument' }];
  const squared = goals.reduce((total, { weight }, i) => total + weight * near.distances[i]! ** 2, 0);
  const distance = Math.sqrt(squared);
  // d√Q = dQ / (2√Q)
  const nearer = (gain: number): number => gain / (2 * distance);
  const limits: Obstacle[] = [];
  const marginGain = -near.multipliers.at(-1)!;
  if (marginGain * problem.marginAvailable > NO_GAIN * squared || (problem.marginAvailable === 0 && marginGain > 0)) {
    limits.push({ kind: 'margin', nearerPerUnit: nearer(marginGain) });
  }
  const rows = [...goals.map((each) => coefficientsOf(sides, each)), sides.map(({ marginPerUnit }) => marginPerUnit)];
  for (const [i, side] of sides.entries()) {
    if (near.sizes[i]! < side.most * (1 - 1e-6) || coefficients[i]! * direction <= 0) continue;
    const gain = rows.reduce((total, row, r) => total + row[i]! * near.multipliers[r]!, 0);
    if (gain * side.most <= NO_GAIN * squared) continue;
    const instrument = problem.instruments[side.instrument]!.id;
    limits.push({ kind: 'size', instrument, side: side.direction, nearerPerUnit: nearer(gain) });
  }
  if (limits.length > 0) return [...doubt, ...limits];
  const greeks = goals.map(({ greek }) => greek).filter((greek) => greek !== goal.greek);
  return [...doubt, { kind: 'conflict', greeks }];
}
