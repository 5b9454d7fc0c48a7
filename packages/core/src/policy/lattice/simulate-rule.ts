import type { Random } from '../../ports/ambient.js';
import { KERNEL_REACH } from './kernel.js';
import type { Lattice } from './lattice.js';
import type { LatticeRule } from './lattice-rule.js';

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
 * @param random seeded, where the figures are to come again
 */
export function simulateRule(lattice: Lattice, rule: LatticeRule, paths: number, random: Random): SimulatedRule {
  const { aversion, premium } = lattice;
  const path = pathOf(lattice, rule, random);
  const disutility = new Float64Array(paths);
  const martingale = new Float64Array(paths);
  let trades = 0;
  for (let i = 0; i < paths; i++) {
    const { costs, owedUnhedged, count } = path();
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
  costs: number;
  /** Owed at the end less what the hedge has earned, costs aside. */
  owedUnhedged: number;
  count: number;
}

function pathOf(lattice: Lattice, rule: LatticeRule, random: Random): () => PathResult {
  const { liability, problem, reach, spots, startRow, stepYears } = lattice;
  const { annualRate, fixedCost, proportionalCost, settlement, steps, years } = problem;
  const jump = jumpOf(lattice.kernel, random);
  const discounts = Float64Array.from({ length: steps + 1 }, (_, step) => Math.exp(-annualRate * step * stepYears));
  const atEnd = Math.exp(-annualRate * years);
  const cost = (size: number, spot: number, discount: number): number =>
    size === 0 ? 0 : fixedCost * discount + proportionalCost * spot * size;
  return () => {
    let row = startRow;
    let holding = 0;
    let costs = 0;
    let earned = 0;
    let count = 0;
    for (let step = 0; step < steps && Math.abs(row - startRow) <= reach; step++) {
      const target = rule(step, row, holding);
      if (target !== holding) {
        costs += cost(Math.abs(target - holding), spots[row]!, discounts[step]!);
        holding = target;
        count++;
      }
      const before = spots[row]!;
      row += jump();
      earned += holding * (spots[row]! - before);
    }
    const spot = spots[row]!;
    if (settlement === 'unwind') costs += cost(Math.abs(holding), spot, atEnd);
    return { costs, owedUnhedged: atEnd * liability.payoff(spot / atEnd) - earned, count };
  };
}

/** Draws from the kernel by inverting its distribution function. */
function jumpOf(kernel: Float64Array, random: Random): () => number {
  let sum = 0;
  const cumulative = kernel.map((weight) => (sum += weight));
  return () => {
    const draw = random.next();
    let j = 0;
    while (j < cumulative.length - 1 && draw >= cumulative[j]!) j++;
    return j - KERNEL_REACH;
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
