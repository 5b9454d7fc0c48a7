import type { Continuation } from './continuation.js';
import type { Lattice } from './lattice.js';
import { costsBetween } from './costs-between.js';
import { unitCost } from './local-problem.js';
import { exponential, logarithm } from './near-one.js';
import type { NodeBand } from './node-band.js';
import type { RowSolver } from './row-solver.js';
import { slopeOf, stepOverFlat } from './sample-shape.js';
import { solvedColumns, strideOf } from './solved-columns.js';
import { tilting } from './tilted-layers.js';

/**
 * ln E that stands for ruin: impact makes a trade from the far corner of the holdings cost more than numbers hold, and
 * were that infinite, so would be all that may come there with whatever probability.
 */
const RUIN = 300;

/** Of the gas: a gain below it leaves room for what a trade may gain between columns. */
const SURELY_TOO_LITTLE = 0.7;

/** Columns solved beyond the last known region without a trade; widened where that comes near their end. */
const MARGIN = 8;
const NEAR = 3;
/** ln E of either end, beyond which a row is too near ruin for any of its columns to be read from others. */
const TAME = 20;

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
 * Far from the region without a trade only some of the columns are solved, see {@link SolvedColumns}. Beside all of them
 * stands the one holding that is stepped over: none at all, which saves the gas of unwinding.
 */
