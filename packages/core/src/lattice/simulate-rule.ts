import type { Random } from '../ports/ambient.js';
import { aliveRows, type Lattice } from './lattice.js';
import { unitCost } from './local-problem.js';
import { targetOf, type TargetRule, targetRules } from './target-rule.js';

export interface SimulatedRule {
  /** Estimate of the rule's certainty equivalent, numeraire. */
  readonly certaintyEquivalent: number;
  readonly standardError: number;
  readonly tradesPerPath: number;
  readonly paths: number;
}

/**
 * The certainty equivalent of a rule by simulation of the same chain, its holdings exact instead of on columns: what
 * {@link evaluateRule} must agree with. The profit of the hedge against the frictionless premium is a martingale whose
 * mean is zero on this very lattice, and serves as control variate.
 *
 * @param premium frictionless, as the optimum gives it
 * @param random seeded, where the figures are to come again
 * @param delayLooks looks from a decision to its fill; one trade is under way at a time
 */
export function simulateRule(
  lattice: Lattice,
  rule: TargetRule,
  premium: number,
  paths: number,
  random: Random,
  delayLooks = 0,
): SimulatedRule {
  const { aversion } = lattice;
  const path = pathOf(lattice, rule, random, delayLooks);
  const disutility = new Float64Array(paths);
  const martingale = new Float64Array(paths);
  let trades = 0;
  for (let i = 0; i < paths; i++) {
    const { costs, count, owedUnhedged } = path();
    martingale[i] = owedUnhedged - premium;
    disutility[i] = Math.exp(aversion * (martingale[i]! + costs));
    trades += count;
  }
  const share = slopeOf(martingale, disutility);
  const controlled = disutility.map((value, i) => value - share * martingale[i]!);
  const mean = meanOf(controlled);
  const variance = meanOf(controlled.map((value) => (value - mean) ** 2));
  return Object.freeze({
    certaintyEquivalent: Math.log(mean) / aversion,
    standardError: Math.sqrt(variance / paths) / (mean * aversion),
    tradesPerPath: trades / paths,
    paths,
  });
}

interface PathResult {
  /** Numeraire, discounted. */
  readonly costs: number;
  /** Owed along the way less what the hedge has earned, costs aside. */
  readonly owedUnhedged: number;
  readonly count: number;
}

function pathOf(lattice: Lattice, rule: TargetRule, random: Random, delayLooks: number): () => PathResult {
  const { problem, spots, startRow, stepYears } = lattice;
  const { annualRate, fixedCost, settlement, steps, years } = problem;
  const unit = { buy: unitCost(problem, 'buy'), sell: unitCost(problem, 'sell') };
  const variable = (trade: number): number => (trade > 0 ? unit.buy.cost(trade) : unit.sell.cost(-trade));
  const rules = targetRules(lattice, rule);
  const jump = jumpOf(lattice, random);
  const discounts = Float64Array.from({ length: steps + 1 }, (_, step) => Math.exp(-annualRate * step * stepYears));
  const { first, last } = aliveRows(lattice, steps);
  return () => {
    let row = startRow;
    let holding = 0;
    let costs = 0;
    let owed = 0;
    let count = 0;
    let underWay: { readonly target: number; readonly due: number } | undefined;
    for (let step = 0; step < steps; step++) {
      if (row >= first && row <= last) {
        fill(step);
        if (underWay === undefined && step + delayLooks < steps) {
          const target = targetOf(rules(step, row, Math.sign(holding) as -1 | 0 | 1), holding);
          if (target !== holding) underWay = { target, due: step + delayLooks };
          fill(step);
        }
        const before = spots[row]!;
        row += jump();
        owed -= holding * (spots[row]! - before);
      }
      owed += lattice.owedAt(step + 1)?.[row] ?? 0;
    }
    if (settlement === 'unwind' && holding !== 0) {
      costs += fixedCost * Math.exp(-annualRate * years) + spots[row]! * variable(-holding);
    }
    return { costs, owedUnhedged: owed, count };

    function fill(step: number): void {
      if (underWay?.due !== step) return;
      costs += fixedCost * discounts[step]! + spots[row]! * variable(underWay.target - holding);
      holding = underWay.target;
      underWay = undefined;
      count++;
    }
  };
}

/** Draws from the kernel by inverting its distribution function. */
function jumpOf({ kernels }: Lattice, random: Random): () => number {
  const { reach, weights } = kernels[0]!;
  let sum = 0;
  const cumulative = weights.map((weight) => (sum += weight));
  return () => {
    const draw = random.next();
    let j = 0;
    while (j < cumulative.length - 1 && draw >= cumulative[j]!) j++;
    return j - reach;
  };
}

function meanOf(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

/** Of the least-squares line of `y` over `x`. */
function slopeOf(x: Float64Array, y: Float64Array): number {
  const meanX = meanOf(x);
  const meanY = meanOf(y);
  let covariance = 0;
  let variance = 0;
  for (let i = 0; i < x.length; i++) {
    covariance += (x[i]! - meanX) * (y[i]! - meanY);
    variance += (x[i]! - meanX) ** 2;
  }
  return variance === 0 ? 0 : covariance / variance;
}
