import { continuation } from './continuation.js';
import type { Lattice } from './lattice.js';
import { EDGES, type LatticeRule, ruleLayers } from './rule-on-lattice.js';

export interface RuleValue {
  /** As of the optimum: numeraire at the start, beyond the frictionless premium. Infinite for a rule that ruins. */
  readonly certaintyEquivalent: number;
  /** Expected number of trades until the end, its unwinding left out. */
  readonly tradesPerPath: number;
}

/** Points at which a row's value is kept, evenly over the band. */
const POINTS = 48;
/** Standard deviations of the time that has passed, beyond which a path's value is taken as what it owes. */
const CONE_DEVIATIONS = 6.5;
const MOST_EXPONENT = 600;
const SIDES = 2;
/** Of a gap between points, by which rounding may put one beyond an edge that it stands on. */
const EDGE_SLACK = 1e-9;

/** A row of one step: what is known of the holdings of one sign. */
interface Layer {
  /** At [node·{@link EDGES}]. */
  readonly edges: Float64Array;
  /** The holdings over which points lie: first, and points per unit; negative where nothing stays. */
  readonly first: Float64Array;
  readonly perUnit: Float64Array;
  /** E and trades to come of holding on, at [node·{@link POINTS} + point]. */
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
 * For a known volatility and linear costs.
 */
export function evaluateRule(lattice: Lattice, rule: LatticeRule): RuleValue {
  const { aversion, holdings, owedAt, problem, reach: mostRows, rows, spots, startRow, stepYears } = lattice;
  const { reach, weights } = lattice.kernels[0]!;
  const width = weights.length;
  const layers = ruleLayers(lattice, rule, false);
  const later = continuation(lattice, 0);
  const charge = aversion * problem.proportionalCost;
  const lowest = holdings[0]!;
  const highest = holdings.at(-1)!;
  const signs = SIGNS.filter((sign) => (sign < 0 ? lowest < 0 : sign > 0 ? highest > 0 : true));
  const endGas = aversion * problem.fixedCost * Math.exp(-problem.annualRate * problem.years);
  const isUnwound = problem.settlement === 'unwind';
  let now = newLayer(rows);
  let next = newLayer(rows);
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
  return Object.freeze({ certaintyEquivalent: Math.log(value) / aversion, tradesPerPath: trades });

  function solveNode(step: number, row: number, sign: -1 | 0 | 1): void {
    const node = row * SIGNS.length + sign + 1;
    const edges = layers.edges(step, row, sign);
    for (let i = 0; i < EDGES; i++) now.edges[node * EDGES + i] = edges[row * EDGES + i]!;
    const buyAt = edges[row * EDGES]!;
    const sellAt = edges[row * EDGES + EDGES - 1]!;
    const first = Math.max(buyAt, sign < 0 ? lowest : 0);
    const last = Math.min(sellAt, sign > 0 ? highest : 0);
    now.perUnit[node] = -1;
    if (first <= last) {
      if (sign === 0 || first === last) holdAlone(row, node, first);
      else holdBand(row, sign, node, first, last);
    }
    for (let side = 0; side < SIDES; side++) {
      if (side === 0 ? buyAt === Number.NEGATIVE_INFINITY : sellAt === Number.POSITIVE_INFINITY) continue;
      const holding = edges[row * EDGES + 1 + side]!;
      if (side === 0 || holding !== edges[row * EDGES + 1]!) hold(row, holding);
      now.land[node * SIDES + side] = value;
      now.landTrades[node * SIDES + side] = trades;
    }
  }

  function holdAlone(row: number, node: number, holding: number): void {
    now.first[node] = holding;
    now.perUnit[node] = 0;
    hold(row, holding);
    now.stay[node * POINTS] = value;
    now.stayTrades[node * POINTS] = trades;
  }

  /**
   * {@link hold} at all points of a band, one later row after the other: over the points, both what a move of the spot
   * counts for and what a trade costs are geometric progressions. Next to no holding is not none: there, the gas of
   * unwinding is still to be paid, so that every point reads what is kept for its sign.
   */
  function holdBand(row: number, sign: -1 | 1, node: number, first: number, last: number): void {
    const gap = (last - first) / (POINTS - 1);
    const here = spots[row]!;
    const base = node * POINTS;
    now.first[node] = first;
    now.perUnit[node] = 1 / gap;
    now.stay.fill(0, base, base + POINTS);
    now.stayTrades.fill(0, base, base + POINTS);
    for (let j = 0, i = row - reach; j < width; j++, i++) {
      const move = spots[i]! - here;
      const exponent = aversion * (meansNext[i]! - means[row]! - first * move);
      const factor = weights[j]! * Math.exp(exponent < MOST_EXPONENT ? exponent : MOST_EXPONENT);
      const ratio = Math.exp(-aversion * gap * move);
      const price = charge * spots[i]!;
      if (isEnd || i < next.from || i > next.to) {
        const paid = isEnd && isUnwound ? Math.exp(endGas + price * Math.abs(first)) : 1;
        const grows = isEnd && isUnwound ? Math.exp(sign * price * gap) : 1;
        addGeometric(base, 0, POINTS, factor * paid, ratio * grows, 0, 0);
        continue;
      }
      const later = i * SIGNS.length + sign + 1;
      const buyAt = next.edges[later * EDGES]!;
      const sellAt = next.edges[later * EDGES + EDGES - 1]!;
      // Points below `bought` are bought from, those from `sold` on are sold from.
      const bought = Math.min(POINTS, Math.max(0, Math.ceil((buyAt - first) / gap - EDGE_SLACK)));
      const sold = Math.max(bought, Math.min(POINTS, Math.floor((sellAt - first) / gap + EDGE_SLACK) + 1));
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
      if (sold > bought) addBetween(base, later, first, gap, bought, sold, factor * ratio ** bought, ratio, j);
      if (sold < POINTS) {
        const cost = next.gas + price * (first + sold * gap - next.edges[later * EDGES + 2]!);
        const land = next.land[later * SIDES + 1]! * Math.exp(cost);
        const from = factor * ratio ** sold * land;
        addGeometric(
          base,
          sold,
          POINTS,
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
    let factor = start;
    const weight = weights[j]!;
    for (let i = from; i < until; i++) {
      readBetween(node, first + i * gap);
      now.stay[base + i]! += factor * value;
      now.stayTrades[base + i]! += weight * trades;
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

  /** The cubic through the four points around a holding. */
  function readBetween(node: number, holding: number): void {
    const perUnit = next.perUnit[node]!;
    const base = node * POINTS;
    if (!(perUnit > 0)) {
      value = next.stay[base]!;
      trades = next.stayTrades[base]!;
      return;
    }
    const place = (holding - next.first[node]!) * perUnit;
    const start = place < 1 ? 0 : place > POINTS - 2 ? POINTS - 4 : Math.floor(place) - 1;
    const x = Math.min(3, Math.max(0, place - start));
    const a = x - 1;
    const b = x - 2;
    const c = x - 3;
    const w0 = (-a * b * c) / 6;
    const w1 = (x * b * c) / 2;
    const w2 = (-x * a * c) / 2;
    const w3 = (x * a * b) / 6;
    const at = base + start;
    const { stay, stayTrades } = next;
    value = w0 * stay[at]! + w1 * stay[at + 1]! + w2 * stay[at + 2]! + w3 * stay[at + 3]!;
    trades = w0 * stayTrades[at]! + w1 * stayTrades[at + 1]! + w2 * stayTrades[at + 2]! + w3 * stayTrades[at + 3]!;
  }
}

function newLayer(rows: number): Layer {
  const nodes = rows * SIGNS.length;
  return {
    edges: new Float64Array(nodes * EDGES),
    first: new Float64Array(nodes),
    perUnit: new Float64Array(nodes).fill(-1),
    stay: new Float64Array(nodes * POINTS),
    stayTrades: new Float64Array(nodes * POINTS),
    land: new Float64Array(nodes * SIDES),
    landTrades: new Float64Array(nodes * SIDES),
    from: 0,
    to: -1,
    gas: 0,
  };
}
