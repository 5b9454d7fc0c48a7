import type { Continuation } from './continuation.js';
import type { Lattice } from './lattice.js';
import type { PiecewiseCost } from '../policy/piecewise-cost.js';
import { unitCost } from './local-problem.js';
import type { NodeBand } from './node-band.js';
import type { RowSolver } from './row-solver.js';
import { columnBelow, slopeOf, stepOverFlat } from './sample-shape.js';

/**
 * ln E that stands for ruin: impact makes a trade from the far corner of the holdings cost more than numbers hold, and
 * were that infinite, so would be all that may come there with whatever probability.
 */
const RUIN = 300;

/** E of its logarithm, up to ruin. */
export function disutility(ln: number): number {
  return Math.exp(Math.min(RUIN, ln));
}

/**
 * One row of the recursion against a convex cost C: for every holding y, min over y′ of a(y′) + γd·C(|y′ − y|), a the
 * logarithm of holding on. As C is convex, the best y′ rises with y, whatever a is, and it need not be smooth: so halving
 * finds all of them in n·log n. Each end is then refined between columns by the parabola of a, with the cost as it is.
 *
 * Beside that stands the one holding that is stepped over: none at all, which saves the gas of unwinding.
 *
 * Source: Aggarwal, Klawe, Moran, Shor and Wilber, "Geometric applications of a matrix-searching algorithm" (1987), for
 * the order of the minima.
 */
