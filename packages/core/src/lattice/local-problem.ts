import type { CostFunction } from '../policy/cost-function.js';
import { deltaVolatility, type Market } from '../policy/market.js';
import { whalleyWilmott1999Band } from '../policy/rules/whalley-wilmott-1999.js';
import type { Liability } from './book.js';
import type { HedgingProblem } from './problem.js';

/** The problem at a spot and a time to its end, as the policy's rules see it. */
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