export function convexRowSolver(lattice: Lattice, continuations: readonly Continuation[]): RowSolver {
  const { aversion, flat, holdings, kernels, problem, rows, spots, states } = lattice;
  const columns = holdings.length;
  const last = columns - 1;
  const jumpsAtFlat = problem.settlement === 'unwind' && problem.fixedCost > 0;
  const lateness = ((aversion * problem.annualVolatility) ** 2 * (problem.latencyYears ?? 0)) / 2;
  const isMixed = states.length > 1;
  const stride = Math.max(...kernels.map((kernel) => kernel.reach));
  const costs = { buy: unitCost(problem, 'buy'), sell: unitCost(problem, 'sell') };
  const firstUnit = { buy: costs.buy.marginal(0), sell: costs.sell.marginal(0) };
  const apart = strideOf(columns, problem.fixedCost);
  const room = (m: number): number => {
    const [below, above] = [Math.max(0, m - apart), Math.min(last, m + apart)];
    return Math.max(holdings[m]! - holdings[below]!, holdings[above]! - holdings[m]!);
  };
  const buying = costsBetween(holdings, costs.buy, 1, room);
  const selling = costsBetween(holdings, costs.sell, -1, room);
  const toFlat = holdings.map((y) => (y < 0 ? costs.buy : costs.sell).cost(Math.abs(y)));
  const tilts = states.map((_, s) => tilting(lattice, s));
  const lastTilted = Math.min(...tilts.map(({ lastRow }) => lastRow));
  const { above, at, below, isAlways, lay, list, lnBetween, perWidths } = solvedColumns(lattice);
  const regionLow = new Int32Array(rows);
  const regionHigh = new Int32Array(rows).fill(last);
  /** Of each row, the columns between which all hold values; elsewhere only those that are always solved do. */
  let filledNext = {
    low: new Int32Array(rows),
    high: new Int32Array(rows).fill(last),
    tilted: tilts.map((each) => each.layer()),
  };
  let filledNow = {
    low: new Int32Array(rows),
    high: new Int32Array(rows).fill(last),
    tilted: tilts.map((each) => each.layer()),
  };
  // All that follows is by solved column, from 0 to `top`.
  const stay = new Float64Array(columns);
  const stayOf = states.map(() => (isMixed ? new Float64Array(columns) : stay));
  /** ln of holding on, less the wait for a fill; and the same without the jump at the flat column. */
  const held = new Float64Array(columns);
  const smooth = new Float64Array(columns);
  const wait = new Float64Array(columns);
  /** Of `smooth`, along the parabola through a column and its neighbours: slope, and half of its rise. */
  const slopes = new Float64Array(columns);
  const bends = new Float64Array(columns);
  /** The best trade by columns, gas aside: what it leads to, and where; of those from which one may pay. */
  const bought = new Float64Array(columns);
  const boughtTo = new Int32Array(columns);
  const sold = new Float64Array(columns);
  const soldTo = new Int32Array(columns);
  /** At most, of a trade from a column. */
  const gain = new Float64Array(columns);
  const kinked = new Int32Array(columns);
  const mayTrade = new Uint8Array(columns).fill(1);
  /** Of the best trade from a column: ln of what it leads to, gas aside, and the holding where it ends. */
  const traded = new Float64Array(columns);
  const target = new Float64Array(columns);
  /** ln E where the trade from a column leads to; and E of the row. */
  const leads = new Float64Array(columns);
  const value = new Float64Array(columns);
  const weight = new Float64Array(states.length);
  let next: readonly Float64Array[] = [];
  let now: readonly Float64Array[] = [];
  let meansNext: readonly Float64Array[] = [];
  let meansNow: readonly Float64Array[] = [];
  let top = last;
  let flatAt = flat;
  // Of the row solved last: γd·k, γd·X, and the first and last that do not trade.
  let gas = 0;
  let price = 0;
  let low = -1;
  let high = -1;
  let flatGain = Number.POSITIVE_INFINITY;

  function solve(row: number, fixedFactor: number): void {
    gas = Math.log(fixedFactor);
    price = aversion * spots[row]!;
    let from = row > lastTilted ? 0 : Math.max(0, regionLow[row]! - MARGIN);
    let to = row > lastTilted ? last : Math.min(last, regionHigh[row]! + MARGIN);
    for (;;) {
      solveBetween(row, from, to);
      const isTame = held[0]! < TAME && held[top]! < TAME;
      const first = isTame ? list[low < 0 ? least() : low]! : 0;
      const final = isTame ? list[low < 0 ? least() : high]! : last;
      const isWide = (from === 0 || first >= from + NEAR) && (to === last || final <= to - NEAR);
      regionLow[row] = first;
      regionHigh[row] = final;
      if (isWide) break;
      from = Math.max(0, Math.min(from, first) - MARGIN);
      to = Math.min(last, Math.max(to, final) + MARGIN);
    }
    settle(row);
    filledNow.low[row] = from;
    filledNow.high[row] = to;
  }

  function solveBetween(row: number, from: number, to: number): void {
    top = lay(from, to) - 1;
    flatAt = flat === 0 ? 0 : flat === last ? top : indexOf(flat);
    hold(row, from, to);
    if (gas > 0) weigh();
    const lastBuyer = findBuys();
    const firstSeller = findSells();
    traded.fill(Number.POSITIVE_INFINITY, 0, top + 1);
    refine(1, 0, lastBuyer);
    refine(-1, firstSeller, top);
    flatGain = Number.POSITIVE_INFINITY;
    if (jumpsAtFlat) {
      flatGain = (held[flatAt]! - gas - traded[flatAt]!) / aversion;
      tradeToFlat();
    }
    low = 0;
    high = top;
    while (low <= top && !stays(low)) low++;
    while (high > low && !stays(high)) high--;
    if (low > top) low = high = -1;
  }

  /** Whether a column holds on; none, where it saves gas, counts with neither side. */
  function stays(i: number): boolean {
    return !(traded[i]! + gas < held[i]! || (jumpsAtFlat && i === flatAt));
  }

  function hold(row: number, from: number, to: number): void {
    fillNext(row, from, to);
    for (let s = 0; s < states.length; s++) {
      const mean = meansNow[s]![row]!;
      if (row > lastTilted) continuations[s]!.hold(next[s]!, meansNext[s]!, mean, row, 0, last, stayOf[s]!);
      else tilts[s]!.hold(filledNext.tilted[s]!, mean, row, list, top + 1, stayOf[s]!);
    }
    if (isMixed) mix(row);
    if (lateness > 0) waitAt(row);
    const end = top;
    for (let i = 0; i <= end; i++) {
      held[i] = logarithm(stay[i]!) - wait[i]!;
      smooth[i] = held[i]!;
    }
    if (jumpsAtFlat) stepOverFlat(at, smooth, flatAt, top);
    layParabolas(end);
  }

  function layParabolas(end: number): void {
    for (let i = 1; i < end; i++) {
      const right = above[i]!;
      const left = below[i]!;
      const before = (smooth[i]! - smooth[i - 1]!) * right;
      const after = (smooth[i + 1]! - smooth[i]!) * left;
      slopes[i] = (before * right + after * left) * perWidths[i]!;
      bends[i] = (after - before) * perWidths[i]!;
    }
  }

  /** Fills the next step's values between these columns, in every row that one step can reach. */
  function fillNext(row: number, from: number, to: number): void {
    const { high: highest, low: lowest } = filledNext;
    for (let i = row - stride; i <= row + stride; i++) {
      for (let m = lowest[i]! - 1; m >= from; m--) if (!isAlways(m)) fillOne(i, m);
      for (let m = highest[i]! + 1; m <= to; m++) if (!isAlways(m)) fillOne(i, m);
      if (lowest[i]! > from) lowest[i] = from;
      if (highest[i]! < to) highest[i] = to;
    }
  }

  function fillOne(row: number, column: number): void {
    const base = row * columns;
    for (let s = 0; s < states.length; s++) {
      const filled = disutility(lnBetween(next[s]!, base, column));
      next[s]![base + column] = filled;
      tilts[s]!.put(filledNext.tilted[s]!, row, column, filled);
    }
  }

  function mix(row: number): void {
    let mean = 0;
    for (let s = 0; s < states.length; s++) mean += states[s]!.probability * meansNow[s]![row]!;
    for (let s = 0; s < states.length; s++) {
      weight[s] = states[s]!.probability * Math.exp(aversion * (meansNow[s]![row]! - mean));
    }
    for (let i = 0; i <= top; i++) {
      let sum = 0;
      for (let s = 0; s < states.length; s++) sum += weight[s]! * stayOf[s]![i]!;
      stay[i] = sum;
    }
  }

  /** What waiting for a fill costs: the risk of the deviation from dW/dX for so long. */
  function waitAt(row: number): void {
    let hedge = 0;
    for (let s = 0; s < states.length; s++) {
      const means = meansNow[s]!;
      hedge += (states[s]!.probability * (means[row + 1]! - means[row - 1]!)) / (spots[row + 1]! - spots[row - 1]!);
    }
    const risk = lateness * spots[row]! ** 2;
    for (let i = 0; i <= top; i++) wait[i] = risk * (at[i]! - hedge) ** 2;
  }

  /**
   * The best ends of buys by columns. Buying never pays above the last column from which holding on becomes worth less
   * upwards, nor beyond where that is at its least, but for a trade from the next column that is smaller than a column.
   *
   * @returns the last that may buy
   */
  function findBuys(): number {
    const last = top;
    let end = last;
    let final = last;
    while (final >= 0 && !(smooth[final]! > smooth[end]!)) end = final--;
    bought.fill(Number.POSITIVE_INFINITY, 0, top + 1);
    for (let a = 0; final >= 0;) {
      const b = endOfRun(a, end, costs.buy.leastSlope);
      buyWithin(a, b, final);
      if (b === end) break;
      a = b;
    }
    if (final === top) return top;
    bought[final + 1] = smooth[final + 1]!;
    boughtTo[final + 1] = final + 1;
    return final + 1;
  }

  /** @returns the first that may sell */
  function findSells(): number {
    let end = 0;
    let first = 0;
    const last = top;
    while (first <= last && !(smooth[first]! > smooth[end]!)) end = first++;
    sold.fill(Number.POSITIVE_INFINITY, 0, top + 1);
    for (let a = end; first <= top;) {
      const b = endOfRun(a, top, costs.sell.leastSlope);
      sellWithin(a, b, first);
      if (b === top) break;
      a = b;
    }
    if (first === 0) return 0;
    sold[first - 1] = smooth[first - 1]!;
    soldTo[first - 1] = first - 1;
    return first - 1;
  }

  /**
   * Splits columns into runs over each of which holding on and the cost of a trade together are convex, so that from any
   * column the best end within the run is the first that its neighbour does not beat, and rises with the column. Without a
   * fixed cost all is one run; with it there are a few, that part at the triggers.
   *
   * @param leastSlope of the marginal cost: so much concavity of holding on does no harm
   */
  function endOfRun(from: number, to: number, leastSlope: number): number {
    const allowance = (-price * leastSlope) / 2;
    for (let j = from + 1; j < to; j++) if (bends[j]! < allowance) return j;
    return to;
  }

  function buyWithin(a: number, b: number, final: number): void {
    const { cost } = buying;
    const worth = price;
    for (let i = 0, j = a; i <= final && i <= b; i++) {
      if (j < i) j = i;
      if (mayTrade[i] === 0) continue;
      const from = list[i]!;
      let best = smooth[j]! + worth * cost[(list[j]! - from) * columns + from]!;
      while (j < b) {
        const further = smooth[j + 1]! + worth * cost[(list[j + 1]! - from) * columns + from]!;
        if (further > best) break;
        best = further;
        j++;
      }
      if (best < bought[i]!) {
        bought[i] = best;
        boughtTo[i] = j;
      }
    }
  }

  function sellWithin(a: number, b: number, first: number): void {
    const { cost } = selling;
    const worth = price;
    for (let i = top, j = b; i >= first && i >= a; i--) {
      if (j > i) j = i;
      if (mayTrade[i] === 0) continue;
      const from = list[i]!;
      let best = smooth[j]! + worth * cost[(from - list[j]!) * columns + from]!;
      while (j > a) {
        const further = smooth[j - 1]! + worth * cost[(from - list[j - 1]!) * columns + from]!;
        if (further > best) break;
        best = further;
        j--;
      }
      if (best < sold[i]!) {
        sold[i] = best;
        soldTo[i] = j;
      }
    }
  }

  /**
   * Leaves out the columns from which no trade can gain its gas: were every unit as cheap as the first, what holding on
   * costs would still not fall by as much. Those next to a column from which one might are kept, as the edge lies between
   * them.
   */
  function weigh(): void {
    const enough = SURELY_TOO_LITTLE * gas;
    const end = top;
    const buy = price * firstUnit.buy;
    const sell = price * firstUnit.sell;
    let reached = Number.POSITIVE_INFINITY;
    for (let i = end; i >= 0; i--) {
      reached = Math.min(smooth[i]!, reached + buy * above[i]!);
      gain[i] = smooth[i]! - reached;
    }
    reached = Number.POSITIVE_INFINITY;
    for (let i = 0; i <= end; i++) {
      reached = Math.min(smooth[i]!, reached + sell * below[i]!);
      gain[i] = Math.max(gain[i]!, smooth[i]! - reached);
    }
    for (let i = 1; i < end; i++) {
      mayTrade[i] = gain[i - 1]! >= enough || gain[i]! >= enough || gain[i + 1]! >= enough ? 1 : 0;
    }
    mayTrade[0] = 1;
    mayTrade[end] = 1;
    if (jumpsAtFlat) mayTrade[flatAt] = 1;
  }

  /**
   * Takes the trades to near the best columns, where they are the better ones: to where the parabola of holding on and the
   * cost together are at their least, within its neighbours and never on the far side of the start.
   */
  function refine(direction: 1 | -1, first: number, final: number): void {
    const { cost, marginals } = direction > 0 ? buying : selling;
    const ends = direction > 0 ? boughtTo : soldTo;
    const reached = direction > 0 ? bought : sold;
    const worth = price;
    const edge = top;
    let kinks = 0;
    // No call in this loop but to one’s own series: it is where the time goes.
    for (let i = first; i <= final; i++) {
      if (mayTrade[i] === 0) continue;
      const end = ends[i]!;
      let least = reached[i]!;
      let shift = 0;
      if (end > 0 && end < edge) {
        const from = list[i]!;
        const cell = direction * (list[end]! - from) * columns + from;
        const marginal = marginals[2 * cell]!;
        const rise = marginals[2 * cell + 1]!;
        if (rise !== rise) {
          kinked[kinks++] = i;
          continue;
        }
        const size = direction * (at[end]! - at[i]!);
        const slope = slopes[end]!;
        const bend = bends[end]!;
        const steepness = slope + direction * worth * marginal;
        const curve = 2 * bend + worth * rise;
        // No trade where the very first unit does not pay.
        if ((size > 0 || direction * steepness < 0) && curve > 0 && curve < Number.POSITIVE_INFINITY) {
          shift = within(-steepness / curve, direction, size, below[end]!, above[end]!);
          const paid = cost[cell]! + shift * (direction * marginal + (shift * rise) / 2);
          if (shift !== 0) least = smooth[end]! + shift * (slope + shift * bend) + worth * paid;
        }
      }
      if (!(least < traded[i]!)) continue;
      traded[i] = least;
      target[i] = at[end]! + shift;
    }
    for (let n = 0; n < kinks; n++) refineAtKink(direction, kinked[n]!, ends[kinked[n]!]!, reached[kinked[n]!]!);
  }

  /** The same where the slope of the marginal cost jumps nearby. */
  function refineAtKink(direction: 1 | -1, i: number, end: number, byColumns: number): void {
    const { cost, marginal, slope } = costs[direction > 0 ? 'buy' : 'sell'];
    const size = direction * (at[end]! - at[i]!);
    const steepness = slopes[end]! + direction * price * marginal(size);
    const curve = 2 * bends[end]! + price * slope(size);
    let least = byColumns;
    let shift = 0;
    if ((size > 0 || direction * steepness < 0) && curve > 0 && curve < Number.POSITIVE_INFINITY) {
      shift = within(-steepness / curve, direction, size, below[end]!, above[end]!);
      const paid = cost(size + direction * shift);
      if (shift !== 0) least = smooth[end]! + shift * (slopes[end]! + shift * bends[end]!) + price * paid;
    }
    if (!(least < traded[i]!)) return;
    traded[i] = least;
    target[i] = at[end]! + shift;
  }

  function tradeToFlat(): void {
    for (let i = 0; i <= top; i++) {
      if (i === flatAt) continue;
      const reached = held[flatAt]! + price * toFlat[list[i]!]!;
      if (!(reached < traded[i]!)) continue;
      traded[i] = reached;
      target[i] = 0;
    }
  }

  /** The row's values: the lesser of holding on and trading. */
  function settle(row: number): void {
    for (let s = 0; s < states.length; s++) {
      if (isMixed) for (let i = 0; i <= top; i++) leads[i] = traded[i]! + gas < held[i]! ? lnOf(s, i) : 0;
      else for (let i = 0, end = top, paid = gas; i <= end; i++) leads[i] = traded[i]! + paid + wait[i]!;
      write(now[s]!, row * columns, stayOf[s]!, gas, top);
      tilts[s]!.grow(filledNow.tilted[s]!, row, meansNow[s]![row]!);
      tilts[s]!.putAll(filledNow.tilted[s]!, row, list, top + 1, value);
    }
  }

  function write(values: Float64Array, base: number, ifHeld: Float64Array, paid: number, end: number): void {
    for (let i = 0; i <= end; i++) {
      value[i] = traded[i]! + paid < held[i]! ? exponential(leads[i]! < RUIN ? leads[i]! : RUIN) : ifHeld[i]!;
      values[base + list[i]!] = value[i]!;
    }
  }

  /** One state's value of the trade that was decided on the mean of all. */
  function lnOf(s: number, i: number): number {
    const values = stayOf[s]!;
    const end = nearest(target[i]!);
    const shift = target[i]! - at[end]!;
    const around = shift === 0 ? 0 : Math.log(values[end - 1]! / values[end]!);
    let ln = Math.log(values[end]!) - wait[end]!;
    if (shift !== 0 && Number.isFinite(around)) {
      const before = (wait[end - 1]! - wait[end]! - around) / below[end]!;
      const after = (Math.log(values[end + 1]! / values[end]!) - wait[end + 1]! + wait[end]!) / above[end]!;
      const both = below[end]! + above[end]!;
      ln += shift * ((before * above[end]! + after * below[end]!) / both + (shift * (after - before)) / both);
    }
    const size = target[i]! - at[i]!;
    const cost = size > 0 ? costs.buy.cost(size) : costs.sell.cost(-size);
    return ln + price * cost + gas + wait[i]!;
  }

  /** The solved column nearest to a holding; an end of the holdings only for that holding itself. */
  function nearest(holding: number): number {
    let under = 0;
    let over = top;
    while (over - under > 1) {
      const middle = (under + over) >> 1;
      if (at[middle]! <= holding) under = middle;
      else over = middle;
    }
    const close = holding - at[under]! <= at[over]! - holding ? under : over;
    if (holding === at[close]!) return close;
    return Math.max(1, Math.min(top - 1, close));
  }

  function indexOf(column: number): number {
    let under = 0;
    let over = top;
    while (under < over) {
      const middle = (under + over) >> 1;
      if (list[middle]! < column) under = middle + 1;
      else over = middle;
    }
    return under;
  }

  function readBand(band: NodeBand): void {
    const middle = at[least()]!;
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
    band.buyOuter = low < 0 ? middle : below < 0 ? Number.NEGATIVE_INFINITY : mixed(at, below + 1, below, buyShare);
    band.sellOuter = low < 0 ? middle : above < 0 ? Number.POSITIVE_INFINITY : mixed(at, above - 1, above, sellShare);
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
    return outwards * (target[m]! - at[m]!) < 0 ? m : -1;
  }

  function isToFlat(m: number): boolean {
    return jumpsAtFlat && target[m] === 0;
  }

  /** Where holding on is worth most. */
  function least(): number {
    let best = 0;
    for (let i = 1; i <= top; i++) if (smooth[i]! < smooth[best]!) best = i;
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
    const excess = (m: number): number => -direction * slopeOf(at, smooth, m, top) - first;
    const over = excess(trades);
    const under = -excess(stays);
    return over >= 0 && under >= 0 && over + under > 0 ? under / (over + under) : 0;
  }

  /** What holds values between the filled columns of a row, tilted by what it is worth now. */
  function tiltRow(
    layers: readonly Float64Array[],
    filled: typeof filledNext,
    row: number,
    means: readonly Float64Array[],
  ): void {
    for (let s = 0; s < states.length; s++) {
      tilts[s]!.grow(filled.tilted[s]!, row, means[s]![row]!);
      for (let m = 0; m <= last; m++) tilts[s]!.put(filled.tilted[s]!, row, m, layers[s]![row * columns + m]!);
    }
  }

  return {
    load(valuesNext, valuesNow, laterMeans, currentMeans) {
      const isFirst = next.length === 0;
      if (!isFirst) [filledNext, filledNow] = [filledNow, filledNext];
      next = valuesNext;
      now = valuesNow;
      meansNext = laterMeans;
      meansNow = currentMeans;
      for (let row = 0; row < rows; row++) {
        if (isFirst) tiltRow(now, filledNow, row, meansNext);
        // What is paid between two steps, and what is no longer solved, has another mean than it was tilted by.
        const isTilted = filledNext.tilted.every(({ means }, s) => means[row] === meansNext[s]![row]);
        if (isFirst || !isTilted) tiltRow(next, filledNext, row, meansNext);
      }
    },
    solve,
    readBand,
    readHeld(row, out) {
      top = lay(0, last) - 1;
      flatAt = flat;
      hold(row, 0, last);
      out.set(smooth);
      return Math.max(0, smooth[flat]! - held[flat]!) / aversion;
    },
    fill(layers, row, column) {
      const isFilled = filledNow.low[row]! <= column && column <= filledNow.high[row]!;
      if (isFilled || isAlways(column)) return;
      for (const values of layers)
        values[row * columns + column] = disutility(lnBetween(values, row * columns, column));
    },
  };
}

/** A shift from a trade's end that stays within its neighbours, and on its side of the start. */
function within(shift: number, direction: 1 | -1, size: number, left: number, right: number): number {
  const near = shift < -left ? -left : shift > right ? right : shift;
  return direction > 0 ? (near < -size ? -size : near) : near > size ? size : near;
}
