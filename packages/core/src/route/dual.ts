import { analyse, factorise, type Factorization, solveFactorised } from './ldl.js';
import type { Network } from './network.js';

/** What an edge may do in one solve. A relaxed edge trades only as far as its profit exceeds its fixed cost. */
export const EDGE_OFF = 0;
export const EDGE_ON = 1;
export const EDGE_RELAXED = 2;

/**
 * Everything that one solve reads and writes; allocated once for a network and warm from solve to solve. `price` is in
 * numeraire per unit of each node's token, `supply` in units: positive where an amount must be absorbed, negative where
 * it must be delivered. Flows and profits are valid for `price` after {@link solveDual}.
 */
export interface DualWorkspace {
  readonly network: Network;
  readonly pinned: number;
  readonly supply: Float64Array;
  readonly mode: Uint8Array;
  /** What switching each edge on costs a relaxation: the fixed cost, plus the price of a hop where hops are scarce. */
  readonly cost: Float64Array;
  readonly price: Float64Array;
  /** Flows of an edge that is fully on; a relaxation carries `weight` of them. */
  readonly flowIn: Float64Array;
  readonly flowOut: Float64Array;
  /** Profit of each edge at the prices, before its fixed cost. */
  readonly profit: Float64Array;
  /** How far a relaxed edge is switched on, 0 to 1. */
  readonly weight: Float64Array;
  /** Second derivatives of each edge's profit in its two prices. */
  readonly hessianIn: Float64Array;
  readonly hessianMixed: Float64Array;
  readonly hessianOut: Float64Array;
  readonly bend: Float64Array;
  readonly imbalance: Float64Array;
  readonly trialPrice: Float64Array;
  readonly step: Float64Array;
  readonly right: Float64Array;
  readonly factorization: Factorization;
  /** One number: the weight of the barrier on straight pieces, in numeraire. */
  readonly barrier: Float64Array;
}

export interface DualResult {
  /** The dual value: the most numeraire that any flow can be worth; see certificate.ts for a proof of it. */
  readonly value: number;
  readonly iterations: number;
  /** Value in numeraire of all that the flows leave over or lack; about zero at the optimum. */
  readonly residual: number;
}

export function createWorkspace(network: Network, pinned: number): DualWorkspace {
  const { edgeCount, nodeCount, nodeIn, nodeOut } = network;
  const factorization = analyse(nodeCount, pinned, nodeIn, nodeOut);
  return {
    network,
    pinned,
    supply: new Float64Array(nodeCount),
    mode: new Uint8Array(edgeCount).fill(EDGE_ON),
    cost: Float64Array.from(network.fixedCost),
    price: new Float64Array(nodeCount).fill(1),
    flowIn: new Float64Array(edgeCount),
    flowOut: new Float64Array(edgeCount),
    profit: new Float64Array(edgeCount),
    weight: new Float64Array(edgeCount),
    hessianIn: new Float64Array(edgeCount),
    hessianMixed: new Float64Array(edgeCount),
    hessianOut: new Float64Array(edgeCount),
    bend: new Float64Array(edgeCount),
    imbalance: new Float64Array(nodeCount),
    trialPrice: new Float64Array(nodeCount),
    step: new Float64Array(nodeCount),
    right: new Float64Array(factorization.size),
    factorization,
    barrier: new Float64Array(1),
  };
}

/** Fraction of a fixed cost over which switching an edge on is smoothed in a relaxation. */
const RELAXED_WIDTH = 0.02;
const MAX_ITERATIONS = 120;
const MAX_HALVINGS = 30;
/** Weight of the barrier against the value of the whole trade, from the first stage to the last. */
const FIRST_BARRIER = 1e-3;
const LAST_BARRIER = 1e-10;
const BARRIER_SHRINK = 0.1;
const DECREMENT_TOLERANCE = 1e-14;
const RESIDUAL_TOLERANCE = 1e-10;
const LARGEST_SHRINK = 0.3;
const LARGEST_GROWTH = 3;

