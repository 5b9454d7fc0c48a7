import type { Continuation } from './continuation.js';
import type { Lattice } from './lattice.js';
import type { PiecewiseCost } from '../policy/piecewise-cost.js';
import { unitCost } from './local-problem.js';
import { exponential, logarithm } from './near-one.js';
import type { NodeBand } from './node-band.js';
import type { RowSolver } from './row-solver.js';
import { columnBelow, slopeOf, stepOverFlat } from './sample-shape.js';

/**
 * ln E that stands for ruin: impact makes a trade from the far corner of the holdings cost more than numbers hold, and
 * were that infinite, so would be all that may come there with whatever probability.
 */
const RUIN = 300;

/** Of the gas: a gain below it leaves room for what a trade may gain between columns. */
const SURELY_TOO_LITTLE = 0.7;

/** E of its logarithm, up to ruin. */
export function disutility(ln: number): number {
  return exponential(ln < RUIN ? ln : RUIN);
}

/**
 * One row of the recursion against a convex cost C: for every holding y, min over y′ of a(y′) + γd·C(|y′ − y|), a the
 * logarithm of holding on. As C is convex, the best y′ rises with y; over a run of columns where a + C is convex it is
 * found by walking on from that of the column before, so that all of them take one pass a run. Each end is then refined
 * between columns by the parabola of a, with the cost as it is.
 *
 * Beside that stands the one holding that is stepped over: none at all, which saves the gas of unwinding.
 */
