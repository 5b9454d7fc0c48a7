import type { Continuation } from './continuation.js';
import type { Lattice } from './lattice.js';
import type { NodeBand } from './node-band.js';
import { stepOverFlat } from './sample-shape.js';

/** Columns computed beyond the last known region without a trade; widened where they do not reach a trade. */
const MARGIN = 3;

/** Columns beyond those solved that are filled at once; the rest when another row asks for them. */
const FILLED = 4;

const NOWHERE = -1;

/** Solves the recursion at one row after the other. State of one row at a time. */
export interface RowSolver {
  load(
    next: readonly Float64Array[],
    now: readonly Float64Array[],
    meansNext: readonly Float64Array[],
    meansNow: readonly Float64Array[],
  ): void;
  /** @param fixed e^{γd·k}, the factor of paying the fixed cost now */
  solve(row: number, fixed: number, step: number): void;
  /** Of the row that was solved last. */
  readBand(band: NodeBand): void;
  /**
   * γd·V of holding on by column, all of them, of the row that was solved last. The jump at no holding is left out.
   *
   * @returns that jump: what holding exactly nothing saves over next to nothing, numeraire
   */
  readHeld(row: number, out: Float64Array): number;
  /** Makes sure that a column of the layer that was solved last holds its value. */
  fill(layers: readonly Float64Array[], row: number, column: number): void;
}

/** Where a trade in one direction lands: the column, how far from it and how much lower ln E is there. */
interface Landing {
  column: number;
  shift: number;
  depth: number;
}

/**
 * Only the holdings around the region without a trade are taken a step back: beyond it Q is linear, and two running
 * minima (one of buying, from above; one of selling, from below) give it. A row is widened until both its ends trade.
 * Where a trade lands is refined between columns by a parabola, so that the columns may be far coarser than the band is
 * exact.
 *
 * With an uncertain volatility there is one value a state, and one decision for all of them, on their mean. With a delay
 * between decision and fill, a trade also costs the risk of its old deviation, less that of its new one, for so long.
 */
