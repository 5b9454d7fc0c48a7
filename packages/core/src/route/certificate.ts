import type { Curve } from '../model/curve.js';
import { ladderHull, levelPieces } from './hull.js';
import type { EdgeSpec } from './network.js';
import { sqrtRatio } from './segments.js';
import { stableSwapCurve } from './stable-float.js';

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
 * `fixed` says that its prices alone already bound every route that uses any of `edges`, and goes on without them.
 */
export type BoundProof =
  | { readonly kind: 'leaf'; readonly prices: ArrayLike<number>; readonly hopPrice: number }
  | { readonly kind: 'branch'; readonly edge: number; readonly used: BoundProof; readonly unused: BoundProof }
  | {
      readonly kind: 'fixed';
      readonly prices: ArrayLike<number>;
      readonly hopPrice: number;
      readonly edges: readonly number[];
      readonly rest: BoundProof;
    };

const FREE = 0;
const USED = 1;
const UNUSED = 2;

/**
 * The most numeraire, net of fixed costs, that any route of the problem can be worth. By weak duality any prices give a
 * bound: g(ν) = Σ supply·ν + Σ max(0, arb_i(ν) − c_i) over edges that may be used, arb_i(ν) − c_i over those that must
 * (Diamandis et al. 2023, with fixed costs by Lagrangian relaxation). A hop price λ ≥ 0 adds λ·maxHops and takes λ from
 * every hop. Profits are computed from the pools' own curves, not from the solver's segments.
 *
 * @returns Numeraire; infinite when a price is not usable, so that a broken proof proves nothing.
 */
export function provenBound(problem: CertificateProblem, proof: BoundProof): number {
  const state = new Uint8Array(problem.edges.length);
  return boundOf(problem, proof, state);
}

function boundOf(problem: CertificateProblem, proof: BoundProof, state: Uint8Array): number {
  switch (proof.kind) {
    case 'leaf':
      return dualBound(problem, proof.prices, proof.hopPrice, state).bound;
    case 'branch': {
      const before = state[proof.edge]!;
      state[proof.edge] = USED;
      const used = boundOf(problem, proof.used, state);
      state[proof.edge] = UNUSED;
      const unused = boundOf(problem, proof.unused, state);
      state[proof.edge] = before;
      return Math.max(used, unused);
    }
    case 'fixed': {
      const { bound, surplus } = dualBound(problem, proof.prices, proof.hopPrice, state);
      let worst = -Infinity;
      const before = Uint8Array.from(state);
      for (const e of proof.edges) {
        worst = Math.max(worst, bound + Math.min(0, surplus[e]!));
        state[e] = UNUSED;
      }
      const rest = boundOf(problem, proof.rest, state);
      state.set(before);
      return Math.max(worst, rest);
    }
  }
}

/** The weak-duality bound for one price vector, and each edge's profit less its costs. One pass over the edges. */
export function dualBound(
  problem: CertificateProblem,
  prices: ArrayLike<number>,
  hopPrice: number = 0,
  state?: Uint8Array,
): { readonly bound: number; readonly surplus: Float64Array } {
  const { edges, maxHops, numeraire, supply } = problem;
  const surplus = new Float64Array(edges.length);
  if (!(hopPrice >= 0) || prices[numeraire] !== 1) return { bound: Infinity, surplus };
  let bound = hopPrice > 0 ? hopPrice * maxHops : 0;
  for (let n = 0; n < supply.length; n++) {
    if (!(prices[n]! > 0)) return { bound: Infinity, surplus };
    bound += supply[n]! * prices[n]!;
  }
  let hopsUsed = 0;
  for (let e = 0; e < edges.length; e++) if (state?.[e] === USED && isHop(edges[e]!)) hopsUsed++;
  if (hopsUsed > maxHops) return { bound: -Infinity, surplus };
  for (let e = 0; e < edges.length; e++) {
    const edge = edges[e]!;
    const decision = state?.[e] ?? FREE;
    if (decision === UNUSED || (decision === FREE && hopsUsed === maxHops && isHop(edge))) continue;
    const hop = isHop(edge) ? hopPrice : 0;
    const profit = edgeProfit(edge, prices[edge.from]!, prices[edge.to]!);
    surplus[e] = profit - edge.fixedCost - hop;
    bound += decision === USED ? surplus[e]! : Math.max(0, surplus[e]!);
  }
  return { bound, surplus };
}

function isHop({ source }: EdgeSpec): boolean {
  return source.kind === 'pool' || source.role.kind === 'bridge';
}