/**
 * Minimises g(ν) = Σ supply·ν + Σ arb_i(ν) over ν > 0 with the pinned node's price fixed (Angeris et al. 2022;
 * Diamandis et al. 2023), by Newton's method in q = √ν, where a constant-product network is piecewise quadratic: the
 * active set of segments settles within a few steps and the step after that is exact. Where the Hessian in q is not
 * positive definite, the one in ν (always convex) takes its place. Straight pieces, whose flow jumps at
 * their price, are smoothed by a logarithmic barrier on their flow, max_x d·x + t·log(x·(C − x)), which is felt at any
 * distance; t falls in stages. Starts from `w.price`, ends in it.
 */
export function solveDual(w: DualWorkspace): DualResult {
  const staged = w.network.hasStraightEdges || w.mode.includes(EDGE_RELAXED);
  const first = minimise(w, staged ? FIRST_BARRIER : LAST_BARRIER);
  if (staged || first.residual <= RESIDUAL_TOLERANCE * 1e3 * magnitude(w)) return first;
  // The demand runs into the straight edge that takes what is unserved after all.
  const second = minimise(w, FIRST_BARRIER);
  return { ...second, iterations: first.iterations + second.iterations };
}

function minimise(w: DualWorkspace, firstBarrier: number): DualResult {
  const { price, trialPrice } = w;
  let stage = firstBarrier;
  w.barrier[0] = stage * magnitude(w);
  let value = evaluate(w, price);
  let iterations = 0;
  let residual = residualValue(w);
  for (; iterations < MAX_ITERATIONS; iterations++) {
    const scale = magnitude(w);
    const decrement = newtonStep(w);
    const last = stage <= LAST_BARRIER;
    if (last && decrement <= DECREMENT_TOLERANCE * scale && residual <= RESIDUAL_TOLERANCE * scale) break;
    // Near the optimum the value is constant to the last digit and only the residual tells progress.
    const fine = decrement <= 1e-11 * scale;
    const slope = Math.min(0, slopeAlong(w));
    const before = residual;
    const from = value;
    let accepted = false;
    trialPrice.set(price);
    for (let trial = 0, length = 1; trial < MAX_HALVINGS && !accepted; trial++, length *= 0.5) {
      stepTo(w, length);
      value = evaluate(w, price);
      residual = residualValue(w);
      accepted = fine ? residual < before : value <= from + 1e-4 * length * slope;
    }
    if (!accepted) price.set(trialPrice);
    const centred = !accepted || decrement <= w.barrier[0];
    if (!last && centred) stage = Math.max(LAST_BARRIER, stage * BARRIER_SHRINK);
    else if (accepted) continue;
    w.barrier[0] = stage * magnitude(w);
    value = evaluate(w, price);
    residual = residualValue(w);
    if (last && !accepted) break;
  }
  return { value, iterations, residual };
}

/** Prices after `length` of the present step from `trialPrice`; no price shrinks or grows beyond all bounds at once. */
function stepTo({ pinned, price, step, trialPrice }: DualWorkspace, length: number): void {
  for (let n = 0; n < price.length; n++) {
    if (n === pinned) continue;
    const q = Math.sqrt(trialPrice[n]!);
    const next = Math.min(Math.max(q + length * step[n]!, q * LARGEST_SHRINK), q * LARGEST_GROWTH);
    price[n] = next * next;
  }
}

/** Derivative of g along the present step, at the prices of the last evaluation. */
function slopeAlong({ imbalance, pinned, price, step }: DualWorkspace): number {
  let slope = 0;
  for (let n = 0; n < price.length; n++) {
    if (n !== pinned) slope += 2 * Math.sqrt(price[n]!) * imbalance[n]! * step[n]!;
  }
  return slope;
}

/** Total value that moves at the present prices: what tolerances are relative to. */
function magnitude(w: DualWorkspace): number {
  const { price, supply } = w;
  let total = 0;
  for (let n = 0; n < price.length; n++) total += Math.abs(supply[n]!) * price[n]!;
  return total;
}