export function convexRowSolver(lattice: Lattice, continuations: readonly Continuation[]): RowSolver {
  const { aversion, flat, holdings, problem, spots, states } = lattice;
  const columns = holdings.length;
  const top = columns - 1;
  const jumpsAtFlat = problem.settlement === 'unwind' && problem.fixedCost > 0;
  const lateness = ((aversion * problem.annualVolatility) ** 2 * (problem.latencyYears ?? 0)) / 2;
  const isMixed = states.length > 1;
  const costs = { buy: unitCost(problem, 'buy'), sell: unitCost(problem, 'sell') };
  const costTable = costsBetween(holdings, costs);
  /** Half-widths around a column, as the parabola through it and its neighbours wants them. */
  const lefts = Float64Array.from(holdings, (holding, m) => (m === 0 ? 1 : holding - holdings[m - 1]!));
  const rights = Float64Array.from(holdings, (holding, m) => (m === top ? 1 : holdings[m + 1]! - holding));
  const stay = new Float64Array(columns);
  const stayOf = states.map(() => (isMixed ? new Float64Array(columns) : stay));
  /** ln of holding on, less the wait for a fill; and the same without the jump at the flat column. */
  const held = new Float64Array(columns);
  const smooth = new Float64Array(columns);
  const wait = new Float64Array(columns);
  /** Of the best trade from a column: ln of what it leads to, gas aside, and the holding where it ends. */
  const traded = new Float64Array(columns);
  const target = new Float64Array(columns);
  const weight = new Float64Array(states.length);
  let next: readonly Float64Array[] = [];
  let now: readonly Float64Array[] = [];
  let meansNext: readonly Float64Array[] = [];
  let meansNow: readonly Float64Array[] = [];
  // Of the row solved last: γd·k, γd·X, and the first and last column that do not trade.
  let gas = 0;
  let price = 0;
  let low = -1;
  let high = -1;
  let flatGain = Number.POSITIVE_INFINITY;

  function solve(row: number, fixedFactor: number): void {
    gas = Math.log(fixedFactor);
    price = aversion * spots[row]!;
    hold(row);
    traded.fill(Number.POSITIVE_INFINITY);
    tradeUpwards();
    tradeDownwards();
    flatGain = Number.POSITIVE_INFINITY;
    if (jumpsAtFlat) {
      flatGain = (held[flat]! - gas - traded[flat]!) / aversion;
      tradeToFlat();
    }
    settle(row);
  }

  function hold(row: number): void {
    for (let s = 0; s < states.length; s++) {
      continuations[s]!.hold(next[s]!, meansNext[s]!, meansNow[s]![row]!, row, 0, top, stayOf[s]!);
    }
    if (isMixed) mix(row);
    const hedge = lateness > 0 ? hedgeAt(row) : 0;
    const risk = lateness * spots[row]! ** 2;
    for (let m = 0; m <= top; m++) {
      wait[m] = risk === 0 ? 0 : risk * (holdings[m]! - hedge) ** 2;
      held[m] = Math.log(stay[m]!) - wait[m]!;
      smooth[m] = held[m]!;
    }
    if (jumpsAtFlat) stepOverFlat(holdings, smooth, flat);
  }

  function mix(row: number): void {
    let mean = 0;
    for (let s = 0; s < states.length; s++) mean += states[s]!.probability * meansNow[s]![row]!;
    for (let s = 0; s < states.length; s++) {
      weight[s] = states[s]!.probability * Math.exp(aversion * (meansNow[s]![row]! - mean));
    }
    for (let m = 0; m <= top; m++) {
      let sum = 0;
      for (let s = 0; s < states.length; s++) sum += weight[s]! * stayOf[s]![m]!;
      stay[m] = sum;
    }
  }

  /** dW/dX. */
  function hedgeAt(row: number): number {
    let slope = 0;
    for (let s = 0; s < states.length; s++) {
      const means = meansNow[s]!;
      slope += (states[s]!.probability * (means[row + 1]! - means[row - 1]!)) / (spots[row + 1]! - spots[row - 1]!);
    }
    return slope;
  }

  /**
   * Buying never pays above the last column from which holding on becomes worth less upwards, nor beyond where that is at
   * its least: the rest is left out, but for a trade that is smaller than a column.
   */
  function tradeUpwards(): void {
    let least = top;
    let last = top;
    while (last >= 0 && !(smooth[last]! > smooth[least]!)) least = last--;
    if (last >= 0) halve(1, 0, last, 0, least);
    for (let m = last + 1; m <= top; m++) trade(1, m, m, smooth[m]!);
  }

  function tradeDownwards(): void {
    let least = 0;
    let first = 0;
    while (first <= top && !(smooth[first]! > smooth[least]!)) least = first++;
    if (first <= top) halve(-1, first, top, least, top);
    for (let m = 0; m < first; m++) trade(-1, m, m, smooth[m]!);
  }

  /**
   * The best trades in one direction of columns `from` … `to`, which end at columns `first` … `last`: of the middle one by
   * trying all, and then on either side of it, where they end on either side.
   */
  function halve(direction: 1 | -1, from: number, to: number, first: number, last: number): void {
    const m = (from + to) >> 1;
    const row = m * columns;
    const low = direction > 0 ? Math.max(first, m) : first;
    const high = direction > 0 ? last : Math.min(last, m);
    let best = Number.POSITIVE_INFINITY;
    let end = m;
    for (let j = low; j <= high; j++) {
      const value = smooth[j]! + price * costTable[row + j]!;
      if (value < best) {
        best = value;
        end = j;
      }
    }
    trade(direction, m, end, best);
    if (from < m) halve(direction, from, m - 1, first, end);
    if (m < to) halve(direction, m + 1, to, end, last);
  }

  /** Takes the trade to near a column, if it is the better one. */
  function trade(direction: 1 | -1, m: number, end: number, value: number): void {
    const { cost, marginal, slope } = direction > 0 ? costs.buy : costs.sell;
    const size = direction * (holdings[end]! - holdings[m]!);
    const shift = refined(end, direction, price * marginal(size), price * slope(size), size);
    if (shift === 0 && !(value < traded[m]!)) return;
    const at = holdings[end]! + shift;
    const best = shift === 0 ? value : along(smooth, end, shift) + price * cost(direction * (at - holdings[m]!));
    if (!(best < traded[m]!)) return;
    traded[m] = best;
    target[m] = at;
  }

  /** How far from a column the least of a + cost lies, within its neighbours and never on the far side of the start. */
  function refined(m: number, direction: 1 | -1, marginal: number, rise: number, size: number): number {
    if (m === 0 || m === top) return 0;
    const slope = slopeAt(smooth, m) + direction * marginal;
    // No trade where the very first unit does not pay.
    if (size === 0 && !(direction * slope < 0)) return 0;
    const curve = 2 * curveAt(smooth, m) + rise;
    if (!(curve > 0 && Number.isFinite(curve))) return 0;
    const shift = Math.max(-lefts[m]!, Math.min(rights[m]!, -slope / curve));
    return direction > 0 ? Math.max(-size, shift) : Math.min(size, shift);
  }

  function slopeAt(values: Float64Array, m: number): number {
    const left = lefts[m]!;
    const right = rights[m]!;
    const before = (values[m]! - values[m - 1]!) / left;
    const after = (values[m + 1]! - values[m]!) / right;
    return (before * right + after * left) / (left + right);
  }

  /** Half of the second derivative. */
  function curveAt(values: Float64Array, m: number): number {
    const left = lefts[m]!;
    const right = rights[m]!;
    return ((values[m + 1]! - values[m]!) / right - (values[m]! - values[m - 1]!) / left) / (left + right);
  }

  /** On the parabola through a column and its neighbours. */
  function along(values: Float64Array, m: number, shift: number): number {
    return values[m]! + shift * (slopeAt(values, m) + shift * curveAt(values, m));
  }

  function tradeToFlat(): void {
    for (let m = 0; m <= top; m++) {
      if (m === flat) continue;
      const size = Math.abs(holdings[m]!);
      const value = held[flat]! + price * (holdings[m]! < 0 ? costs.buy : costs.sell).cost(size);
      if (!(value < traded[m]!)) continue;
      traded[m] = value;
      target[m] = 0;
    }
  }

  /** The row's values: the lesser of holding on and trading. */
  function settle(row: number): void {
    const base = row * columns;
    low = -1;
    high = -1;
    for (let m = 0; m <= top; m++) {
      const stays = !(traded[m]! + gas < held[m]!);
      for (let s = 0; s < states.length; s++) {
        now[s]![base + m] = stays ? stayOf[s]![m]! : disutility(isMixed ? lnOf(s, m) : traded[m]! + gas + wait[m]!);
      }
      if (!stays || (jumpsAtFlat && m === flat)) continue;
      if (low < 0) low = m;
      high = m;
    }
  }

  /** One state's value of the trade that was decided on the mean of all. */
  function lnOf(s: number, m: number): number {
    const values = stayOf[s]!;
    const end = nearest(target[m]!);
    const shift = target[m]! - holdings[end]!;
    const around = shift === 0 ? 0 : Math.log(values[end - 1]! / values[end]!);
    let ln = Math.log(values[end]!) - wait[end]!;
    if (shift !== 0 && Number.isFinite(around)) {
      const left = holdings[end]! - holdings[end - 1]!;
      const right = holdings[end + 1]! - holdings[end]!;
      const before = (wait[end - 1]! - wait[end]! - around) / left;
      const after = (Math.log(values[end + 1]! / values[end]!) - wait[end + 1]! + wait[end]!) / right;
      ln += shift * ((before * right + after * left) / (left + right) + (shift * (after - before)) / (left + right));
    }
    const size = target[m]! - holdings[m]!;
    const cost = size > 0 ? costs.buy.cost(size) : costs.sell.cost(-size);
    return ln + price * cost + gas + wait[m]!;
  }

  /** The column nearest to a holding; an end of the holdings only for that holding itself. */
  function nearest(holding: number): number {
    const below = columnBelow(holdings, holding);
    const above = below + 1;
    const close = holding - holdings[below]! <= holdings[above]! - holding ? below : above;
    if (holding === holdings[close]!) return close;
    return Math.max(1, Math.min(top - 1, close));
  }

  function readBand(band: NodeBand): void {
    const middle = holdings[least(smooth)]!;
    const below = low < 0 ? -1 : lastTrade(low, -1);
    const above = low < 0 ? -1 : lastTrade(high, 1);
    const buyShare = below < 0 ? 0 : share(below, below + 1);
    const sellShare = above < 0 ? 0 : share(above, above - 1);
    const buyTo = below < 0 || isToFlat(below) ? Number.NaN : mixed(target, below + 1, below, buyShare);
    const sellTo = above < 0 || isToFlat(above) ? Number.NaN : mixed(target, above - 1, above, sellShare);
    const buyInner = Number.isNaN(buyTo) ? (Number.isNaN(sellTo) ? middle : sellTo) : buyTo;
    const sellInner = Number.isNaN(sellTo) ? buyInner : sellTo;
    band.buyInner = Math.min(buyInner, sellInner);
    band.sellInner = Math.max(buyInner, sellInner);
    band.buyOuter =
      low < 0 ? middle : below < 0 ? Number.NEGATIVE_INFINITY : mixed(holdings, below + 1, below, buyShare);
    band.sellOuter =
      low < 0 ? middle : above < 0 ? Number.POSITIVE_INFINITY : mixed(holdings, above - 1, above, sellShare);
    band.buyOuter = Math.min(band.buyInner, band.buyOuter);
    band.sellOuter = Math.max(band.sellInner, band.sellOuter);
    band.flatGain = flatGain;
    // Where trades land depends on where they come from: whoever reads weighs no holding against the rest.
    band.toFlat = 0;
  }

  /**
   * The column next to those that hold on, if it trades inwards; −1 where there is none. Next to no holding there may be a
   * sliver that goes the other way, to none at all.
   */
  function lastTrade(stays: number, outwards: 1 | -1): number {
    const m = stays + outwards;
    if (m < 0 || m > top) return -1;
    return outwards * (target[m]! - holdings[m]!) < 0 ? m : -1;
  }

  function isToFlat(m: number): boolean {
    return jumpsAtFlat && target[m] === 0;
  }

  function least(values: Float64Array): number {
    let best = 0;
    for (let m = 1; m <= top; m++) if (values[m]! < values[best]!) best = m;
    return best;
  }

  function mixed(values: Float64Array, near: number, far: number, share: number): number {
    return share === 0 ? values[near]! : values[near]! + share * (values[far]! - values[near]!);
  }

  /** From a column that stays to its neighbour that trades: where trading begins to pay. */
  function share(trades: number, stays: number): number {
    if (gas === 0) return shareOfSlopes(trades, stays);
    const gain = held[trades]! - traded[trades]! - gas;
    const loss = traded[stays]! + gas - held[stays]!;
    if (!(gain >= 0 && loss >= 0 && gain + loss > 0)) return 0;
    return loss === Number.POSITIVE_INFINITY || gain === Number.POSITIVE_INFINITY ? 0 : loss / (gain + loss);
  }

  /** Without a fixed cost trading begins where the slope meets the cost of the first unit. */
  function shareOfSlopes(trades: number, stays: number): number {
    const direction = trades < stays ? 1 : -1;
    const first = price * (direction > 0 ? costs.buy : costs.sell).marginal(0);
    const excess = (m: number): number => -direction * slopeOf(holdings, smooth, m) - first;
    const over = excess(trades);
    const under = -excess(stays);
    return over >= 0 && under >= 0 && over + under > 0 ? under / (over + under) : 0;
  }

  return {
    load(valuesNext, valuesNow, laterMeans, currentMeans) {
      next = valuesNext;
      now = valuesNow;
      meansNext = laterMeans;
      meansNow = currentMeans;
    },
    solve,
    readBand,
    readHeld(_row, out) {
      out.set(smooth);
      return Math.max(0, smooth[flat]! - held[flat]!) / aversion;
    },
    fill() {
      // Every column is solved.
    },
  };
}

/** What a trade from one column to another costs at a spot of 1, at [from·columns + to]. */
function costsBetween(holdings: Float64Array, costs: Readonly<Record<'buy' | 'sell', PiecewiseCost>>): Float64Array {
  const columns = holdings.length;
  const table = new Float64Array(columns * columns);
  for (let m = 0; m < columns; m++) {
    for (let j = 0; j < columns; j++) {
      const size = holdings[j]! - holdings[m]!;
      table[m * columns + j] = size > 0 ? costs.buy.cost(size) : costs.sell.cost(-size);
    }
  }
  return table;
}
