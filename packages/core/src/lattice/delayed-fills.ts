import { PolicyInputInvalidError } from '../policy/errors.js';
import { continuation } from './continuation.js';
import type { RuleValue } from './evaluate-rule.js';
import type { Kernel } from './kernel.js';
import type { Lattice } from './lattice.js';
import { endValues } from './optimum.js';
import { columnBelow, stepOverFlat } from './sample-shape.js';
import { targetOf, type TargetRule, targetRules } from './target-rule.js';

/** Standard deviations at which the moves during a delay, and the rows of a step, are cut off. */
const DEVIATIONS = 7.5;
/** Of one look: how far from a whole number of them a delay may be. */
const WHOLE = 1e-6;
const MOST_LOOKS = 64;

/** Values when every trade is filled a delay after it was decided. */
export interface DelayedFills {
  /** Looks from a decision to its fill. */
  readonly looks: number;
  /** The certainty equivalent of the best that can be done, numeraire. */
  optimum(): number;
  /** That of a rule, which is asked whenever no trade of its own is under way. */
  ofRule(rule: TargetRule): RuleValue;
}

/**
 * Exact values of a problem whose fills come `latencyYears` after their decision, a whole number of looks: what is traded
 * is fixed at the decision, and paid at the price of the fill. One trade is under way at a time, as the rebalancer has one
 * programme at a time, and none is begun that would come at the end or later. With y held until the fill at n + D and y′
 * from then on, and p of D steps,
 *
 *   E(n, X, y) = min { Σ p₁ e^{γd(…)} E(n+1, X′, y), min over y′ of Σ p_D e^{γd(W′ − W − y(X′ − X) + k + λX′|y′ − y|)} E(n+D, X′, y′) }.
 *
 * The terms of the single steps telescope, as the holding stays. Without the inner minimum it is the value of a rule.
 *
 * @throws {PolicyInputInvalidError} for a delay that is no whole number of looks, and for what is left out: impact, an
 * uncertain volatility, payments before the end
 */
