import { continuation } from './continuation.js';
import { type Lattice, nodeGreeks } from './lattice.js';
import { unitCost } from './local-problem.js';
import type { RuleValue } from './evaluate-rule.js';

const CUT_DEVIATIONS = 7.5;

/**
 * The exact value of trading to the delta at every `every`-th look, the first one included; or never, for an `every` of
 * the number of steps with `hedges` false. Between two trades the holding is the delta of the last one, so that one step
 * of the recursion is all of an interval, under the kernel of as many steps.
 *
 * For a book that pays at its end only, and a known volatility.
 */
export function intervalValuer(lattice: Lattice): (every: number, hedges?: boolean) => RuleValue {
  const { aversion, problem, reach: mostRows, rows, spots, startRow, stepYears } = lattice;
  const { annualRate, fixedCost, settlement, steps, years } = problem;
  const unit = { buy: unitCost(problem, 'buy'), sell: unitCost(problem, 'sell') };
  const variable = (trade: number): number => (trade > 0 ? unit.buy.cost(trade) : unit.sell.cost(-trade));
  const means = meansOf(lattice);
  const deltas: (Float64Array | undefined)[] = Array.from({ length: steps });
  const deltasOf = (step: number): Float64Array =>
    (deltas[step] ??= Float64Array.from({ length: rows }, (_, row) => nodeGreeks(lattice).delta(step, row)));
  const gasAt = (step: number): number => aversion * fixedCost * Math.exp(-annualRate * step * stepYears);
  const flat = new Float64Array(rows);

  /** Cost in the exponent of coming to a row with a holding: of the next trade, or of the end. */
  const costAt = (step: number, row: number, holding: number, target: Float64Array | undefined): number => {
    const price = aversion * spots[row]!;
    if (step < steps) {
      const trade = target![row]! - holding;
      return trade === 0 ? 0 : gasAt(step) + price * variable(trade);
    }
    if (settlement === 'free' || holding === 0) return 0;
    return aversion * fixedCost * Math.exp(-annualRate * years) + price * variable(-holding);
  };

  return (every, hedges = true) => {
    let value = new Float64Array(rows).fill(1);
    let until = steps;
    const kernels = new Map<number, Kernel>();
    for (let step = Math.floor((steps - 1) / every) * every; step >= 0; step -= every) {
      const looks = until - step;
      const kernel = kernels.get(looks) ?? kernelOf(lattice, looks);
      kernels.set(looks, kernel);
      const holdings = hedges ? deltasOf(step) : flat;
      const targets = until < steps ? deltasOf(until) : undefined;
      const earlier = new Float64Array(rows).fill(1);
      const distance = Math.min(kernel.reach + Math.ceil(CUT_DEVIATIONS * Math.sqrt(step)), mostRows);
      for (let row = startRow - distance; row <= startRow + distance; row++) {
        earlier[row] = held(row, holdings[row]!, kernel, value, means[step]!, means[until]!, until, targets);
      }
      value = earlier;
      until = step;
    }
    const first = hedges ? deltasOf(0)[startRow]! : 0;
    const opening = first === 0 ? 0 : gasAt(0) + aversion * spots[startRow]! * variable(first);
    return Object.freeze({
      certaintyEquivalent: (Math.log(value[startRow]!) + opening) / aversion,
      tradesPerPath: hedges ? Math.floor((steps - 1) / every) + 1 : 0,
    });
  };

  function held(
    row: number,
    holding: number,
    { reach, weights }: Kernel,
    value: Float64Array,
    mean: Float64Array,
    later: Float64Array,
    until: number,
    targets: Float64Array | undefined,
  ): number {
    let sum = 0;
    for (let j = 0; j < weights.length; j++) {
      const i = Math.min(rows - 1, Math.max(0, row - reach + j));
      const exponent = aversion * (later[i]! - mean[row]! - holding * (spots[i]! - spots[row]!));
      sum += weights[j]! * Math.exp(exponent + costAt(until, i, holding, targets)) * value[i]!;
    }
    return sum;
  }
}

interface Kernel {
  readonly reach: number;
  readonly weights: Float64Array;
}

/** The kernel of several steps, cut off where a path would be settled. */
function kernelOf({ kernels }: Lattice, steps: number): Kernel {
  const one = kernels[0]!;
  let reach = one.reach;
  let weights = one.weights;
  for (let step = 1; step < steps; step++) {
    const wide = Math.min(one.reach * (step + 1), Math.ceil(CUT_DEVIATIONS * Math.sqrt(step + 1)));
    const sum = new Float64Array(2 * wide + 1);
    for (let i = 0; i < weights.length; i++) {
      for (let j = 0; j < one.weights.length; j++) {
        const at = i - reach + (j - one.reach) + wide;
        if (at >= 0 && at < sum.length) sum[at]! += weights[i]! * one.weights[j]!;
      }
    }
    [reach, weights] = [wide, sum];
  }
  return { reach, weights };
}

/** W at every step and row. */
function meansOf(lattice: Lattice): readonly Float64Array[] {
  const { owedAt, problem, rows } = lattice;
  const { reach } = lattice.kernels[0]!;
  const back = continuation(lattice, 0);
  const means: Float64Array[] = [];
  means[problem.steps] = owedAt(problem.steps)!.slice();
  for (let step = problem.steps - 1; step >= 0; step--) {
    means[step] = means[step + 1]!.slice();
    back.means(means[step + 1]!, means[step]!, reach, rows - 1 - reach);
  }
  return means;
}
