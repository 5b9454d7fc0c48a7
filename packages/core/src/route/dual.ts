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
  readonly curvature: Float64Array;
  readonly bend: Float64Array;
  readonly imbalance: Float64Array;
  readonly trialPrice: Float64Array;
  readonly step: Float64Array;
  readonly right: Float64Array;
  readonly factorization: Factorization;
  /** One number: the relative price spread for the slope of stiff edges; 0 for the slope at the point. */
  readonly spread: Float64Array;
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
    curvature: new Float64Array(edgeCount),
    bend: new Float64Array(edgeCount),
    imbalance: new Float64Array(nodeCount),
    trialPrice: new Float64Array(nodeCount),
    step: new Float64Array(nodeCount),
    right: new Float64Array(factorization.size),
    factorization,
    spread: new Float64Array(1),
  };
}

/** Fraction of a fixed cost over which switching an edge on is smoothed in a relaxation. */
const RELAXED_WIDTH = 0.02;
const MAX_ITERATIONS = 120;
const MAX_HALVINGS = 30;
/** Relative price scales at which the slope of stiff edges is taken, from the first step to the last. */
const WIDEST_SPREAD = 1e-2;
const NARROWEST_SPREAD = 1e-9;
const SPREAD_SHRINK = 0.1;
const DECREMENT_TOLERANCE = 1e-14;
const RESIDUAL_TOLERANCE = 1e-10;
const LARGEST_SHRINK = 0.3;
const LARGEST_GROWTH = 3;

/**
 * Minimises g(ν) = Σ supply·ν + Σ arb_i(ν) over ν > 0 with the pinned node's price fixed (Angeris et al. 2022;
 * Diamandis et al. 2023), by Newton's method in q = √ν, where a constant-product network is piecewise quadratic: the
 * active set of segments settles within a few steps and the step after that is exact. Where the Hessian in q is not
 * positive definite, the one in ν (always convex) takes its place. Edges that are almost straight have a gradient that
 * jumps; their slope is taken as a difference over a spread of prices that narrows as the steps do, so that a jump which
 * is near is seen before it is met. Starts from `w.price`, ends in it.
 */
export function solveDual(w: DualWorkspace): DualResult {
  const { price, trialPrice } = w;
  w.spread[0] = w.network.hasStiffEdges || w.mode.includes(EDGE_RELAXED) ? WIDEST_SPREAD : 0;
  let value = evaluate(w, price);
  let iterations = 0;
  let residual = residualValue(w);
  for (; iterations < MAX_ITERATIONS; iterations++) {
    const scale = magnitude(w);
    const decrement = newtonStep(w);
    if (decrement <= DECREMENT_TOLERANCE * scale && residual <= RESIDUAL_TOLERANCE * scale) break;
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
    const moved = accepted ? largestMove(w) : 0;
    if (!accepted) price.set(trialPrice);
    if (moved < w.spread[0]!)
      w.spread[0] = w.spread[0]! * SPREAD_SHRINK < NARROWEST_SPREAD ? 0 : w.spread[0]! * SPREAD_SHRINK;
    else if (accepted) continue;
    else {
      value = evaluate(w, price);
      residual = residualValue(w);
      break;
    }
    value = evaluate(w, price);
    residual = residualValue(w);
  }
  return { value, iterations, residual };
}

