import { continuation } from './continuation.js';
import { disutility } from './convex-row-solver.js';
import type { RuleValue } from './evaluate-rule.js';
import type { Lattice } from './lattice.js';
import { unitCost } from './local-problem.js';
import { endValues } from './optimum.js';
import { columnBelow, cubicBetween, stepOverFlat, straightenRuin } from './sample-shape.js';
import { targetOf, type TargetRule, targetRules } from './target-rule.js';

/** Standard deviations of the time that has passed, beyond which a path is taken as having ended. */
const CONE_DEVIATIONS = 7;

/**
 * The certainty equivalent of any rule by the recursion of the optimum without its minimum, on all holdings of the very
 * lattice: for what {@link evaluateRule} does not know, convex costs, an uncertain volatility and a wait for the fill. A
 * rule is asked for every holding; where a trade ends between columns, what follows is read by a cubic.
 *
 * A rule that lands on its trigger is blurred by the columns, more than by `evaluateRule`.
 */
export function evaluateOnColumns(lattice: Lattice, rule: TargetRule): RuleValue {
  const { aversion, states } = lattice;
  const rules = targetRules(lattice, rule);
  const values = states.map((_, s) => valueOf(lattice, s, rules));
  const premium = values.reduce((sum, { mean }, s) => sum + states[s]!.probability * mean, 0);
  const mixed = values.reduce((sum, { mean, value }, s) => {
    return sum + states[s]!.probability * Math.exp(aversion * (mean - premium)) * value;
  }, 0);
  const certaintyEquivalent = Math.log(mixed) / aversion;
  return Object.freeze({
    certaintyEquivalent: Number.isFinite(certaintyEquivalent) ? certaintyEquivalent : Number.POSITIVE_INFINITY,
    tradesPerPath: values.reduce((sum, { trades }, s) => sum + states[s]!.probability * trades, 0),
  });
}

interface StateValue {
  readonly value: number;
  readonly trades: number;
  /** Frictionless premium in this state. */
  readonly mean: number;
}

function valueOf(lattice: Lattice, state: number, rule: TargetRule): StateValue {
  const {
    aversion,
    flat,
    holdings,
    kernels,
    owedAt,
    problem,
    reach: mostRows,
    rows,
    spots,
    startRow,
    stepYears,
  } = lattice;
  const { reach, weights } = kernels[state]!;
  const columns = holdings.length;
  const top = columns - 1;
  const costs = { buy: unitCost(problem, 'buy'), sell: unitCost(problem, 'sell') };
  const jumpsAtFlat = problem.settlement === 'unwind' && problem.fixedCost > 0;
  const lateness = ((aversion * problem.annualVolatility) ** 2 * (problem.latencyYears ?? 0)) / 2;
  const later = continuation(lattice, state);
  let next: Float64Array = endValues(lattice);
  let now: Float64Array = next.slice();
  let meansNext = new Float64Array(rows);
  let means = new Float64Array(rows);
  let tradesNext = new Float64Array(rows * columns);
  let trades = new Float64Array(rows * columns);
  const stay = new Float64Array(columns);
  const stayTrades = new Float64Array(columns);
  const held = new Float64Array(columns);

  for (let step = problem.steps - 1; step >= 0; step--) {
    const reachable = Math.min(reach * step, mostRows, Math.ceil(CONE_DEVIATIONS * Math.sqrt(step)) + reach);
    const gas = aversion * problem.fixedCost * Math.exp(-problem.annualRate * step * stepYears);
    const owed = owedAt(step + 1);
    if (owed !== undefined) for (let row = 0; row < rows; row++) meansNext[row]! += owed[row]!;
    means.set(meansNext);
    later.means(meansNext, means, reach, rows - 1 - reach);
    for (let row = startRow - reachable; row <= startRow + reachable; row++) {
      later.hold(next, meansNext, means[row]!, row, 0, top, stay);
      holdTrades(row);
      for (let m = 0; m <= top; m++) held[m] = Math.log(stay[m]!);
      if (jumpsAtFlat) stepOverFlat(holdings, held, flat);
      straightenRuin(holdings, held);
      act(step, row, gas);
    }
    [now, next] = [next, now];
    [means, meansNext] = [meansNext, means];
    [trades, tradesNext] = [tradesNext, trades];
  }
  const start = startRow * columns + flat;
  return { value: next[start]!, trades: tradesNext[start]!, mean: meansNext[startRow]! };

  function act(step: number, row: number, gas: number): void {
    const base = row * columns;
    const price = aversion * spots[row]!;
    const hedge = lateness > 0 ? (means[row + 1]! - means[row - 1]!) / (spots[row + 1]! - spots[row - 1]!) : 0;
    const risk = lateness * spots[row]! ** 2;
    for (let m = 0; m <= top; m++) {
      const holding = holdings[m]!;
      const target = targetOf(rule(step, row, Math.sign(holding) as -1 | 0 | 1), holding);
      if (target === holding) {
        now[base + m] = stay[m]!;
        trades[base + m] = stayTrades[m]!;
        continue;
      }
      const end = Math.min(holdings[top]!, Math.max(holdings[0]!, target));
      const size = end - holding;
      const cost = price * (size > 0 ? costs.buy.cost(size) : costs.sell.cost(-size));
      const wait = risk === 0 ? 0 : risk * ((holding - hedge) ** 2 - (end - hedge) ** 2);
      const ln = end === 0 ? Math.log(stay[flat]!) : cubicBetween(holdings, held, end);
      now[base + m] = disutility(ln + gas + cost + wait);
      const below = columnBelow(holdings, end);
      const share = (end - holdings[below]!) / (holdings[below + 1]! - holdings[below]!);
      trades[base + m] = 1 + stayTrades[below]! + share * (stayTrades[below + 1]! - stayTrades[below]!);
    }
  }

  function holdTrades(row: number): void {
    stayTrades.fill(0);
    for (let j = 0; j < weights.length; j++) {
      const from = (row - reach + j) * columns;
      const weight = weights[j]!;
      for (let m = 0; m <= top; m++) stayTrades[m]! += weight * tradesNext[from + m]!;
    }
  }
}
