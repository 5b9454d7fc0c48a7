import { convolveRow } from './convolve.js';
import { aliveRows, type Lattice } from './lattice.js';

/**
 * The optimum at one node: below `buyOuter` buy up to `buyInner`, above `sellOuter` sell down to `sellInner`. Holdings; an
 * outer edge beyond the holdings of the lattice is infinite.
 */
export interface NodeBand {
  buyOuter: number;
  buyInner: number;
  sellInner: number;
  sellOuter: number;
  /** What a trade from no holding gains over none, numeraire; negative where staying flat is better, to save the gas of
   * unwinding, and infinite where there is no such gas to save. */
  flatGain: number;
  /**
   * Above ½ where a trade does not land on an inner edge but at no holding at all: late, out of the money, with gas for
   * the unwinding to be saved. Nothing is then traded on the side of the flat holding.
   */
  toFlat: number;
}

/** The holding to trade to. */
export function holdingWithin(
  { buyInner, buyOuter, flatGain, sellInner, sellOuter, toFlat }: NodeBand,
  holding: number,
): number {
  if (holding === 0 && flatGain < 0) return 0;
  if (toFlat > 0.5) return holding > Math.max(0, sellOuter) || holding < Math.min(0, buyOuter) ? 0 : holding;
  if (holding < buyOuter) return buyInner;
  return holding > sellOuter ? sellInner : holding;
}

export interface Optimum {
  /** CE: what hedging at cost takes beyond the frictionless premium, numeraire at the start. */
  readonly certaintyEquivalent: number;
  /** Discounted price at which the product leaves the hedger indifferent. */
  readonly indifferencePrice: number;
  readonly premium: number;
}

export interface OptimumOptions {
  /** Steps whose bands are wanted. */
  readonly wantsBands?: (step: number) => boolean;
  /** Given each alive row of a wanted step; the record is reused, so copy what you keep. */
  readonly onBand?: (step: number, row: number, band: NodeBand) => void;
}

/** Columns computed beyond the last known region without a trade; widened where they do not reach a trade. */
const MARGIN = 3;

const NOWHERE = -1;

/**
 * The optimum under CARA with cost k + λS|q|, by backward recursion:
 *
 *   Qc(t,X,y) = yX + (1/γd) ln E exp{γd(Q(t+dt,X′,y) − yX′)},
 *   Q = min{Qc, k·e^{−rt} + min_y′ [Qc(t,X,y′) + λX|y′ − y|]}.
 *
 * Only the holdings around the region without a trade are convolved: beyond it Q is linear, and two running minima (one
 * of buying, from above; one of selling, from below) give it. A row is widened until both its ends trade. Where a trade
 * lands is refined between columns by a parabola, so that the columns may be far coarser than the band is exact.
 *
 * Sources: Hodges and Neuberger (1989); Davis, Panas and Zariphopoulou (1993).
 *
 * @example
 * ```ts
 * solveOptimum(layLattice({ product: { kind: 'call', strike: 100, side: 'short' }, spot: 100, annualVolatility: 0.7,
 *   years: 30 / 365, steps: 720, annualRate: 0, proportionalCost: 0.0005, fixedCost: 0.0025, riskAversion: 0.02,
 *   settlement: 'free' })).certaintyEquivalent // 0.1044
 * ```
 */
export function solveOptimum(lattice: Lattice, { onBand, wantsBands }: OptimumOptions = {}): Optimum {
  const { aversion, flat, offsets, problem, spots, startRow, stepYears, terminal } = lattice;
  const columns = lattice.holdings.length;
  const row = rowSolver(lattice);
  let next = terminal.slice();
  let now = terminal.slice();
  const band: NodeBand = { buyOuter: 0, buyInner: 0, sellInner: 0, sellOuter: 0, flatGain: 0, toFlat: 0 };
  for (let step = problem.steps - 1; step >= 0; step--) {
    const fixed = Math.exp(aversion * problem.fixedCost * Math.exp(-problem.annualRate * step * stepYears));
    // Bands are wanted wherever the spot may have gone by then, not only where this lattice's path can be.
    const { first, last } = aliveRows(lattice, onBand === undefined ? step : problem.steps);
    const wanted = onBand !== undefined && (wantsBands?.(step) ?? true);
    for (let at = first; at <= last; at++) {
      row.solve(next, now, at, fixed);
      if (wanted) {
        row.readBand(fixed, band);
        onBand(step, at, band);
      }
    }
    [next, now] = [now, next];
  }
  const start = Math.log(next[startRow * columns + flat]!) / aversion + offsets[flat]!;
  const indifferencePrice = start + lattice.holdings[flat]! * spots[startRow]!;
  return Object.freeze({
    certaintyEquivalent: indifferencePrice - lattice.premium,
    indifferencePrice,
    premium: lattice.premium,
  });
}