export function delayedFills(lattice: Lattice): DelayedFills {
  const { aversion, flat, holdings, problem, rows, spots, startRow, stepYears } = lattice;
  const looks = wholeLooks(lattice);
  const columns = holdings.length;
  const top = columns - 1;
  const { steps } = problem;
  const jumpsAtFlat = problem.settlement === 'unwind' && problem.fixedCost > 0;
  const step1 = continuation(lattice, 0);
  const wait = severalSteps(lattice.kernels[0]!, looks);
  const width = wait.weights.length;
  /** e^{γd·λX·y} at [row·columns + column]. */
  const tolls = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const price = aversion * problem.proportionalCost * spots[row]!;
    for (let m = 0; m < columns; m++) tolls[row * columns + m] = Math.exp(price * holdings[m]!);
  }
  const stay = new Float64Array(columns);
  const stayTrades = new Float64Array(columns);
  const around = new Float64Array(columns);
  /** What holding on until the fill counts for, with the toll of leaving the column, at [column·width + move]. */
  const waitedToBuy = new Float64Array(columns * width);
  const waitedToSell = new Float64Array(columns * width);
  /** What follows where a trade lands, by move. */
  const landed = new Float64Array(width);
  /** Values at the fill with the toll of getting there by buying and by selling; smooth across no holding. */
  const bought = new Float64Array(rows * columns);
  const sold = new Float64Array(rows * columns);
  let later: Float64Array = bought;

  return Object.freeze({
    looks,
    optimum: () => recurse(undefined).certaintyEquivalent,
    ofRule: (rule: TargetRule) => recurse(targetRules(lattice, rule)),
  });

  function recurse(rule: TargetRule | undefined): RuleValue {
    const ended = endValues(lattice);
    const layers = Array.from({ length: looks + 1 }, () => ended.slice());
    const means = Array.from({ length: looks + 1 }, () => new Float64Array(rows));
    const trades = Array.from({ length: looks + 1 }, () => new Float64Array(rule === undefined ? 0 : rows * columns));
    const at = <T>(ring: readonly T[], step: number): T => ring[step % (looks + 1)]!;
    const owed = lattice.owedAt(steps);
    if (owed !== undefined) at(means, steps).set(owed);
    for (let step = steps - 1; step >= 0; step--) {
      const now = at(layers, step);
      const meansNow = at(means, step);
      meansNow.set(at(means, step + 1));
      step1.means(at(means, step + 1), meansNow, lattice.kernels[0]!.reach, rows - 1 - lattice.kernels[0]!.reach);
      const fill = step + looks;
      const canTrade = fill < steps;
      if (canTrade) loadFills(at(layers, fill));
      // All rows that a fill may come in are on the lattice.
      const distance = Math.min(
        lattice.reach,
        startRow - wait.reach,
        Math.ceil(DEVIATIONS * Math.sqrt(step)) + wait.reach,
      );
      for (let row = startRow - distance; row <= startRow + distance; row++) {
        step1.hold(at(layers, step + 1), at(means, step + 1), meansNow[row]!, row, 0, top, stay);
        now.set(stay, row * columns);
        if (rule !== undefined) holdTrades(at(trades, step + 1), row, at(trades, step));
        if (!canTrade) continue;
        const gas = Math.exp(aversion * problem.fixedCost * Math.exp(-problem.annualRate * fill * stepYears));
        loadWaits(row, meansNow[row]!, at(means, fill));
        if (rule === undefined) best(row, gas, now);
        else follow(rule, step, row, gas, now, at(trades, step), at(trades, fill));
      }
    }
    const ln = Math.log(at(layers, 0)[startRow * columns + flat]!) / aversion;
    const count = rule === undefined ? Number.NaN : at(trades, 0)[startRow * columns + flat]!;
    return Object.freeze({
      certaintyEquivalent: Number.isFinite(ln) ? ln : Number.POSITIVE_INFINITY,
      tradesPerPath: count,
    });
  }

  /** Of all rows, once a step. */
  function loadFills(values: Float64Array): void {
    later = values;
    for (let row = 0; row < rows; row++) {
      const base = row * columns;
      around.set(values.subarray(base, base + columns));
      if (jumpsAtFlat && columns > 2) {
        for (let m = Math.max(0, flat - 2); m <= Math.min(top, flat + 2); m++) around[m] = Math.log(around[m]!);
        stepOverFlat(holdings, around, flat);
        for (let m = Math.max(0, flat - 2); m <= Math.min(top, flat + 2); m++) around[m] = Math.exp(around[m]!);
      }
      for (let m = 0; m < columns; m++) {
        bought[base + m] = around[m]! * tolls[base + m]!;
        sold[base + m] = around[m]! / tolls[base + m]!;
      }
    }
  }

  /** Over holdings of equal spacing what a move counts for is a geometric progression. */
  function loadWaits(row: number, mean: number, meansLater: Float64Array): void {
    const here = spots[row]!;
    for (let j = 0; j < width; j++) {
      const i = row - wait.reach + j;
      const move = spots[i]! - here;
      let factor = wait.weights[j]! * Math.exp(aversion * (meansLater[i]! - mean - holdings[0]! * move));
      let gap = Number.NaN;
      let ratio = 1;
      for (let m = 0; m < columns; m++) {
        const toll = tolls[i * columns + m]!;
        waitedToBuy[m * width + j] = factor / toll;
        waitedToSell[m * width + j] = factor * toll;
        if (m === top) break;
        const next = holdings[m + 1]! - holdings[m]!;
        if (!(Math.abs(next - gap) <= 1e-12)) {
          gap = next;
          ratio = Math.exp(-aversion * gap * move);
        }
        factor *= ratio;
      }
    }
  }

  /** E of trading from a column to another, gas aside. */
  function traded(row: number, from: number, to: number): number {
    const isBuy = to > from;
    const waited = isBuy ? waitedToBuy : waitedToSell;
    const values = isBuy ? bought : sold;
    let sum = 0;
    for (let j = from * width, i = (row - wait.reach) * columns + to; j < (from + 1) * width; j++, i += columns) {
      sum += waited[j]! * values[i]!;
    }
    return sum;
  }

  /** The same to no holding at all, which saves the gas of unwinding. */
  function tradedToFlat(row: number, from: number): number {
    const waited = flat > from ? waitedToBuy : waitedToSell;
    let sum = 0;
    for (let j = from * width, i = (row - wait.reach) * columns + flat; j < (from + 1) * width; j++, i += columns) {
      sum += waited[j]! * later[i]!;
    }
    return sum;
  }

  function best(row: number, gas: number, now: Float64Array): void {
    let end = 0;
    for (let m = 0; m <= top; m++) {
      let least = traded(row, m, end);
      for (const direction of [1, -1] as const) {
        for (let j = end + direction; j >= 0 && j <= top; j += direction) {
          const value = traded(row, m, j);
          if (!(value < least)) break;
          least = value;
          end = j;
        }
      }
      least = refined(row, m, end, least);
      if (jumpsAtFlat && m !== flat) least = Math.min(least, tradedToFlat(row, m));
      const at = row * columns + m;
      now[at] = Math.min(now[at]!, gas * least);
    }
  }

  /** The least of the parabola through ln of a value and its neighbours on the same side of the start. */
  function refined(row: number, from: number, end: number, least: number): number {
    if (end === 0 || end === top || Math.abs(end - from) < 2) return least;
    const below = Math.log(traded(row, from, end - 1) / least);
    const above = Math.log(traded(row, from, end + 1) / least);
    const left = holdings[end]! - holdings[end - 1]!;
    const right = holdings[end + 1]! - holdings[end]!;
    const scale = left * right * (left + right);
    const slope = (above * left * left - below * right * right) / scale;
    const curve = (below * right + above * left) / scale;
    return curve > 0 && Number.isFinite(curve) ? least * Math.exp((-slope * slope) / (4 * curve)) : least;
  }

  function follow(
    rule: TargetRule,
    step: number,
    row: number,
    gas: number,
    now: Float64Array,
    count: Float64Array,
    countLater: Float64Array,
  ): void {
    let known = Number.NaN;
    let wasBuy = false;
    let trades = 0;
    for (let m = 0; m <= top; m++) {
      const holding = holdings[m]!;
      const target = targetOf(rule(step, row, Math.sign(holding) as -1 | 0 | 1), holding);
      if (target === holding) continue;
      const end = Math.min(holdings[top]!, Math.max(holdings[0]!, target));
      const isBuy = end > holding;
      if (end !== known || isBuy !== wasBuy) {
        trades = 1 + land(row, end, isBuy, countLater);
        known = end;
        wasBuy = isBuy;
      }
      const waited = isBuy ? waitedToBuy : waitedToSell;
      let sum = 0;
      for (let j = 0, at = m * width; j < width; j++, at++) sum += waited[at]! * landed[j]!;
      now[row * columns + m] = gas * (end === 0 && jumpsAtFlat ? tradedToFlat(row, m) : sum);
      count[row * columns + m] = trades;
    }
  }

  /** Reads what follows a landing between columns: values by a cubic through four (Lagrange), and the trades to come. */
  function land(row: number, end: number, isBuy: boolean, countLater: Float64Array): number {
    const values = isBuy ? bought : sold;
    const below = columnBelow(holdings, end);
    const four = Math.min(Math.max(0, below - 1), Math.max(0, top - 3));
    const last = Math.min(top, four + 3);
    landed.fill(0);
    for (let a = four; a <= last; a++) {
      let weight = 1;
      for (let b = four; b <= last; b++) if (b !== a) weight *= (end - holdings[b]!) / (holdings[a]! - holdings[b]!);
      for (let j = 0, i = (row - wait.reach) * columns + a; j < width; j++, i += columns) {
        landed[j]! += weight * values[i]!;
      }
    }
    const share = (end - holdings[below]!) / (holdings[below + 1]! - holdings[below]!);
    let trades = 0;
    for (let j = 0, i = (row - wait.reach) * columns + below; j < width; j++, i += columns) {
      trades += wait.weights[j]! * ((1 - share) * countLater[i]! + share * countLater[i + 1]!);
    }
    return trades;
  }

  function holdTrades(next: Float64Array, row: number, now: Float64Array): void {
    const { reach, weights } = lattice.kernels[0]!;
    stayTrades.fill(0);
    for (let j = 0; j < weights.length; j++) {
      const from = (row - reach + j) * columns;
      for (let m = 0; m <= top; m++) stayTrades[m]! += weights[j]! * next[from + m]!;
    }
    now.set(stayTrades, row * columns);
  }
}

