import { convolveRow } from './convolve.js';
import { aliveRows, type Lattice } from './lattice.js';
import type { LatticeRule } from './lattice-rule.js';
import { rowReader } from './row-reader.js';

export interface RuleValue {
  /** As of the optimum: numeraire at the start, beyond the frictionless premium. Infinite for a rule that ruins. */
  readonly certaintyEquivalent: number;
  /** Expected number of trades until the end, its unwinding left out. */
  readonly tradesPerPath: number;
}

/**
 * The certainty equivalent of any rule by the recursion of the optimum without its minimum, on the same lattice and with
 * the same kernel, so that rules and optimum compare without noise. Where the rule trades to a holding between columns,
 * γQc is interpolated ({@link rowReader}), and the number of trades, which comes along, linearly. A target beyond the
 * holdings of the lattice is taken as the nearest of them.
 *
 * A rule's trigger is a jump of its value, known to a column. For a rule that lands well inside its band this is nothing;
 * for one that trades to its very trigger it blurs which trades are made at once, and many are missed where every one
 * costs gas. Such a rule's exact value is that of {@link simulateRule}, whose holdings are continuous.
 *
 * @example
 * ```ts
 * const lattice = layLattice(problem)
 * evaluateRule(lattice, latticeRule(lattice, (step, spot, holding) => holding)).certaintyEquivalent // never hedged
 * ```
 */
export function evaluateRule(lattice: Lattice, rule: LatticeRule): RuleValue {
  const { aversion, flat, holdings, offsets, problem, sellFactor, spots, startRow, stepYears, terminal } = lattice;
  const columns = holdings.length;
  const least = holdings[0]!;
  const most = holdings[columns - 1]!;
  const reader = rowReader(lattice);
  const targets = new Float64Array(columns);
  let next = terminal.slice();
  let now = terminal.slice();
  let nextTrades = new Float64Array(next.length);
  let nowTrades = new Float64Array(next.length);
  for (let step = problem.steps - 1; step >= 0; step--) {
    const fixed = problem.fixedCost * Math.exp(-problem.annualRate * step * stepYears);
    const { first, last } = aliveRows(lattice, step);
    for (let row = first; row <= last; row++) {
      const base = row * columns;
      reader.begin(row);
      for (let m = 0; m < columns; m++) {
        const target = Math.min(Math.max(rule(step, row, holdings[m]!), least), most);
        targets[m] = target;
        if (target === holdings[m]) reader.needColumn(m);
        else if (m === 0 || target !== targets[m - 1]) reader.needHolding(target);
      }
      convolveRow(lattice, next, now, row, reader.from(), reader.to());
      convolveRow(lattice, nextTrades, nowTrades, row, reader.from(), reader.to());
      reader.load(now, nowTrades);
      for (let m = 0; m < columns; m++) {
        const target = targets[m]!;
        const holding = holdings[m]!;
        if (target === holding) continue;
        if (m > 0 && target === targets[m - 1] && target < holdings[m - 1]!) {
          now[base + m] = now[base + m - 1]! * sellFactor[base + m - 1]!;
          nowTrades[base + m] = nowTrades[base + m - 1]!;
          continue;
        }
        reader.read(target);
        const cost = fixed + problem.proportionalCost * spots[row]! * Math.abs(target - holding);
        now[base + m] = Math.exp(reader.exponent() + aversion * (cost - holding * spots[row]! - offsets[m]!));
        nowTrades[base + m] = 1 + reader.trades();
      }
    }
    [next, now] = [now, next];
    [nextTrades, nowTrades] = [nowTrades, nextTrades];
  }
  const start = startRow * columns + flat;
  return Object.freeze({
    certaintyEquivalent: Math.log(next[start]!) / aversion + offsets[flat]! - lattice.premium,
    tradesPerPath: nextTrades[start]!,
  });
}
