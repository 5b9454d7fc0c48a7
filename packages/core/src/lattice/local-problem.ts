import type { CostFunction } from '../policy/cost-function.js';
import { impulseBand } from '../policy/impulse-band.js';
import { deltaVolatility, type Market } from '../policy/market.js';
import { piecewiseCost, type PiecewiseCost } from '../policy/piecewise-cost.js';
import type { Side } from '../policy/settlement-band.js';
import { whalleyWilmott1999Band } from '../policy/rules/whalley-wilmott-1999.js';
import type { Liability } from './book.js';
import type { HedgingProblem } from './problem.js';

/** The problem at a spot and a time to its end, as the policy's rules see it. */
export function marketOf(
  problem: HedgingProblem,
  spot: number,
  years: number,
  liabilityGamma: number,
  holdingUnits: number,
): Market {
  return {
    spot,
    annualVolatility: problem.annualVolatility,
    gammaPerUnit: -liabilityGamma,
    riskAversion: problem.riskAversion,
    years,
    annualRate: problem.annualRate,
    monitoringYears: problem.years / problem.steps,
    latencyYears: problem.latencyYears ?? 0,
    settlement: problem.settlement,
    holdingUnits,
  };
}

/** k and what a trade of a size costs beside it, as a cost function of the policy. */
export function costOf(problem: HedgingProblem, spot: number, side: Side): CostFunction {
  const { cost, marginal } = unitCost(problem, side);
  return {
    fixedCost: problem.fixedCost,
    maxSizeUnits: 1e9,
    variableCost: (size) => spot * cost(size),
    marginalCost: (size) => spot * marginal(size),
  };
}

/** Cost of a size at a spot of 1: λq and the impact. */
export function unitCost({ impact, proportionalCost }: HedgingProblem, side: Side): PiecewiseCost {
  return piecewiseCost(proportionalCost, impact?.[side] ?? []);
}

/**
 * How far a deviation may go at a spot: the closed-form band and one step's drift; under impact also what is left over
 * from trades that are spread over several looks. Without a fixed cost and with quadratic impact ηS a trade closes a
 * share θ = (√(r² + 4r) − r)/2 of the deviation, r = γσ²S dt/η, and drift/√(1 − (1 − θ)²) is what remains of it.
 */
export function deviationScale(problem: HedgingProblem, liability: Liability, spot: number): number {
  const market = marketOf(
    problem,
    spot,
    problem.years,
    liability.gamma(spot, problem.years, problem.annualVolatility),
    0,
  );
  const drift = deltaVolatility(market) * Math.sqrt(market.monitoringYears);
  if (problem.impact === undefined) {
    const { outer } = whalleyWilmott1999Band(market, costOf(problem, spot, 'buy'));
    return Math.sqrt(outer * outer + (drift * drift) / 2);
  }
  const { outer } = impulseBand(market, costOf(problem, spot, 'buy'));
  const rise = unitCost(problem, 'buy').slope(outer) * spot;
  const r =
    (problem.riskAversion * (problem.annualVolatility * spot) ** 2 * market.monitoringYears) / Math.max(rise, 1e-12);
  const share = Math.min(1, (Math.sqrt(r * r + 4 * r) - r) / 2);
  return Math.sqrt(outer * outer + (drift * drift) / 2 / (1 - (1 - share) ** 2));
}