/** A kernel applied several times over, cut off at 7.5 standard deviations of the whole. */
function severalSteps({ reach, weights }: Kernel, times: number): Kernel {
  let sum = Float64Array.of(1);
  for (let i = 0; i < times; i++) {
    const wider = new Float64Array(sum.length + 2 * reach);
    for (let a = 0; a < sum.length; a++) {
      for (let b = 0; b < weights.length; b++) wider[a + b]! += sum[a]! * weights[b]!;
    }
    sum = wider;
  }
  const whole = (sum.length - 1) / 2;
  const kept = Math.min(whole, Math.max(reach, Math.ceil(DEVIATIONS * Math.sqrt(times))));
  return { reach: kept, weights: sum.slice(whole - kept, whole + kept + 1) };
}

function wholeLooks({ liability, problem, states, stepYears }: Lattice): number {
  const { impact, latencyYears = 0 } = problem;
  const looks = Math.round(latencyYears / stepYears);
  const refuse = (field: string, value: unknown, wrong: string, hint: string): never => {
    throw new PolicyInputInvalidError(field, value, wrong, hint);
  };
  if (!(looks >= 1) || looks > MOST_LOOKS || Math.abs(latencyYears / stepYears - looks) > WHOLE) {
    refuse('latencyYears', latencyYears, `is not 1 to ${MOST_LOOKS} whole looks`, 'Choose the steps so that it is.');
  }
  if (impact !== undefined) refuse('impact', 'given', 'is not known to delayed fills', 'Leave one of the two out.');
  if (states.length > 1) {
    refuse('logVarianceStdDev', problem.logVarianceStdDev, 'is not known to delayed fills', 'Leave it out.');
  }
  if (liability.payments.length > 1) {
    refuse(
      'book',
      liability.payments.length,
      'pays before its end, which delayed fills do not know',
      'Use one expiry.',
    );
  }
  return looks;
}