interface RowSolver {
  solve(next: Float64Array, now: Float64Array, row: number, fixed: number): void;
  /** Of the row that was solved last. */
  readBand(fixed: number, band: NodeBand): void;
}

/** Where a trade in one direction lands: the column, how far from it and how much lower ln V is there. */
interface Landing {
  column: number;
  shift: number;
  depth: number;
}

function rowSolver(lattice: Lattice): RowSolver {
  const { aversion, buyFactor, flat, holdings, problem, rows, sellFactor } = lattice;
  const columns = holdings.length;
  const top = columns - 1;
  // Gas saved by holding exactly nothing at the end puts a jump at the flat column: no parabola across it.
  const jumpsAtFlat = problem.settlement === 'unwind' && problem.fixedCost > 0;
  const regionLow = new Int32Array(rows);
  const regionHigh = new Int32Array(rows).fill(top);
  const flatMatters = new Uint8Array(rows);
  const stay = new Float64Array(columns);
  const buy = new Float64Array(columns);
  const sell = new Float64Array(columns);
  const buyLanding: Landing = { column: 0, shift: 0, depth: 0 };
  const sellLanding: Landing = { column: 0, shift: 0, depth: 0 };
  let from = 0;
  let to = top;
  // Of the row solved last: the columns that do not trade.
  let low = NOWHERE;
  let high = NOWHERE;
  let flatGain = Number.POSITIVE_INFINITY;

  function solve(next: Float64Array, now: Float64Array, row: number, fixed: number): void {
    from = Math.max(0, regionLow[row]! - MARGIN);
    to = Math.min(top, regionHigh[row]! + MARGIN);
    if (flatMatters[row] === 1) includeFlat();
    solveBetween(next, now, row, fixed);
    flatGain = Number.POSITIVE_INFINITY;
    if (jumpsAtFlat) weighFlat(next, now, row, fixed);
  }

  /**
   * Where it pays to trade away from holding nothing, it never pays to trade there first, and the jump at the flat column
   * does not matter. Where it does not pay, others may want to be there too, and the row is solved as far as that.
   */
  function weighFlat(next: Float64Array, now: Float64Array, row: number, fixed: number): void {
    const at = row * columns + flat;
    if (flat < from || flat > to) {
      const traded = now[at]!;
      convolveRow(lattice, next, now, row, flat, flat);
      flatGain = Math.log(now[at]! / traded) / aversion;
      if (!(now[at]! < traded)) {
        now[at] = traded;
        return;
      }
      includeFlat();
      solveBetween(next, now, row, fixed);
    }
    const traded = fixed * (flat === 0 ? buy[flat]! : sell[flat]!);
    flatGain = Math.log(stay[flat]! / traded) / aversion;
    flatMatters[row] = traded < stay[flat]! ? 0 : 1;
  }

  function includeFlat(): void {
    from = Math.min(from, flat);
    to = Math.max(to, flat);
  }

  function solveBetween(next: Float64Array, now: Float64Array, row: number, fixed: number): void {
    const base = row * columns;
    convolveRow(lattice, next, now, row, from, to);
    for (let m = from; m <= to; m++) stay[m] = now[base + m]!;
    for (;;) {
      sweepBuys(base);
      sweepSells(base);
      const openBelow = from > 0 && !(buy[from]! * fixed < stay[from]!);
      const openAbove = to < top && !(sell[to]! * fixed < stay[to]!);
      if (!openBelow && !openAbove) break;
      const wasFrom = from;
      const wasTo = to;
      if (openBelow) from = Math.max(0, from - 2 * MARGIN);
      if (openAbove) to = Math.min(top, to + 2 * MARGIN);
      convolveRow(lattice, next, now, row, from, wasFrom - 1);
      convolveRow(lattice, next, now, row, wasTo + 1, to);
      for (let m = from; m < wasFrom; m++) stay[m] = now[base + m]!;
      for (let m = wasTo + 1; m <= to; m++) stay[m] = now[base + m]!;
    }
    settle(now, row, fixed);
  }

  /** The row's values: the lesser of staying and trading, and beyond the columns solved one trade after the other. */
  function settle(now: Float64Array, row: number, fixed: number): void {
    const base = row * columns;
    low = NOWHERE;
    high = NOWHERE;
    for (let m = from; m <= to; m++) {
      const traded = Math.min(buy[m]!, sell[m]!) * fixed;
      const stays = !(traded < stay[m]!);
      now[base + m] = stays ? stay[m]! : traded;
      if (!stays || (jumpsAtFlat && m === flat)) continue;
      if (low === NOWHERE) low = m;
      high = m;
    }
    const bought = buyLanding.column === NOWHERE ? sellLanding.column : buyLanding.column;
    const sold = sellLanding.column === NOWHERE ? bought : sellLanding.column;
    regionLow[row] = low === NOWHERE ? Math.min(bought, sold) : low;
    regionHigh[row] = low === NOWHERE ? Math.max(bought, sold) : high;
    for (let m = from - 1; m >= 0; m--) now[base + m] = now[base + m + 1]! * buyFactor[base + m]!;
    for (let m = to + 1; m <= top; m++) now[base + m] = now[base + m - 1]! * sellFactor[base + m - 1]!;
  }

  /** buy[m]: the least V that buying from m can reach. From above, so that it is one running minimum. */
  function sweepBuys(base: number): void {
    let best = Number.POSITIVE_INFINITY;
    setLanding(buyLanding, NOWHERE, 0, 0);
    for (let m = to; m >= from; m--) {
      const carried = m < to ? best * buyFactor[base + m]! : best;
      const here = stay[m]!;
      if (!(here <= carried)) {
        buy[m] = carried;
        best = carried;
        continue;
      }
      best = here;
      buy[m] = here;
      const below = m > from ? stay[m - 1]! / buyFactor[base + m - 1]! : 0;
      if (below > here) {
        const above = m < to ? stay[m + 1]! * buyFactor[base + m]! : 0;
        refine(m, below, here, above, buyLanding);
        best = here * Math.exp(-buyLanding.depth);
        if (buyLanding.shift > 0) buy[m] = best;
      } else if (m === from && !(jumpsAtFlat && m === flat)) {
        setLanding(buyLanding, m, 0, 0);
      }
    }
  }

  /** sell[m]: the least V that selling from m can reach. From below. */
  function sweepSells(base: number): void {
    let best = Number.POSITIVE_INFINITY;
    setLanding(sellLanding, NOWHERE, 0, 0);
    for (let m = from; m <= to; m++) {
      const carried = m > from ? best * sellFactor[base + m - 1]! : best;
      const here = stay[m]!;
      if (!(here <= carried)) {
        sell[m] = carried;
        best = carried;
        continue;
      }
      best = here;
      sell[m] = here;
      const above = m < to ? stay[m + 1]! / sellFactor[base + m]! : 0;
      if (above > here) {
        const below = m > from ? stay[m - 1]! * sellFactor[base + m - 1]! : 0;
        refine(m, below, here, above, sellLanding);
        best = here * Math.exp(-sellLanding.depth);
        if (sellLanding.shift < 0) sell[m] = best;
      } else if (m === to && !(jumpsAtFlat && m === flat)) {
        setLanding(sellLanding, m, 0, 0);
      }
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

  function readBand(fixed: number, band: NodeBand): void {
    const boughtFlat = jumpsAtFlat && buyLanding.column === flat;
    const soldFlat = jumpsAtFlat && sellLanding.column === flat;
    const bought = buyLanding.column === NOWHERE || boughtFlat ? sellLanding : buyLanding;
    const sold = sellLanding.column === NOWHERE || soldFlat ? bought : sellLanding;
    const buyInner = holdings[bought.column]! + bought.shift;
    const sellInner = holdings[sold.column]! + sold.shift;
    band.buyInner = Math.min(buyInner, sellInner);
    band.sellInner = Math.max(buyInner, sellInner);
    band.buyOuter = low > from ? edge(low - 1, low, buy, fixed) : Number.NEGATIVE_INFINITY;
    band.sellOuter = high < to ? edge(high + 1, high, sell, fixed) : Number.POSITIVE_INFINITY;
    if (low === NOWHERE) {
      band.buyOuter = band.buyInner;
      band.sellOuter = band.sellInner;
    }
    band.buyOuter = Math.min(band.buyInner, band.buyOuter);
    band.sellOuter = Math.max(band.sellInner, band.sellOuter);
    band.flatGain = Number.isNaN(flatGain) ? Number.POSITIVE_INFINITY : flatGain;
    band.toFlat = boughtFlat || soldFlat ? 1 : 0;
  }

  /** Between a column that trades and its neighbour that does not: where ln of staying over trading is zero. */
  function edge(trades: number, stays: number, traded: Float64Array, fixed: number): number {
    const gain = Math.log(stay[trades]! / (traded[trades]! * fixed));
    const loss = Math.log((traded[stays]! * fixed) / stay[stays]!);
    if (!(gain >= 0 && loss >= 0 && gain + loss > 0)) return holdings[stays]!;
    const share = loss === Number.POSITIVE_INFINITY ? 1 : loss / (gain + loss);
    return holdings[stays]! + share * (holdings[trades]! - holdings[stays]!);
  }

  return { solve, readBand };
}

function setLanding(landing: Landing, column: number, shift: number, depth: number): void {
  landing.column = column;
  landing.shift = shift;
  landing.depth = depth;
}