export function convexRowSolver(lattice: Lattice, continuations: readonly Continuation[]): RowSolver {
  const { aversion, flat, holdings, problem, spots, states } = lattice;
  const columns = holdings.length;
  const top = columns - 1;
  const jumpsAtFlat = problem.settlement === 'unwind' && problem.fixedCost > 0;
  const lateness = ((aversion * problem.annualVolatility) ** 2 * (problem.latencyYears ?? 0)) / 2;
  const isMixed = states.length > 1;
  const costs = { buy: unitCost(problem, 'buy'), sell: unitCost(problem, 'sell') };
  const { costTable, hasKink, marginals, rises } = costsBetween(holdings, costs);
  /** Half-widths around a column, as the parabola through it and its neighbours wants them. */
  const lefts = Float64Array.from(holdings, (holding, m) => (m === 0 ? 1 : holding - holdings[m - 1]!));
  const rights = Float64Array.from(holdings, (holding, m) => (m === top ? 1 : holdings[m + 1]! - holding));
  const perLeft = lefts.map((width) => 1 / width);
  const perRight = rights.map((width) => 1 / width);
  const perBoth = lefts.map((width, m) => 1 / (width + rights[m]!));
  /** Of `smooth`, along the parabola through a column and its neighbours: slope, and half of its rise. */
  const slopes = new Float64Array(columns).fill(Number.NaN);
  const curves = new Float64Array(columns).fill(Number.NaN);
  const stay = new Float64Array(columns);
  const stayOf = states.map(() => (isMixed ? new Float64Array(columns) : stay));
  /** ln of holding on, less the wait for a fill; and the same without the jump at the flat column. */
  const held = new Float64Array(columns);
  const smooth = new Float64Array(columns);
  const wait = new Float64Array(columns);
  /** Of the best trade from a column: ln of what it leads to, gas aside, and the holding where it ends. */
  const traded = new Float64Array(columns);
  const target = new Float64Array(columns);
  /** Whether a trade from a column is looked for, what the best one by columns leads to, and where. */
  const mayTrade = new Uint8Array(columns);
  const best = new Float64Array(columns);
  const end = new Int32Array(columns);
  const bound = new Float64Array(columns);
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
    weighColumns();
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
      held[m] = logarithm(stay[m]!) - wait[m]!;
      smooth[m] = held[m]!;
    }
    if (jumpsAtFlat) stepOverFlat(holdings, smooth, flat);
    for (let m = 1; m < top; m++) {
      const before = (smooth[m]! - smooth[m - 1]!) * perLeft[m]!;
      const after = (smooth[m + 1]! - smooth[m]!) * perRight[m]!;
      slopes[m] = (before * rights[m]! + after * lefts[m]!) * perBoth[m]!;
      curves[m] = (after - before) * perBoth[m]!;
    }
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
    if (last >= 0) searchUpwards(last, least);
    for (let m = last + 1; m <= top; m++) if (mayTrade[m] === 1) trade(1, m, m, smooth[m]!);
  }

  function tradeDownwards(): void {
    let least = 0;
    let first = 0;
    while (first <= top && !(smooth[first]! > smooth[least]!)) least = first++;
    if (first <= top) searchDownwards(first, least);
    for (let m = 0; m < first; m++) if (mayTrade[m] === 1) trade(-1, m, m, smooth[m]!);
  }

  /** The best ends of buys from columns 0 … `last`, none beyond `least`: run by run of columns, see {@link runs}. */
  function searchUpwards(last: number, least: number): void {
    best.fill(Number.POSITIVE_INFINITY, 0, last + 1);
    runs(0, least, costs.buy.leastSlope, (a, b) => {
      for (let m = 0, j = a; m <= last && m <= b; m++) {
        if (j < m) j = m;
        if (mayTrade[m] === 0) continue;
        const row = m * columns;
        let value = smooth[j]! + price * costTable[row + j]!;
        while (j < b) {
          const further = smooth[j + 1]! + price * costTable[row + j + 1]!;
          if (further > value) break;
          value = further;
          j++;
        }
        if (value < best[m]!) {
          best[m] = value;
          end[m] = j;
        }
      }
    });
    for (let m = 0; m <= last; m++) if (mayTrade[m] === 1) trade(1, m, end[m]!, best[m]!);
  }

  function searchDownwards(first: number, least: number): void {
    best.fill(Number.POSITIVE_INFINITY, first);
    runs(least, top, costs.sell.leastSlope, (a, b) => {
      for (let m = top, j = b; m >= first && m >= a; m--) {
        if (j > m) j = m;
        if (mayTrade[m] === 0) continue;
        const row = m * columns;
        let value = smooth[j]! + price * costTable[row + j]!;
        while (j > a) {
          const further = smooth[j - 1]! + price * costTable[row + j - 1]!;
          if (further > value) break;
          value = further;
          j--;
        }
        if (value < best[m]!) {
          best[m] = value;
          end[m] = j;
        }
      }
    });
    for (let m = first; m <= top; m++) if (mayTrade[m] === 1) trade(-1, m, end[m]!, best[m]!);
  }

  /**
   * Splits columns into runs over each of which holding on and the cost of a trade together are convex, so that from any
   * column the best end within the run is the first that its neighbour does not beat, and rises with the column. Without a
   * fixed cost all is one run; with it there are a few, that part at the triggers.
   *
   * @param leastSlope of the marginal cost: so much concavity of holding on does no harm
   */
  function runs(from: number, to: number, leastSlope: number, search: (a: number, b: number) => void): void {
    const allowance = price * leastSlope;
    let a = from;
    let before = from < to ? (smooth[from + 1]! - smooth[from]!) * perRight[from]! : 0;
    for (let j = from + 1; j < to; j++) {
      const after = (smooth[j + 1]! - smooth[j]!) * perRight[j]!;
      if (after - before + (allowance * (lefts[j]! + rights[j]!)) / 2 < 0) {
        search(a, j);
        a = j;
      }
      before = after;
    }
    search(a, to);
  }

  /**
   * Leaves out the columns from which no trade can gain its gas: were every unit as cheap as the first, what holding on
   * costs would still not fall by as much. Those next to a column from which one might are kept, as the edge lies between
   * them.
   */
  function weighColumns(): void {
    mayTrade.fill(1);
    if (gas === 0) return;
    const enough = SURELY_TOO_LITTLE * gas;
    lowerBound(costs.buy.marginal(0), costs.sell.marginal(0));
    for (let m = 1; m < top; m++) {
      if (m === flat && jumpsAtFlat) continue;
      const gain = Math.max(smooth[m - 1]! - bound[m - 1]!, smooth[m]! - bound[m]!, smooth[m + 1]! - bound[m + 1]!);
      if (gain < enough) mayTrade[m] = 0;
    }
  }

  /** The least that any column can reach by trading, every unit as cheap as the first and without gas. */
  function lowerBound(buyCost: number, sellCost: number): void {
    let least = Number.POSITIVE_INFINITY;
    for (let m = top; m >= 0; m--) {
      least = Math.min(smooth[m]!, least + price * buyCost * rights[m]!);
      bound[m] = least;
    }
    least = Number.POSITIVE_INFINITY;
    for (let m = 0; m <= top; m++) {
      least = Math.min(smooth[m]!, least + price * sellCost * lefts[m]!);
      bound[m] = Math.min(bound[m]!, least);
    }
  }

  /**
   * Takes the trade to near a column, if it is the better one: to where the parabola of holding on and the cost together
   * are at their least, within its neighbours and never on the far side of the start.
   */
  function trade(direction: 1 | -1, m: number, end: number, value: number): void {
    const size = direction * (holdings[end]! - holdings[m]!);
    const cell = m * columns + end;
    // The table has a column's own cell for buys.
    const sellsWithin = direction < 0 && size === 0;
    const slope = price * (sellsWithin ? costs.sell.marginal(0) : marginals[cell]!);
    const steepness = slopes[end]! + direction * slope;
    let least = value;
    let shift = 0;
    // No trade where the very first unit does not pay.
    if (size > 0 || direction * steepness < 0) {
      const rise = price * (sellsWithin ? costs.sell.slope(0) : rises[cell]!);
      const curve = 2 * curves[end]! + rise;
      if (curve > 0 && curve < Number.POSITIVE_INFINITY) {
        shift = Math.max(-lefts[end]!, Math.min(rights[end]!, -steepness / curve));
        shift = direction > 0 ? Math.max(-size, shift) : Math.min(size, shift);
        const cost =
          sellsWithin || hasKink[cell] === 1
            ? price * costs[direction > 0 ? 'buy' : 'sell'].cost(size + direction * shift)
            : price * costTable[cell]! + shift * (direction * slope + (shift * rise) / 2);
        if (shift !== 0) least = smooth[end]! + shift * (slopes[end]! + shift * curves[end]!) + cost;
      }
    }
    if (!(least < traded[m]!)) return;
    traded[m] = least;
    target[m] = holdings[end]! + shift;
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

/** Of a trade from one column to another, at [from·columns + to] and a spot of 1. */
interface CostsBetween {
  readonly costTable: Float64Array;
  /** Of its last unit, and how fast that rises. */
  readonly marginals: Float64Array;
  readonly rises: Float64Array;
  /** 1 where that rise changes within a column of the trade's end. */
  readonly hasKink: Uint8Array;
}

function costsBetween(holdings: Float64Array, costs: Readonly<Record<'buy' | 'sell', PiecewiseCost>>): CostsBetween {
  const columns = holdings.length;
  const costTable = new Float64Array(columns * columns);
  const marginals = new Float64Array(columns * columns);
  const rises = new Float64Array(columns * columns);
  const hasKink = new Uint8Array(columns * columns);
  for (let m = 0; m < columns; m++) {
    for (let j = 0; j < columns; j++) {
      const size = Math.abs(holdings[j]! - holdings[m]!);
      const { cost, marginal, slope } = j < m ? costs.sell : costs.buy;
      const width = Math.max(holdings[j]! - (holdings[j - 1] ?? 0), (holdings[j + 1] ?? 0) - holdings[j]!);
      const cell = m * columns + j;
      costTable[cell] = cost(size);
      marginals[cell] = marginal(size);
      rises[cell] = slope(size);
      hasKink[cell] = slope(Math.max(0, size - width)) === slope(size + width) ? 0 : 1;
    }
  }
  return { costTable, hasKink, marginals, rises };
}
