import { constantProductRoots, type EdgeProfit, edgeProfitOf, UP } from './edge-profit.js';
import type { EdgeSpec } from './network.js';

/**
 * What a bound is proved for: edges over nodes, what enters (positive) or must leave (negative) each node, the node
 * whose token is the numeraire, and the most hops. Knows nothing of how a route was found.
 */
export interface CertificateProblem {
  readonly edges: readonly EdgeSpec[];
  readonly supply: ArrayLike<number>;
  readonly numeraire: number;
  readonly maxHops: number;
}

/**
 * A proof by cases. A leaf gives prices that bound every route of its case; a branch splits on whether an edge is used;
 * `fixed` says that its prices alone already bound every route that uses any of `edges`, and goes on without them;
 * `forced` says that they alone bound every route that does without any one of `edges`, and goes on with all of them.
 * `depth` splits on whether an edge is used so far that it crosses `crossed` ticks.
 */
export type BoundProof =
  | BoundLeaf
  | { readonly kind: 'branch'; readonly edge: number; readonly used: BoundProof; readonly unused: BoundProof }
  | (Omit<BoundLeaf, 'kind'> & {
      readonly kind: 'fixed' | 'forced';
      readonly edges: readonly number[];
      readonly rest: BoundProof;
    })
  | {
      readonly kind: 'depth';
      readonly edge: number;
      readonly crossed: number;
      readonly deep: BoundProof;
      readonly shallow: BoundProof;
    };

/** `hopPrice` λ ≥ 0 is taken from every hop, and gives back λ·maxHops. */
export interface BoundLeaf {
  readonly kind: 'leaf';
  readonly prices: ArrayLike<number>;
  readonly hopPrice: number;
}

/** A problem ready to be bounded again and again, at the same or at another supply. */
export interface Certificate {
  /** The most numeraire, net of fixed costs, that any route can be worth. */
  readonly prove: (proof: BoundProof, supply: ArrayLike<number>) => number;
}

const FREE = 0;
const USED = 1;
const UNUSED = 2;

/**
 * The most numeraire, net of fixed costs, that any route of the problem can be worth. By weak duality any prices give a
 * bound: g(ν) = Σ supply·ν + Σ max(0, arb_i(ν) − c_i) over edges that may be used, arb_i(ν) − c_i over those that must
 * (Diamandis et al. 2023, with fixed costs by Lagrangian relaxation). A hop price λ ≥ 0 adds λ·maxHops and takes λ from
 * every hop. Profits are computed from the pools' own curves, not from the solver's segments, and rounded up.
 *
 * @returns Numeraire; infinite when a price is not usable, so that a broken proof proves nothing.
 */
export function provenBound(problem: CertificateProblem, proof: BoundProof): number {
  return prepareCertificate(problem).prove(proof, problem.supply);
}

/** The weak-duality bound for one price vector. One pass over the edges. */
export function dualBound(problem: CertificateProblem, prices: ArrayLike<number>, hopPrice: number = 0): number {
  return provenBound(problem, { kind: 'leaf', prices, hopPrice });
}

/** arb(ν): the most that trading on one edge is worth when inputs cost `priceIn` and outputs fetch `priceOut`. */
export function edgeProfit(edge: EdgeSpec, priceIn: number, priceOut: number): number {
  return edgeProfitOf(edge)(priceIn, priceOut);
}

/** Computes once what bounds of the same edges share. */
export function prepareCertificate({ edges, maxHops, numeraire }: Omit<CertificateProblem, 'supply'>): Certificate {
  const count = edges.length;
  const from = Int32Array.from(edges, (edge) => edge.from);
  const to = Int32Array.from(edges, (edge) => edge.to);
  const fixedCost = Float64Array.from(edges, (edge) => edge.fixedCost);
  const hop = Uint8Array.from(edges, (edge) => (isHop(edge) ? 1 : 0));
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
  const least = new Float64Array(count);
  const most = new Float64Array(count).fill(Infinity);
  let root = new Float64Array(0);

  const bound = ({ hopPrice, prices }: Omit<BoundLeaf, 'kind'>, supply: ArrayLike<number>, each: boolean): number => {
    if (prices[numeraire] !== 1 || !(hopPrice >= 0)) return Infinity;
    const nodes = supply.length;
    if (root.length !== nodes) root = new Float64Array(nodes);
    let total = 0;
    let size = 0;
    for (let n = 0; n < nodes; n++) {
      const price = prices[n]!;
      if (!(price > 0 && price < Infinity)) return Infinity;
      root[n] = Math.sqrt(price);
      total += supply[n]! * price;
      size += Math.abs(supply[n]! * price);
    }
    let hopsUsed = 0;
    if (maxHops < count) for (let e = 0; e < count; e++) if (state[e] === USED) hopsUsed += hop[e]!;
    if (hopsUsed > maxHops) return -Infinity;
    const full = hopsUsed === maxHops && maxHops < count;
    for (let e = 0; e < count; e++) {
      const decision = state[e]!;
      if (decision === UNUSED || (full && decision === FREE && hop[e] === 1)) {
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
      if (decision === USED || rest > 0) {
        total += rest;
        size += Math.abs(profit) + fixedCost[e]!;
      }
    }
    const hopTerm = hopPrice === 0 ? 0 : hopPrice * maxHops;
    // The sum of so many terms may be off by so many roundings of its size.
    return total + hopTerm + (size + hopTerm) * (count + nodes + 8) * 2 ** -53;
  };

  const prove = (proof: BoundProof, supply: ArrayLike<number>): number => {
    switch (proof.kind) {
      case 'leaf':
        return bound(proof, supply, false);
      case 'branch': {
        const { edge } = proof;
        const before = state[edge]!;
        if (before !== FREE) return prove(before === USED ? proof.used : proof.unused, supply);
        state[edge] = USED;
        const used = prove(proof.used, supply);
        state[edge] = UNUSED;
        const unused = prove(proof.unused, supply);
        state[edge] = before;
        return Math.max(used, unused);
      }
      case 'fixed':
      case 'forced': {
        const all = bound(proof, supply, true);
        const decided = proof.kind === 'fixed' ? UNUSED : USED;
        let worst = -Infinity;
        const changed: number[] = [];
        for (const e of proof.edges) {
          if (state[e] !== FREE) continue;
          // Of a route that decides this edge the other way, what it earned beyond its costs is lost, or what it lacked.
          worst = Math.max(worst, all + (decided === UNUSED ? Math.min(0, surplus[e]!) : -Math.max(0, surplus[e]!)));
          changed.push(e);
        }
        for (const e of changed) state[e] = decided;
        const rest = prove(proof.rest, supply);
        for (const e of changed) state[e] = FREE;
        return Math.max(worst, rest);
      }
      case 'depth': {
        const { crossed, edge } = proof;
        const before = [state[edge]!, least[edge]!, most[edge]!] as const;
        most[edge] = Math.min(before[2], crossed - 1);
        const shallow = before[1] >= crossed ? -Infinity : prove(proof.shallow, supply);
        most[edge] = before[2];
        least[edge] = Math.max(before[1], crossed);
        state[edge] = USED;
        const deep = before[0] === UNUSED || before[2] < crossed ? -Infinity : prove(proof.deep, supply);
        [state[edge], least[edge]] = before;
        return Math.max(shallow, deep);
      }
    }
  };
  return {
    prove: (proof, supply) => {
      state.fill(FREE);
      least.fill(0);
      most.fill(Infinity);
      return prove(proof, supply);
    },
  };
}

function isHop({ source }: EdgeSpec): boolean {
  return source.kind === 'pool' || source.role.kind === 'bridge';
}
