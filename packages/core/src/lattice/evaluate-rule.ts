import { continuation } from './continuation.js';
import type { Lattice } from './lattice.js';
import { EDGES, type LatticeRule, ruleLayers } from './rule-on-lattice.js';

export interface RuleValue {
  /** As of the optimum: numeraire at the start, beyond the frictionless premium. Infinite for a rule that ruins. */
  readonly certaintyEquivalent: number;
  /** Expected number of trades until the end, its unwinding left out. */
  readonly tradesPerPath: number;
}

/** Points at which a row's value is kept, evenly over the band, unless said otherwise. */
const DEFAULT_POINTS = 40;
/** Standard deviations of the time that has passed, beyond which a path's value is taken as what it owes. */
const CONE_DEVIATIONS = 6;
const MOST_EXPONENT = 600;
const SIDES = 2;
/** Of a gap between points, by which rounding may put one beyond an edge that it stands on. */
const EDGE_SLACK = 1e-9;

/** A row of one step: what is known of the holdings of one sign. */
interface Layer {
  /** At [node·{@link EDGES}]. */
  readonly edges: Float64Array;
  /** The holdings over which points lie: first, and points per unit; 0 for a single point. */
  readonly first: Float64Array;
  readonly perUnit: Float64Array;
  /** E and trades to come of holding on, at [node·points + point]. */
  readonly stay: Float64Array;
  readonly stayTrades: Float64Array;
  /** The same where trades land, at [node·2]: by buying and by selling. */
  readonly land: Float64Array;
  readonly landTrades: Float64Array;
  /** First and last row that are solved. */
  from: number;
  to: number;
  /** γd·k of the step. */
  gas: number;
}

/** Signs of a holding: below, at and above nothing, in this order. */
const SIGNS = [-1, 0, 1] as const;

/**
 * The certainty equivalent of any rule of bands, by the recursion of the optimum without its minimum, on the same chain
 * and with the same kernel, so that rules and optimum compare without noise. Each row keeps its value at points over its
 * own band, however narrow that is; a value outside of the band is that of the trade which the rule makes there. So the
 * jump at a trigger is exact for the next step; what comes later is read between points, by a cubic.
 *
 * For a rule that lands well inside its band this is exact to many digits. One that lands on its very trigger trades
 * again whenever the spot comes back to the same row, to within a hair's breadth: that is blurred beyond the first step,
 * and `simulateRule`, whose holdings are continuous, is beside it.
 *
 * For a known volatility, linear costs and fills without a wait; {@link evaluateOnColumns} for the rest.
 *
 * @param points at which a row's value is kept; a dozen is enough to look for a parameter
 */
