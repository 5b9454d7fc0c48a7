import { constantProductRoots, type EdgeProfit, edgeProfitOf, UP } from './edge-profit.js';
import type { EdgeSpec } from './network.js';

/** What is decided of an edge in one case of a proof. */
export const FREE = 0;
export const USED = 1;
export const UNUSED = 2;

/** The routes that are bounded: over which edges, worth what, within how many hops, from where to where. */
export interface CaseProblem {
  readonly edges: readonly EdgeSpec[];
  readonly numeraire: number;
  readonly maxHops: number;
  /** Where all of a route begins and where it ends; absent: anywhere, circles included. */
  readonly ends?: { readonly source: number; readonly sink: number } | undefined;
}

/** Prices that bound a case; `hopPrice` λ ≥ 0 is taken from every hop, and gives back λ·maxHops. */
export interface CasePrices {
  readonly prices: ArrayLike<number>;
  readonly hopPrice: number;
}

/** One case at a time: what is decided is written into `state`, `least` and `most`, then it is bounded. */
export interface CaseBounds {
  readonly state: Uint8Array;
  /** Ticks that an edge crosses at least and at most. */
  readonly least: Float64Array;
  readonly most: Float64Array;
  /** What each edge earns beyond its costs at the prices of the last bound that asked for `each`; −∞ where it is shut. */
  readonly surplus: Float64Array;
  /** 1 where a route of the case may use the edge, after {@link CaseBounds.shut}. */
  readonly open: Uint8Array;
  /** Finds which edges no route of the case can use; the hops that are left, or −1 where no route has so few. */
  readonly shut: () => number;
  /** The most that a route of the case is worth. Infinite where the prices are not usable, −∞ where there is no route. */
  readonly bound: (at: CasePrices, supply: ArrayLike<number>, each: boolean) => number;
}

/** Computes once what all cases share. */
export function prepareCases({ edges, ends, maxHops, numeraire }: CaseProblem): CaseBounds {
  const count = edges.length;
  const from = Int32Array.from(edges, (edge) => edge.from);
  const to = Int32Array.from(edges, (edge) => edge.to);
  const nodes = edges.reduce((most, edge) => Math.max(most, edge.from + 1, edge.to + 1), 0);
  const fixedCost = Float64Array.from(edges, (edge) => edge.fixedCost);
  const hop = Uint8Array.from(edges, (edge) => (isHop(edge) ? 1 : 0));
  const isScarce = maxHops < count;
  // All that flows comes from the source and goes to the sink: back into the one or out of the other is a circle.
  const backwards = Uint8Array.from(edges, (edge) =>
    ends !== undefined && (edge.to === ends.source || edge.from === ends.sink) ? 1 : 0,
  );
  // Constant product by its two roots in place, everything else through a function.
  const rootIn = new Float64Array(count);
  const rootOut = new Float64Array(count);
  const profitOf: (EdgeProfit | undefined)[] = edges.map((edge, e) => {
    const { source, unitCost } = edge;
    if (source.kind === 'pool' && source.curve.kind === 'constant-product' && unitCost === 0) {
      [rootIn[e], rootOut[e]] = constantProductRoots(source.curve, source.tokenInIndex, source.decimals);
      return undefined;
    }
    return edgeProfitOf(edge);
  });
  const state = new Uint8Array(count);
  const surplus = new Float64Array(count);
  const open = new Uint8Array(count);
  const least = new Float64Array(count);
  const most = new Float64Array(count).fill(Infinity);
  let root = new Float64Array(0);
  const before = new Float64Array(nodes);
  const behind = new Float64Array(nodes);

  /** Hops that are not decided on, on the way with the fewest of them: from the source, or on to the sink. */
  const fewest = (distance: Float64Array, start: number, forwards: boolean): void => {
    distance.fill(Infinity);
    distance[start] = 0;
    for (let progress = true; progress;) {
      progress = false;
      for (let e = 0; e < count; e++) {
        if (open[e] === 0) continue;
        const a = forwards ? from[e]! : to[e]!;
        const b = forwards ? to[e]! : from[e]!;
        const through = distance[a]! + (state[e] === FREE ? hop[e]! : 0);
        if (through >= distance[b]!) continue;
        distance[b] = through;
        progress = true;
      }
    }
  };

  const shut = (): number => {
    let left = maxHops;
    for (let e = 0; e < count; e++) {
      if (state[e] === USED && isScarce) left -= hop[e]!;
      open[e] = state[e] === UNUSED || (backwards[e] === 1 && state[e] === FREE) ? 0 : 1;
    }
    if (left < 0) return -1;
    if (!isScarce) return left;
    if (ends !== undefined) {
      // An edge lies on a way from source to sink, and all that is new on that way must be among the hops that are left.
      fewest(before, ends.source, true);
      fewest(behind, ends.sink, false);
      for (let e = 0; e < count; e++) {
        if (state[e] === FREE && before[from[e]!]! + hop[e]! + behind[to[e]!]! > left) open[e] = 0;
      }
    } else if (left === 0) for (let e = 0; e < count; e++) if (state[e] === FREE && hop[e] === 1) open[e] = 0;
    return left;
  };

  const bound: CaseBounds['bound'] = ({ hopPrice, prices }, supply, each) => {
    if (prices[numeraire] !== 1 || !(hopPrice >= 0)) return Infinity;
    const places = supply.length;
    if (root.length !== places) root = new Float64Array(places);
    let total = 0;
    let size = 0;
    for (let n = 0; n < places; n++) {
      const price = prices[n]!;
      if (!(price > 0 && price < Infinity)) return Infinity;
      root[n] = Math.sqrt(price);
      total += supply[n]! * price;
      size += Math.abs(supply[n]! * price);
    }
    if (shut() < 0) return -Infinity;
    for (let e = 0; e < count; e++) {
      if (open[e] === 0) {
        if (each) surplus[e] = -Infinity;
        continue;
      }
      const other = profitOf[e];
      let profit: number;
      if (other === undefined) {
        const edge = root[to[e]!]! * rootOut[e]! - root[from[e]!]! * rootIn[e]!;
        profit = edge > 0 ? edge * edge * UP : 0;
      } else profit = other(prices[from[e]!]!, prices[to[e]!]!, least[e], most[e]);
      const rest = profit - fixedCost[e]! - (hop[e] === 1 ? hopPrice : 0);
      if (each) surplus[e] = rest;
      if (state[e] === USED || rest > 0) {
        total += rest;
        size += Math.abs(profit) + fixedCost[e]!;
      }
    }
    const hopTerm = hopPrice === 0 ? 0 : hopPrice * maxHops;
    // The sum of so many terms may be off by so many roundings of its size.
    return total + hopTerm + (size + hopTerm) * (count + places + 8) * 2 ** -53;
  };

  return { state, least, most, surplus, open, shut, bound };
}

function isHop({ source }: EdgeSpec): boolean {
  return source.kind === 'pool' || source.role.kind === 'bridge';
}