export function rowSolver(lattice: Lattice, continuations: readonly Continuation[]): RowSolver {
  const { aversion, flat, holdings, kernels, problem, rows, spots, states } = lattice;
  const columns = holdings.length;
  const top = columns - 1;
  // Gas saved by holding exactly nothing at the end puts a jump at the flat column: no parabola across it.
  const jumpsAtFlat = problem.settlement === 'unwind' && problem.fixedCost > 0;
  const lateness = ((aversion * problem.annualVolatility) ** 2 * (problem.latencyYears ?? 0)) / 2;
  const isMixed = states.length > 1;
  const regionLow = new Int32Array(rows);
  const regionHigh = new Int32Array(rows).fill(top);
  const flatMatters = new Uint8Array(rows);
  const stride = Math.max(...kernels.map((kernel) => kernel.reach));
  // Columns of each row that hold values; beyond them lies one trade after the other.
  let filledNext = { low: new Int32Array(rows), high: new Int32Array(rows).fill(top) };
  let filledNow = { low: new Int32Array(rows), high: new Int32Array(rows).fill(top) };
  const stay = new Float64Array(columns);
  const buy = new Float64Array(columns);
  const sell = new Float64Array(columns);
  /** e^{γd·λX·spacing} by column: of one trade from a column to the next. */
  const toll = new Float64Array(columns).fill(1);
  /** What waiting for a fill costs from a column. */
  const wait = new Float64Array(columns).fill(1);
  const stayOf = states.map(() => (isMixed ? new Float64Array(columns) : stay));
  const buyOf = states.map(() => (isMixed ? new Float64Array(columns) : buy));
  const sellOf = states.map(() => (isMixed ? new Float64Array(columns) : sell));
  const bestOf = new Float64Array(states.length);
  const weight = new Float64Array(states.length);
  const buyLanding: Landing = { column: 0, shift: 0, depth: 0 };
  const sellLanding: Landing = { column: 0, shift: 0, depth: 0 };
  let next: readonly Float64Array[] = [];
  let now: readonly Float64Array[] = [];
  let meansNext: readonly Float64Array[] = [];
  let meansNow: readonly Float64Array[] = [];
  let from = 0;
  let to = top;
  // Of the row solved last: the columns that do not trade.
  let low = NOWHERE;
  let high = NOWHERE;
  let fixed = 1;
  let flatGain = Number.POSITIVE_INFINITY;

  function solve(row: number, fixedFactor: number): void {
    fixed = fixedFactor;
    from = Math.max(0, regionLow[row]! - MARGIN);
    to = Math.min(top, regionHigh[row]! + MARGIN);
    if (flatMatters[row] === 1) includeFlat();
    prepare(row);
    solveBetween(row);
    flatGain = Number.POSITIVE_INFINITY;
    if (jumpsAtFlat) weighFlat(row);
  }

  /** Factors of this row: mixture weights, tolls, waits. */
  function prepare(row: number): void {
    const price = aversion * problem.proportionalCost * spots[row]!;
    let spacing = Number.NaN;
    let factor = 1;
    for (let m = 0; m < top; m++) {
      const gap = holdings[m + 1]! - holdings[m]!;
      if (!(Math.abs(gap - spacing) <= 1e-12)) {
        spacing = gap;
        factor = Math.exp(price * gap);
      }
      toll[m] = factor;
    }
    if (isMixed) {
      let mean = 0;
      for (let s = 0; s < states.length; s++) mean += states[s]!.probability * meansNow[s]![row]!;
      for (let s = 0; s < states.length; s++) {
        weight[s] = states[s]!.probability * Math.exp(aversion * (meansNow[s]![row]! - mean));
      }
    }
    if (lateness === 0) return;
    const target = hedgeAt(row);
    const risk = lateness * spots[row]! ** 2;
    for (let m = 0; m <= top; m++) wait[m] = Math.exp(Math.min(300, risk * (holdings[m]! - target) ** 2));
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

  /** Fills the next step's values as far as these columns, in every row that one step can reach. */
  function fillNext(row: number, first: number, last: number): void {
    const { high: highest, low: lowest } = filledNext;
    for (let i = row - stride; i <= row + stride; i++) {
      if (lowest[i]! > first) fillBelow(next, i, lowest[i]!, first);
      if (highest[i]! < last) fillAbove(next, i, highest[i]!, last);
      if (lowest[i]! > first) lowest[i] = first;
      if (highest[i]! < last) highest[i] = last;
    }
  }

  function fillBelow(layers: readonly Float64Array[], row: number, from: number, until: number): void {
    const base = row * columns;
    const price = aversion * problem.proportionalCost * spots[row]!;
    let spacing = Number.NaN;
    let factor = 1;
    for (let m = from - 1; m >= until; m--) {
      const gap = holdings[m + 1]! - holdings[m]!;
      if (!(Math.abs(gap - spacing) <= 1e-12)) {
        spacing = gap;
        factor = Math.exp(price * gap);
      }
      for (let s = 0; s < layers.length; s++) layers[s]![base + m] = layers[s]![base + m + 1]! * factor;
    }
  }

  function fillAbove(layers: readonly Float64Array[], row: number, from: number, until: number): void {
    const base = row * columns;
    const price = aversion * problem.proportionalCost * spots[row]!;
    let spacing = Number.NaN;
    let factor = 1;
    for (let m = from + 1; m <= until; m++) {
      const gap = holdings[m]! - holdings[m - 1]!;
      if (!(Math.abs(gap - spacing) <= 1e-12)) {
        spacing = gap;
        factor = Math.exp(price * gap);
      }
      for (let s = 0; s < layers.length; s++) layers[s]![base + m] = layers[s]![base + m - 1]! * factor;
    }
  }

  function hold(row: number, first: number, last: number): void {
    fillNext(row, first, last);
    for (let s = 0; s < states.length; s++) {
      continuations[s]!.hold(next[s]!, meansNext[s]!, meansNow[s]![row]!, row, first, last, stayOf[s]!);
    }
    if (!isMixed) return;
    for (let m = first; m <= last; m++) {
      let sum = 0;
      for (let s = 0; s < states.length; s++) sum += weight[s]! * stayOf[s]![m]!;
      stay[m] = sum;
    }
  }

  /**
   * Where it pays to trade away from holding nothing, it never pays to trade there first, and the jump at the flat column
   * does not matter. Where it does not pay, others may want to be there too, and the row is solved as far as that.
   */
  function weighFlat(row: number): void {
    if (flat < from || flat > to) {
      // What trading from there comes to, by one trade after the other from the solved end.
      let traded = flat < from ? fixed * buy[from]! : fixed * sell[to]!;
      if (flat < from) for (let m = from - 1; m >= flat; m--) traded *= toll[m]!;
      else for (let m = to + 1; m <= flat; m++) traded *= toll[m - 1]!;
      traded *= wait[flat]!;
      hold(row, flat, flat);
      flatGain = Math.log(stay[flat]! / traded) / aversion;
      if (!(stay[flat]! < traded)) return;
      includeFlat();
      solveBetween(row);
    }
    const traded = fixed * wait[flat]! * (flat === 0 ? buy[flat]! : flat === top ? sell[flat]! : tradedFrom(flat));
    flatGain = Math.log(stay[flat]! / traded) / aversion;
    flatMatters[row] = traded < stay[flat]! ? 0 : 1;
  }

  /** The best of either direction from a column, not counting that it may stay. */
  function tradedFrom(m: number): number {
    const bought = m < to ? buy[m + 1]! * toll[m]! : Number.POSITIVE_INFINITY;
    const sold = m > from ? sell[m - 1]! * toll[m - 1]! : Number.POSITIVE_INFINITY;
    return Math.min(bought, sold);
  }

  function includeFlat(): void {
    from = Math.min(from, flat);
    to = Math.max(to, flat);
  }

  function solveBetween(row: number): void {
    hold(row, from, to);
    for (;;) {
      sweepBuys();
      sweepSells();
      const openBelow = from > 0 && !(buy[from]! * wait[from]! * fixed < stay[from]!);
      const openAbove = to < top && !(sell[to]! * wait[to]! * fixed < stay[to]!);
      if (!openBelow && !openAbove) break;
      const wasFrom = from;
      const wasTo = to;
      if (openBelow) from = Math.max(0, from - 2 * MARGIN);
      if (openAbove) to = Math.min(top, to + 2 * MARGIN);
      if (from < wasFrom) hold(row, from, wasFrom - 1);
      if (to > wasTo) hold(row, wasTo + 1, to);
    }
    settle(row);
  }

  /** The row's values: the lesser of staying and trading, and beyond the columns solved one trade after the other. */
  function settle(row: number): void {
    const base = row * columns;
    low = NOWHERE;
    high = NOWHERE;
    for (let m = from; m <= to; m++) {
      const buys = buy[m]! <= sell[m]!;
      const traded = (buys ? buy[m]! : sell[m]!) * fixed * wait[m]!;
      const stays = !(traded < stay[m]!);
      for (let s = 0; s < states.length; s++) {
        const trade = (buys ? buyOf[s]![m]! : sellOf[s]![m]!) * fixed * wait[m]!;
        now[s]![base + m] = stays ? stayOf[s]![m]! : trade;
      }
      if (!stays || (jumpsAtFlat && m === flat)) continue;
      if (low === NOWHERE) low = m;
      high = m;
    }
    const bought = buyLanding.column === NOWHERE ? sellLanding.column : buyLanding.column;
    const sold = sellLanding.column === NOWHERE ? bought : sellLanding.column;
    regionLow[row] = low === NOWHERE ? Math.min(bought, sold) : low;
    regionHigh[row] = low === NOWHERE ? Math.max(bought, sold) : high;
    // With waiting times, what lies beyond is no progression, and all of it is filled here.
    const until = lateness > 0 ? 0 : Math.max(0, from - FILLED);
    const upTo = lateness > 0 ? top : Math.min(top, to + FILLED);
    for (let s = 0; s < states.length; s++) {
      const values = now[s]!;
      for (let m = from - 1; m >= until; m--) {
        values[base + m] = (values[base + m + 1]! * toll[m]! * wait[m]!) / wait[m + 1]!;
      }
      for (let m = to + 1; m <= upTo; m++) {
        values[base + m] = (values[base + m - 1]! * toll[m - 1]! * wait[m]!) / wait[m - 1]!;
      }
    }
    filledNow.low[row] = until;
    filledNow.high[row] = upTo;
  }

  /** buy[m]: the least E that buying from m can reach, gas and waiting left out. From above: one running minimum. */
  function sweepBuys(): void {
    let best = Number.POSITIVE_INFINITY;
    setLanding(buyLanding, NOWHERE, 0, 0);
    for (let m = to; m >= from; m--) {
      const carried = m < to ? best * toll[m]! : best;
      const here = stay[m]! / wait[m]!;
      if (!(here <= carried)) {
        buy[m] = carried;
        best = carried;
        if (isMixed) carry(buyOf, m, toll[m]!);
        continue;
      }
      best = here;
      buy[m] = here;
      setLanding(buyLanding, NOWHERE, 0, 0);
      const below = m > from ? stay[m - 1]! / (wait[m - 1]! * toll[m - 1]!) : 0;
      if (below > here) {
        const above = m < to ? (stay[m + 1]! / wait[m + 1]!) * toll[m]! : 0;
        refine(m, below, here, above, buyLanding);
        best = here * Math.exp(-buyLanding.depth);
        if (buyLanding.shift > 0) buy[m] = best;
      } else if (m === from && !(jumpsAtFlat && m === flat)) {
        setLanding(buyLanding, m, 0, 0);
      }
      if (isMixed) land(buyOf, m, buyLanding, 1);
    }
  }

  /** sell[m]: the least E that selling from m can reach. From below. */
  function sweepSells(): void {
    let best = Number.POSITIVE_INFINITY;
    setLanding(sellLanding, NOWHERE, 0, 0);
    for (let m = from; m <= to; m++) {
      const carried = m > from ? best * toll[m - 1]! : best;
      const here = stay[m]! / wait[m]!;
      if (!(here <= carried)) {
        sell[m] = carried;
        best = carried;
        if (isMixed) carry(sellOf, m, toll[m - 1]!);
        continue;
      }
      best = here;
      sell[m] = here;
      setLanding(sellLanding, NOWHERE, 0, 0);
      const above = m < to ? stay[m + 1]! / (wait[m + 1]! * toll[m]!) : 0;
      if (above > here) {
        const below = m > from ? (stay[m - 1]! / wait[m - 1]!) * toll[m - 1]! : 0;
        refine(m, below, here, above, sellLanding);
        best = here * Math.exp(-sellLanding.depth);
        if (sellLanding.shift < 0) sell[m] = best;
      } else if (m === to && !(jumpsAtFlat && m === flat)) {
        setLanding(sellLanding, m, 0, 0);
      }
      if (isMixed) land(sellOf, m, sellLanding, -1);
    }
  }

  /** Values of each state where a trade from column m goes on to where its neighbour's goes. */
  function carry(target: readonly Float64Array[], m: number, factor: number): void {
    for (let s = 0; s < states.length; s++) {
      bestOf[s]! *= factor;
      target[s]![m] = bestOf[s]!;
    }
  }

  /** Values of each state where a trade lands near column m; the decision was taken on their mean. */
  function land(target: readonly Float64Array[], m: number, { shift }: Landing, direction: 1 | -1): void {
    for (let s = 0; s < states.length; s++) {
      const values = stayOf[s]!;
      const here = values[m]! / wait[m]!;
      target[s]![m] = here;
      bestOf[s] = here;
      if (shift === 0) continue;
      const left = holdings[m]! - holdings[m - 1]!;
      const right = holdings[m + 1]! - holdings[m]!;
      const riseLeft = Math.log(values[m - 1]! / (wait[m - 1]! * here));
      const riseRight = Math.log(values[m + 1]! / (wait[m + 1]! * here));
      const scale = left * right * (left + right);
      const slope = (riseRight * left * left - riseLeft * right * right) / scale;
      const curve = (riseLeft * right + riseRight * left) / scale;
      const at = here * Math.exp(slope * shift + curve * shift * shift);
      // The toll from m to the landing: negative where it lies on the near side.
      const gap = direction * shift;
      const rate = Math.log(shift > 0 ? toll[m]! : toll[m - 1]!) / (shift > 0 ? right : left);
      bestOf[s] = at * Math.exp(rate * gap);
      if (gap > 0) target[s]![m] = bestOf[s]!;
    }
  }

  /** The vertex of the parabola through ln of three neighbouring values, of which the middle one is the least. */
  function refine(m: number, below: number, here: number, above: number, landing: Landing): void {
    const touchesJump = jumpsAtFlat && Math.abs(m - flat) <= 1;
    if (touchesJump || !(above >= here) || !Number.isFinite(above) || !Number.isFinite(below)) {
      setLanding(landing, m, 0, 0);
      return;
    }
    const left = holdings[m]! - holdings[m - 1]!;
    const right = holdings[m + 1]! - holdings[m]!;
    const riseLeft = Math.log(below / here);
    const riseRight = Math.log(above / here);
    const scale = left * right * (left + right);
    const slope = (riseRight * left * left - riseLeft * right * right) / scale;
    const curve = (riseLeft * right + riseRight * left) / scale;
    if (!(curve > 0)) setLanding(landing, m, 0, 0);
    else setLanding(landing, m, -slope / (2 * curve), (slope * slope) / (4 * curve));
  }

  function readBand(band: NodeBand): void {
    const boughtFlat = jumpsAtFlat && buyLanding.column === flat;
    const soldFlat = jumpsAtFlat && sellLanding.column === flat;
    const bought = buyLanding.column === NOWHERE || boughtFlat ? sellLanding : buyLanding;
    const sold = sellLanding.column === NOWHERE || soldFlat ? bought : sellLanding;
    const buyInner = holdingOf(bought);
    const sellInner = holdingOf(sold);
    band.buyInner = Math.min(buyInner, sellInner);
    band.sellInner = Math.max(buyInner, sellInner);
    band.buyOuter = low > from ? edge(low - 1, low, buy) : Number.NEGATIVE_INFINITY;
    band.sellOuter = high < to ? edge(high + 1, high, sell) : Number.POSITIVE_INFINITY;
    if (low === NOWHERE) {
      band.buyOuter = band.buyInner;
      band.sellOuter = band.sellInner;
    }
    band.buyOuter = Math.min(band.buyInner, band.buyOuter);
    band.sellOuter = Math.max(band.sellInner, band.sellOuter);
    band.flatGain = Number.isNaN(flatGain) ? Number.POSITIVE_INFINITY : flatGain;
    band.toFlat = boughtFlat || soldFlat ? 1 : 0;
  }

  function holdingOf({ column, shift }: Landing): number {
    return column === NOWHERE ? holdings[flat]! : holdings[column]! + shift;
  }

  /** Between a column that trades and its neighbour that does not: where ln of staying over trading is zero. */
  function edge(trades: number, stays: number, traded: Float64Array): number {
    const gain = Math.log(stay[trades]! / (traded[trades]! * wait[trades]! * fixed));
    const loss = Math.log((traded[stays]! * wait[stays]! * fixed) / stay[stays]!);
    if (!(gain >= 0 && loss >= 0 && gain + loss > 0)) return holdings[stays]!;
    const share = loss === Number.POSITIVE_INFINITY ? 1 : loss / (gain + loss);
    return holdings[stays]! + share * (holdings[trades]! - holdings[stays]!);
  }

  return {
    load(valuesNext, valuesNow, laterMeans, currentMeans) {
      if (next.length > 0) [filledNext, filledNow] = [filledNow, filledNext];
      next = valuesNext;
      now = valuesNow;
      meansNext = laterMeans;
      meansNow = currentMeans;
    },
    solve,
    readBand,
    readHeld(row, out) {
      hold(row, 0, top);
      for (let m = 0; m <= top; m++) out[m] = Math.log(stay[m]! / wait[m]!);
      if (!jumpsAtFlat) return 0;
      const atFlat = out[flat]!;
      stepOverFlat(holdings, out, flat);
      return Math.max(0, out[flat]! - atFlat) / aversion;
    },
    fill(layers, row, column) {
      if (filledNow.low[row]! > column) fillBelow(layers, row, filledNow.low[row]!, column);
      if (filledNow.high[row]! < column) fillAbove(layers, row, filledNow.high[row]!, column);
    },
  };
}

function setLanding(landing: Landing, column: number, shift: number, depth: number): void {
  landing.column = column;
  landing.shift = shift;
  landing.depth = depth;
}