export function evaluateRule(lattice: Lattice, rule: LatticeRule, points: number = DEFAULT_POINTS): RuleValue {
  const { aversion, holdings, owedAt, problem, reach: mostRows, rows, spots, startRow, stepYears } = lattice;
  const { reach, weights } = lattice.kernels[0]!;
  const width = weights.length;
  const layers = ruleLayers(lattice, rule);
  const later = continuation(lattice, 0);
  const charge = aversion * problem.proportionalCost;
  const lowest = holdings[0]!;
  const highest = holdings.at(-1)!;
  const signs = SIGNS.filter((sign) => (sign < 0 ? lowest < 0 : sign > 0 ? highest > 0 : true));
  const endGas = aversion * problem.fixedCost * Math.exp(-problem.annualRate * problem.years);
  const isUnwound = problem.settlement === 'unwind';
  let now = newLayer(rows, points);
  let next = newLayer(rows, points);
  let means = new Float64Array(rows);
  let meansNext = new Float64Array(rows);
  let isEnd = true;
  // Of the last read.
  let value = 1;
  let trades = 0;

  for (let step = problem.steps - 1; step >= 0; step--) {
    const reachable = Math.min(reach * step, mostRows, Math.ceil(CONE_DEVIATIONS * Math.sqrt(step)) + reach);
    now.from = startRow - reachable;
    now.to = startRow + reachable;
    now.gas = aversion * problem.fixedCost * Math.exp(-problem.annualRate * step * stepYears);
    const owed = owedAt(step + 1);
    if (owed !== undefined) for (let row = 0; row < rows; row++) meansNext[row]! += owed[row]!;
    means.set(meansNext);
    later.means(meansNext, means, reach, rows - 1 - reach);
    for (let row = now.from; row <= now.to; row++) for (const sign of signs) solveNode(step, row, sign);
    [now, next] = [next, now];
    [means, meansNext] = [meansNext, means];
    isEnd = false;
  }
  read(startRow, 0);
  const certaintyEquivalent = Math.log(value) / aversion;
  return Object.freeze({
    certaintyEquivalent: Number.isNaN(certaintyEquivalent) ? Number.POSITIVE_INFINITY : certaintyEquivalent,
    tradesPerPath: trades,
  });

  function solveNode(step: number, row: number, sign: -1 | 0 | 1): void {
    const node = row * SIGNS.length + sign + 1;
    const edges = layers.edges(step, row, sign);
    for (let i = 0; i < EDGES; i++) now.edges[node * EDGES + i] = edges[row * EDGES + i]!;
    const buyAt = edges[row * EDGES]!;
    const sellAt = edges[row * EDGES + EDGES - 1]!;
    const first = Math.max(buyAt, sign < 0 ? lowest : 0);
    const last = Math.min(sellAt, sign > 0 ? highest : 0);
    // Where nothing of this sign stays, all of it is traded one way.
    if (first > last) {
      if (buyAt > last) now.edges[node * EDGES] = Number.POSITIVE_INFINITY;
      else now.edges[node * EDGES + EDGES - 1] = Number.NEGATIVE_INFINITY;
    } else {
      if (sign === 0 || first === last) holdAlone(row, node, first);
      else holdBand(row, sign, node, first, last);
    }
    for (let side = 0; side < SIDES; side++) {
      if (side === 0 ? buyAt === Number.NEGATIVE_INFINITY : sellAt === Number.POSITIVE_INFINITY) continue;
      const holding = Math.min(highest, Math.max(lowest, edges[row * EDGES + 1 + side]!));
      now.edges[node * EDGES + 1 + side] = holding;
      if (side === 1 && holding === now.edges[node * EDGES + 1]!) {
        now.land[node * SIDES + 1] = now.land[node * SIDES]!;
        now.landTrades[node * SIDES + 1] = now.landTrades[node * SIDES]!;
        continue;
      }
      const twin = node - 1;
      if (sign > signs[0]! && holding === now.edges[twin * EDGES + 1 + side]!) {
        now.land[node * SIDES + side] = now.land[twin * SIDES + side]!;
        now.landTrades[node * SIDES + side] = now.landTrades[twin * SIDES + side]!;
        continue;
      }
      hold(row, holding);
      now.land[node * SIDES + side] = value;
      now.landTrades[node * SIDES + side] = trades;
    }
  }

  function holdAlone(row: number, node: number, holding: number): void {
    now.first[node] = holding;
    now.perUnit[node] = 0;
    hold(row, holding);
    now.stay[node * points] = value;
    now.stayTrades[node * points] = trades;
  }

  /**
   * {@link hold} at all points of a band, one later row after the other: over the points, both what a move of the spot
   * counts for and what a trade costs are geometric progressions. Next to no holding is not none: there, the gas of
   * unwinding is still to be paid, so that every point reads what is kept for its sign.
   */
  function holdBand(row: number, sign: -1 | 1, node: number, first: number, last: number): void {
    const gap = (last - first) / (points - 1);
    const here = spots[row]!;
    const base = node * points;
    now.first[node] = first;
    now.perUnit[node] = 1 / gap;
    now.stay.fill(0, base, base + points);
    now.stayTrades.fill(0, base, base + points);
    for (let j = 0, i = row - reach; j < width; j++, i++) {
      const move = spots[i]! - here;
      const exponent = aversion * (meansNext[i]! - means[row]! - first * move);
      const factor = weights[j]! * Math.exp(exponent < MOST_EXPONENT ? exponent : MOST_EXPONENT);
      const ratio = Math.exp(-aversion * gap * move);
      const price = charge * spots[i]!;
      if (isEnd || i < next.from || i > next.to) {
        const paid = isEnd && isUnwound ? Math.exp(endGas + price * Math.abs(first)) : 1;
        const grows = isEnd && isUnwound ? Math.exp(sign * price * gap) : 1;
        addGeometric(base, 0, points, factor * paid, ratio * grows, 0, 0);
        continue;
      }
      const later = i * SIGNS.length + sign + 1;
      const buyAt = next.edges[later * EDGES]!;
      const sellAt = next.edges[later * EDGES + EDGES - 1]!;
      // Points below `bought` are bought from, those from `sold` on are sold from.
      const bought = Math.min(points, Math.max(0, Math.ceil((buyAt - first) / gap - EDGE_SLACK)));
      const sold = Math.max(bought, Math.min(points, Math.floor((sellAt - first) / gap + EDGE_SLACK) + 1));
      if (bought > 0) {
        const cost = next.gas + price * (next.edges[later * EDGES + 1]! - first);
        const land = next.land[later * SIDES]! * Math.exp(cost);
        addGeometric(
          base,
          0,
          bought,
          factor * land,
          ratio * Math.exp(-price * gap),
          j,
          1 + next.landTrades[later * SIDES]!,
        );
      }
      if (sold > bought) addBetween(base, later, first, gap, bought, sold, factor * power(ratio, bought), ratio, j);
      if (sold < points) {
        const cost = next.gas + price * (first + sold * gap - next.edges[later * EDGES + 2]!);
        const land = next.land[later * SIDES + 1]! * Math.exp(cost);
        const from = factor * power(ratio, sold) * land;
        addGeometric(
          base,
          sold,
          points,
          from,
          ratio * Math.exp(price * gap),
          j,
          1 + next.landTrades[later * SIDES + 1]!,
        );
      }
    }
  }

  function addGeometric(
    base: number,
    from: number,
    until: number,
    first: number,
    ratio: number,
    j: number,
    count: number,
  ): void {
    let term = first;
    const trade = weights[j]! * count;
    for (let i = from; i < until; i++) {
      now.stay[base + i]! += term;
      now.stayTrades[base + i]! += trade;
      term *= ratio;
    }
  }

  function addBetween(
    base: number,
    node: number,
    first: number,
    gap: number,
    from: number,
    until: number,
    start: number,
    ratio: number,
    j: number,
  ): void {
    const { stay, stayTrades } = next;
    const into = now.stay;
    const intoTrades = now.stayTrades;
    const perUnit = next.perUnit[node]!;
    const kept = node * points;
    const weight = weights[j]!;
    const advance = gap * perUnit;
    const origin = (first - next.first[node]!) * perUnit;
    let factor = start;
    for (let i = from; i < until; i++) {
      const place = Math.min(points - 1, Math.max(0, origin + i * advance));
      const below = Math.min(points - 2, Math.floor(place));
      const four = perUnit > 0 ? Math.min(points - 4, Math.max(0, below - 1)) : 0;
      const x = perUnit > 0 ? place - four : 0;
      const at = kept + four;
      into[base + i]! += factor * cubic(stay, at, x);
      const share = place - below;
      const trade = kept + (perUnit > 0 ? below : 0);
      intoTrades[base + i]! +=
        weight * (stayTrades[trade]! + (perUnit > 0 ? share : 0) * (stayTrades[trade + 1]! - stayTrades[trade]!));
      factor *= ratio;
    }
  }

  /** The exact mean of what follows one step of a holding, into `value` and `trades`. */
  function hold(row: number, holding: number): void {
    const here = spots[row]!;
    const mean = means[row]!;
    let sum = 0;
    let tradesSum = 0;
    for (let j = 0, i = row - reach; j < width; j++, i++) {
      const exponent = aversion * (meansNext[i]! - mean - holding * (spots[i]! - here));
      read(i, holding);
      sum += weights[j]! * Math.exp(exponent < MOST_EXPONENT ? exponent : MOST_EXPONENT) * value;
      tradesSum += weights[j]! * trades;
    }
    value = sum;
    trades = tradesSum;
  }

  /** What follows from a holding in one row of the next step. */
  function read(row: number, holding: number): void {
    if (isEnd || row < next.from || row > next.to) {
      value = isUnwound && isEnd && holding !== 0 ? Math.exp(endGas + charge * spots[row]! * Math.abs(holding)) : 1;
      trades = 0;
      return;
    }
    const node = row * SIGNS.length + (holding > 0 ? 2 : holding < 0 ? 0 : 1);
    const isBought = holding < next.edges[node * EDGES]!;
    if (isBought || holding > next.edges[node * EDGES + EDGES - 1]!) {
      const side = isBought ? 0 : 1;
      const size = Math.abs(next.edges[node * EDGES + 1 + side]! - holding);
      value = next.land[node * SIDES + side]! * Math.exp(next.gas + charge * spots[row]! * size);
      trades = 1 + next.landTrades[node * SIDES + side]!;
      return;
    }
    readBetween(node, holding);
  }

  /** Between the points around a holding. */
  function readBetween(node: number, holding: number): void {
    const perUnit = next.perUnit[node]!;
    const base = node * points;
    if (!(perUnit > 0)) {
      value = next.stay[base]!;
      trades = next.stayTrades[base]!;
      return;
    }
    const place = Math.min(points - 1, Math.max(0, (holding - next.first[node]!) * perUnit));
    const below = Math.min(points - 2, Math.floor(place));
    const four = Math.min(points - 4, Math.max(0, below - 1));
    value = cubic(next.stay, base + four, place - four);
    const trade = base + below;
    const { stayTrades } = next;
    trades = stayTrades[trade]! + (place - below) * (stayTrades[trade + 1]! - stayTrades[trade]!);
  }
}

function power(base: number, exponent: number): number {
  return exponent === 0 ? 1 : base ** exponent;
}

/** Through four values from `at` on, `x` intervals past the first of them (Lagrange). */
function cubic(values: Float64Array, at: number, x: number): number {
  const a = x - 1;
  const b = x - 2;
  const c = x - 3;
  const outer = (b * a * (x * values[at + 3]! - c * values[at]!)) / 6;
  return outer + (x * c * (b * values[at + 1]! - a * values[at + 2]!)) / 2;
}

function newLayer(rows: number, points: number): Layer {
  const nodes = rows * SIGNS.length;
  return {
    edges: new Float64Array(nodes * EDGES),
    first: new Float64Array(nodes),
    perUnit: new Float64Array(nodes),
    stay: new Float64Array(nodes * points),
    stayTrades: new Float64Array(nodes * points),
    land: new Float64Array(nodes * SIDES),
    landTrades: new Float64Array(nodes * SIDES),
    from: 0,
    to: -1,
    gas: 0,
  };
}