/** Largest relative move of a price in the last step. */
function largestMove({ pinned, price, trialPrice }: DualWorkspace): number {
  let most = 0;
  for (let n = 0; n < price.length; n++) {
    if (n !== pinned) most = Math.max(most, Math.abs(price[n]! / trialPrice[n]! - 1));
  }
  return most;
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

/** g at `price`; leaves flows, profits, curvatures and the gradient in ν (`imbalance`, units) behind. */
export function evaluate(w: DualWorkspace, price: Float64Array): number {
  const { bend, curvature, flowIn, flowOut, imbalance, mode, network, profit, supply, weight } = w;
  const { edgeCount, inBefore, liquidity, nodeIn, nodeOut, outBefore } = network;
  const { segStart, sqrtHigh, sqrtLow, sqrtPhi, phi, stiff, unitCost } = network;
  const spread = w.spread[0]!;
  const switchWidth = Math.max(RELAXED_WIDTH, Math.min(1, spread * 100));
  let value = 0;
  for (let n = 0; n < supply.length; n++) {
    imbalance[n] = supply[n]!;
    value += supply[n]! * price[n]!;
  }
  for (let e = 0; e < edgeCount; e++) {
    if (mode[e] === EDGE_OFF) {
      flowIn[e] = flowOut[e] = profit[e] = weight[e] = curvature[e] = bend[e] = 0;
      continue;
    }
    const a = nodeIn[e]!;
    const b = nodeOut[e]!;
    const vi = price[a]! + unitCost[e]!;
    const vo = price[b]!;
    const stop = Math.sqrt(vi / vo) / sqrtPhi[e]!;
    let k = segStart[e]!;
    let end = segStart[e + 1]!;
    const wide = spread > 0 && stiff[e] === 1 && k < end ? slopeOver(network, e, stop, spread) : -1;
    if (k === end || stop >= sqrtHigh[k]!) {
      flowIn[e] = flowOut[e] = profit[e] = weight[e] = bend[e] = 0;
      curvature[e] = mode[e] === EDGE_ON ? Math.max(0, wide) : 0;
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
    let s = stop;
    let c = 0;
    if (stop <= low) s = low;
    else c = (l * stop) / 2;
    const drop = high - s;
    const input = inBefore[k]! + (l * drop) / (s * high * phi[e]!);
    const output = outBefore[k]! + l * drop;
    // Profit of a partial arc in the form that does not cancel: ν_out·L·(high − s)²/high.
    let gain =
      c > 0 ? vo * outBefore[k]! - vi * inBefore[k]! + (vo * l * drop * drop) / high : vo * output - vi * input;
    if (gain < 0) gain = 0;
    profit[e] = gain;
    let h = 1;
    let hh = 0;
    let counted = gain;
    const cost = w.cost[e]!;
    if (mode[e] === EDGE_RELAXED && cost > 0) {
      const excess = gain - cost;
      const width = cost * switchWidth;
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
    curvature[e] = (wide >= 0 ? wide : c) * h;
    bend[e] = hh;
    flowIn[e] = h > 0 ? input : 0;
    flowOut[e] = h > 0 ? output : 0;
    imbalance[a] = imbalance[a]! - input * h;
    imbalance[b] = imbalance[b]! + output * h;
    value += counted;
  }
  return value;
}

/** ∂output/∂log ν_out as a difference over prices of the output from e^−spread to e^spread times its own. */
function slopeOver(network: Network, e: number, stop: number, spread: number): number {
  const factor = 1 + spread / 2;
  return (outputUpTo(network, e, stop / factor) - outputUpTo(network, e, stop * factor)) / (2 * spread);
}

/** Output of edge e when it trades until the root of its marginal price is `stop`. */
function outputUpTo({ liquidity, outBefore, segStart, sqrtHigh, sqrtLow }: Network, e: number, stop: number): number {
  let k = segStart[e]!;
  let end = segStart[e + 1]!;
  if (stop >= sqrtHigh[k]!) return 0;
  while (end - k > 1) {
    const middle = (k + end) >> 1;
    if (sqrtHigh[middle]! > stop) k = middle;
    else end = middle;
  }
  return outBefore[k]! + liquidity[k]! * (sqrtHigh[k]! - Math.max(stop, sqrtLow[k]!));
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
  const { bend, curvature, factorization, flowIn, flowOut, imbalance, network, pinned, price } = w;
  const { diagonal, entryOfEdge, lower, pivot, row } = factorization;
  const { edgeCount, nodeIn, nodeOut, unitCost } = network;
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
    const c = curvature[e]!;
    const hh = bend[e]!;
    if (c === 0 && hh === 0) continue;
    const a = nodeIn[e]!;
    const b = nodeOut[e]!;
    const va = price[a]!;
    const vb = price[b]!;
    const vi = va + unitCost[e]!;
    const x = flowIn[e]!;
    const y = flowOut[e]!;
    const aa = 4 * va * ((c * vb) / (vi * vi) + hh * x * x);
    const bb = 4 * vb * (c / vb + hh * y * y);
    const ab = -4 * Math.sqrt(va * vb) * (c / vi + hh * x * y);
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