function residualValue(w: DualWorkspace): number {
  const { imbalance, pinned, price } = w;
  let total = 0;
  for (let n = 0; n < price.length; n++) if (n !== pinned) total += Math.abs(imbalance[n]!) * price[n]!;
  return total;
}

/** g at `price`; leaves flows, profits, second derivatives and the gradient in ν (`imbalance`, units) behind. */
export function evaluate(w: DualWorkspace, price: Float64Array): number {
  const { bend, cost, flowIn, flowOut, hessianIn, hessianMixed, hessianOut, imbalance, mode, network } = w;
  const { profit, supply, weight } = w;
  const { edgeCount, inBefore, liquidity, nodeIn, nodeOut, outBefore, segStart } = network;
  const { phi, sqrtHigh, sqrtLow, sqrtPhi, straight, unitCost } = network;
  const t = w.barrier[0]!;
  let value = 0;
  let total = 0;
  for (let n = 0; n < supply.length; n++) {
    imbalance[n] = supply[n]!;
    value += supply[n]! * price[n]!;
    total += Math.abs(supply[n]!) * price[n]!;
  }
  const switchWidth = total > 0 ? Math.max(RELAXED_WIDTH, Math.min(1, (100 * t) / total)) : RELAXED_WIDTH;
  for (let e = 0; e < edgeCount; e++) {
    let k = segStart[e]!;
    let end = segStart[e + 1]!;
    if (mode[e] === EDGE_OFF || k === end) {
      flowIn[e] = flowOut[e] = profit[e] = weight[e] = bend[e] = 0;
      hessianIn[e] = hessianMixed[e] = hessianOut[e] = 0;
      continue;
    }
    const a = nodeIn[e]!;
    const b = nodeOut[e]!;
    const vi = price[a]! + unitCost[e]!;
    const vo = price[b]!;
    let input = 0;
    let output = 0;
    let gain = 0;
    let hii = 0;
    let hio = 0;
    let hoo = 0;
    if (straight[e] === 1) {
      let earned = 0;
      for (; k < end; k++) {
        const room = liquidity[k]!;
        const rate = sqrtHigh[k]!;
        const margin = rate * vo - vi;
        // x = C·(½ + u/(2(R + 2t))) with u = d·C, R = √(u² + 4t²), and dx/dd = C²·t/(R(R + 2t)).
        const u = margin * room;
        const r = Math.sqrt(u * u + 4 * t * t);
        if (r === 0) continue;
        const part = u >= 0 ? 0.5 + u / (2 * (r + 2 * t)) : (2 * t) / (r + 2 * t - u);
        const rest = u <= 0 ? 0.5 - u / (2 * (r + 2 * t)) : (2 * t) / (r + 2 * t + u);
        const x = room * part;
        const bow = (room * room * t) / (r * (r + 2 * t));
        input += x;
        output += rate * x;
        gain += margin * x + (t > 0 ? t * Math.log(4 * part * rest) : 0);
        if (u > 0) earned += u;
        hii += bow;
        hio -= bow * rate;
        hoo += bow * rate * rate;
      }
      profit[e] = earned;
    } else {
      const stop = Math.sqrt(vi / vo) / sqrtPhi[e]!;
      if (stop >= sqrtHigh[k]!) {
        flowIn[e] = flowOut[e] = profit[e] = weight[e] = bend[e] = 0;
        hessianIn[e] = hessianMixed[e] = hessianOut[e] = 0;
        continue;
      }
      // The last segment that begins above the stopping price.
      while (end - k > 1) {
        const middle = (k + end) >> 1;
        if (sqrtHigh[middle]! > stop) k = middle;
        else end = middle;
      }
      const l = liquidity[k]!;
      const high = sqrtHigh[k]!;
      const low = sqrtLow[k]!;
      const partial = stop > low;
      const s = partial ? stop : low;
      const drop = high - s;
      input = inBefore[k]! + (l * drop) / (s * high * phi[e]!);
      output = outBefore[k]! + l * drop;
      if (partial) {
        const c = (l * s) / 2;
        hii = (c * vo) / (vi * vi);
        hio = -c / vi;
        hoo = c / vo;
        // In this form the profit of an arc does not cancel: ν_out·L·(high − s)²/high.
        gain = vo * outBefore[k]! - vi * inBefore[k]! + (vo * l * drop * drop) / high;
      } else gain = vo * output - vi * input;
      if (gain < 0) gain = 0;
      profit[e] = gain;
    }
    let h = 1;
    let hh = 0;
    let counted = gain;
    if (mode[e] === EDGE_RELAXED && cost[e]! > 0) {
      const excess = gain - cost[e]!;
      const width = cost[e]! * switchWidth;
      if (excess <= 0) {
        h = 0;
        counted = 0;
      } else if (excess < width) {
        h = excess / width;
        hh = 1 / width;
        counted = (excess * excess) / (2 * width);
      } else counted = excess - width / 2;
    }
    weight[e] = h;
    bend[e] = hh;
    hessianIn[e] = hii * h;
    hessianMixed[e] = hio * h;
    hessianOut[e] = hoo * h;
    flowIn[e] = h > 0 ? input : 0;
    flowOut[e] = h > 0 ? output : 0;
    imbalance[a] = imbalance[a]! - input * h;
    imbalance[b] = imbalance[b]! + output * h;
    value += counted;
  }
  return value;
}

