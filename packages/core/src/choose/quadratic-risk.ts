import type { Exposure } from '../model/exposure.js';

/** What one greek should be, and what being off by one unit of it counts for, squared. */
export interface GreekGoal {
  readonly target: number;
  readonly weight: number;
}

export interface RiskGoals {
  /** Units. */
  readonly delta: GreekGoal;
  /** Units per numeraire of spot. */
  readonly gamma?: GreekGoal;
  /** Numeraire per volatility point. */
  readonly vega?: GreekGoal;
}

/** Risk at both ends of the exposure interval. */
export type RiskAtEnds = readonly [low: number, high: number];

/**
 * Weighted squares of the distances from the goals, at both ends of what the delta may be. An exposure without bounds has no
 * bounded risk.
 *
 * @example
 * ```ts
 * quadraticRisk(exposure, { delta: { target: 0, weight: 1 }, vega: { target: 0, weight: 0.01 } }) // [0.4, 1.1]
 * ```
 */
export function quadraticRisk(exposure: Exposure, { delta, gamma, vega }: RiskGoals): RiskAtEnds {
  if (exposure.unbounded.length > 0) return [Infinity, Infinity];
  const off = (value: number, goal: GreekGoal | undefined): number =>
    goal === undefined ? 0 : goal.weight * (value - goal.target) ** 2;
  const others = off(exposure.gammaPerUnit, gamma) + off(exposure.vegaPerPoint, vega);
  return [off(Number(exposure.delta.low), delta) + others, off(Number(exposure.delta.high), delta) + others];
}

/** Lower at both ends: what is lower at one end only may have made things worse. */
export function isLowerRisk(now: RiskAtEnds, before: RiskAtEnds): boolean {
  return now[0] < before[0] && now[1] < before[1];
}