/** arb(ν): the most that trading on one edge is worth when inputs cost `priceIn` and outputs fetch `priceOut`. */
export function edgeProfit(edge: EdgeSpec, priceIn: number, priceOut: number): number {
  const cost = priceIn + edge.unitCost;
  const { source } = edge;
  if (source.kind === 'linear') return Math.max(0, source.price * priceOut - cost) * source.capacity;
  return curveProfit(source.curve, source.tokenInIndex, source.decimals, cost, priceOut);
}

function curveProfit(
  curve: Curve,
  tokenInIndex: 0 | 1,
  decimals: readonly [number, number],
  priceIn: number,
  priceOut: number,
): number {
  switch (curve.kind) {
    case 'constant-product': {
      // L·max(0, q_out·√s − q_in/√(φs))²
      const x = Number(curve.reserves[tokenInIndex]) / 10 ** decimals[tokenInIndex];
      const y = Number(curve.reserves[1 - tokenInIndex]!) / 10 ** decimals[1 - tokenInIndex]!;
      const edge = Math.sqrt(priceOut * y) - Math.sqrt((priceIn * x) / (1 - curve.feePpm / 1e6));
      return edge > 0 ? edge * edge : 0;
    }
    case 'concentrated':
      return concentratedProfit(curve, tokenInIndex, decimals, priceIn, priceOut);
    case 'stable-swap': {
      const { balanceIn, marginal, out } = stableSwapCurve(curve, tokenInIndex, decimals);
      if (marginal(0) * priceOut <= priceIn) return 0;
      let low = 0;
      let high = balanceIn;
      for (let i = 0; i < 40 && marginal(high) * priceOut > priceIn; i++) high *= 2;
      for (let i = 0; i < 100; i++) {
        const middle = (low + high) / 2;
        if (marginal(middle) * priceOut > priceIn) low = middle;
        else high = middle;
      }
      // The tangent at `low` bounds the concave profit from above on the rest of the bracket.
      return out(low) * priceOut - low * priceIn + (marginal(low) * priceOut - priceIn) * (high - low);
    }
    case 'levels':
    case 'ladder': {
      if (curve.tokenInIndex !== tokenInIndex) return 0;
      const pieces =
        curve.kind === 'levels'
          ? levelPieces(curve.levels, tokenInIndex, decimals)
          : ladderHull(curve.points, tokenInIndex, decimals);
      return pieces.reduce((sum, { amountIn, price }) => sum + Math.max(0, price * priceOut - priceIn) * amountIn, 0);
    }
  }
}

/** Walks the ticks from the pool's price to where the marginal price meets the market's, summing both amounts. */
function concentratedProfit(
  curve: Extract<Curve, { kind: 'concentrated' }>,
  tokenInIndex: 0 | 1,
  decimals: readonly [number, number],
  priceIn: number,
  priceOut: number,
): number {
  const down = tokenInIndex === 0;
  const phi = 1 - (down ? curve.feePpm : (curve.feePpmToken1In ?? curve.feePpm)) / 1e6;
  const atomIn = priceIn / 10 ** decimals[tokenInIndex] / phi;
  const atomOut = priceOut / 10 ** decimals[1 - tokenInIndex]!;
  // In raw √(token1/token0): selling token 0 stops at √(in/out), selling token 1 at √(out/in).
  const target = down ? Math.sqrt(atomIn / atomOut) : Math.sqrt(atomOut / atomIn);
  let at = Number(curve.sqrtPriceX96) / 2 ** 96;
  if (down ? target >= at : target <= at) return 0;
  let liquidity = curve.liquidity;
  let profit = 0;
  const stops = down
    ? curve.ticks.filter((tick) => tick.index <= curve.tick && tick.index >= curve.tickRange.low).reverse()
    : curve.ticks.filter((tick) => tick.index > curve.tick && tick.index <= curve.tickRange.high);
  const end = { index: down ? curve.tickRange.low : curve.tickRange.high, liquidityNet: 0n };
  for (const { index, liquidityNet } of [...stops, end]) {
    const boundary = sqrtRatio(index);
    const last = down ? boundary <= target : boundary >= target;
    const to = last ? target : boundary;
    const l = Number(liquidity);
    // d(profit)/ds with s = √P: L·(out − in/s²) down, L·(out/s² − in) up; integrated over the step.
    const move = Math.abs(at - to);
    const factor = down ? atomOut - atomIn / (at * to) : atomOut / (at * to) - atomIn;
    if (l > 0 && (down ? to < at : to > at)) profit += l * move * Math.max(0, factor);
    if (last) break;
    at = to;
    liquidity += down ? -liquidityNet : liquidityNet;
  }
  return profit;
}