/** Newton's direction in q into `w.step`; returns the decrement gradᵀH⁻¹grad in numeraire. */
function newtonStep(w: DualWorkspace): number {
  const { factorization, imbalance, pinned, price, right, step } = w;
  const { row } = factorization;
  assemble(w, true);
  if (!factorise(factorization, false)) {
    assemble(w, false);
    factorise(factorization, true);
  }
  for (let n = 0; n < price.length; n++) {
    if (n !== pinned) right[row[n]!] = -2 * Math.sqrt(price[n]!) * imbalance[n]!;
  }
  solveFactorised(factorization, right);
  let decrement = 0;
  for (let n = 0; n < price.length; n++) {
    step[n] = n === pinned ? 0 : right[row[n]!]!;
    decrement -= 2 * Math.sqrt(price[n]!) * imbalance[n]! * step[n]!;
  }
  return decrement;
}

/** H in q is 4·q_a·q_b·∂²g/∂ν_a∂ν_b + 2·diag(∂g/∂ν); `exact` keeps the sign of the second part. */
function assemble(w: DualWorkspace, exact: boolean): void {
  const { bend, factorization, flowIn, flowOut, hessianIn, hessianMixed, hessianOut, imbalance, network } = w;
  const { pinned, price } = w;
  const { diagonal, entryOfEdge, lower, pivot, row } = factorization;
  const { edgeCount, nodeIn, nodeOut } = network;
  lower.fill(0);
  pivot.fill(0);
  for (let n = 0; n < price.length; n++) {
    if (n === pinned) continue;
    const r = row[n]!;
    const second = 2 * imbalance[n]!;
    diagonal[r] = exact ? second : Math.abs(second);
    pivot[r] = Math.abs(second);
  }
  for (let e = 0; e < edgeCount; e++) {
    const hh = bend[e]!;
    if (hh === 0 && hessianIn[e] === 0) continue;
    const a = nodeIn[e]!;
    const b = nodeOut[e]!;
    const va = price[a]!;
    const vb = price[b]!;
    const x = flowIn[e]!;
    const y = flowOut[e]!;
    const aa = 4 * va * (hessianIn[e]! + hh * x * x);
    const bb = 4 * vb * (hessianOut[e]! + hh * y * y);
    const ab = 4 * Math.sqrt(va * vb) * (hessianMixed[e]! - hh * x * y);
    if (a !== pinned) {
      const r = row[a]!;
      diagonal[r] = diagonal[r]! + aa;
      pivot[r] = pivot[r]! + aa;
    }
    if (b !== pinned) {
      const r = row[b]!;
      diagonal[r] = diagonal[r]! + bb;
      pivot[r] = pivot[r]! + bb;
    }
    const entry = entryOfEdge[e]!;
    if (entry >= 0) lower[entry] = lower[entry]! + ab;
  }
}
