import { evaluate } from './evaluate.js';
import { factorise, solveFactorised } from './ldl.js';
import { type DualWorkspace, EDGE_OFF, magnitude, residualValue, strandedValue } from './workspace.js';

/** Widths of the bend of straight pieces, as a share of the price: from round to round narrower. */
const FIRST_BEND = 1e-3;
const LAST_BEND = 1e-6;
const BEND_SHRINK = 0.3;
const MAX_ROUNDS = 40;
/** Value, as a share of the whole, by which straight pieces may be used otherwise than their prices say. */
const SLACKNESS = 1e-9;
const LAST_SLACKNESS = 1e-8;
/** Evaluations of one solve; few take more than two hundred, and those that do settle no more. */
const MAX_EVALUATIONS = 1000;
const MAX_TRIALS = 40;
const SHORTEST_STEP = 1e-11;
/** Share of the first slope along a step that the last one may have. */
const STEEP = 0.5;
const DECREMENT_TOLERANCE = 1e-12;
const LARGEST_SHRINK = 0.25;
const LARGEST_GROWTH = 4;

/**
 * Minimises g(ν) = Σ supply·ν + Σ arb_i(ν) over ν > 0 with the pinned node's price fixed (Angeris et al. 2022;
 * Diamandis et al. 2023), by Newton's method in q = √ν. There an arc's profit is the quadratic form
 * ν_out·Y − ν_in·X + (L/h)·(h·q_out − q_in/√φ)², so that g is piecewise quadratic, the Hessian is constant within a piece,
 * and the step that no longer changes the active set is exact. Where the Hessian in q is not positive definite, the one
 * in ν, which always is, takes its place. A straight piece has no curvature: it is given a small price of taking another
 * share of its room than in the round before, until it takes the same (the proximal point method, Rockafellar 1976).
 * Starts from `w.q` and from the shares of the last solve, ends in `w.q`, allocates nothing.
 */
export function solveDual(w: DualWorkspace): void {
  const { lowest, q } = w;
  for (let n = 0; n < q.length; n++) if (!(q[n]! >= lowest[n]!)) q[n] = lowest[n]!;
  w.evaluations = 0;
  let bend = FIRST_BEND;
  for (let round = 0; round < MAX_ROUNDS && w.evaluations < MAX_EVALUATIONS; round++) {
    bendBy(w, bend);
    minimise(w);
    const slackness = recentre(w) / magnitude(w);
    if (slackness <= SLACKNESS || (bend === LAST_BEND && slackness <= LAST_SLACKNESS)) return;
    bend = Math.max(LAST_BEND, bend * BEND_SHRINK);
  }
  w.settled = false;
}

/** Share of the whole that may be lacking somewhere before the prices are sought from the start again. */
const STRANDED = 1e-3;

/**
 * Solves from the present prices, and from `startQ` where that leads astray: a price that has fallen to nothing hardly
 * rises again, as the gradient in its root vanishes.
 */
export function solveDualOrAnew(w: DualWorkspace, startQ: Float64Array): void {
  solveDual(w);
  if (strandedValue(w) <= magnitude(w) * STRANDED) return;
  w.q.set(startQ);
  w.arcs.centre.fill(0);
  solveDual(w);
}

/** Root of the price, against the lowest, that what cannot be sold is left at: none of a bend counts for less. */
const LEAST_BENT = 100;

/**
 * Sets the width of the bend of straight edges to a share of the price at which each now pays, or of what it would pay.
 */
function bendBy(w: DualWorkspace, bend: number): void {
  const { arcs, lowest, network, q } = w;
  const { nodeIn, nodeOut, segStart, sqrtHigh, unitCost } = network;
  const { straightEdges, width } = arcs;
  for (const e of straightEdges) {
    const from = Math.max(q[nodeIn[e]!]!, lowest[nodeIn[e]!]! * LEAST_BENT);
    const to = Math.max(q[nodeOut[e]!]!, lowest[nodeOut[e]!]! * LEAST_BENT);
    width[e] = bend * Math.min(from * from + unitCost[e]!, sqrtHigh[segStart[e]!]! * to * to);
  }
}

/** Notes the shares that straight pieces take; returns what they would earn more by taking what their prices say. */
function recentre({ arcs: { centre, share, straightEdges, width }, mode, network }: DualWorkspace): number {
  const { liquidity, segStart } = network;
  let slackness = 0;
  for (const e of straightEdges) {
    if (mode[e] === EDGE_OFF) continue;
    for (let k = segStart[e]!; k < segStart[e + 1]!; k++) {
      const now = share[k]!;
      const d = (now - centre[k]!) * width[e]!;
      centre[k] = now;
      if (now > 0 && now < 1) slackness += liquidity[k]! * (d > 0 ? (1 - now) * d : -now * d);
    }
  }
  return slackness;
}

function minimise(w: DualWorkspace): void {
  const { from, q } = w;
  evaluate(w);
  w.settled = false;
  while (w.evaluations < MAX_EVALUATIONS) {
    const scale = magnitude(w);
    const decrement = newtonStep(w);
    from.set(q);
    w.settled = decrement <= DECREMENT_TOLERANCE * scale;
    if (w.settled) {
      // At the optimum itself there is nowhere to go.
      if (decrement > 1e-28 * scale) {
        stepTo(w, 1);
        evaluate(w);
      }
      return;
    }
    const before = w.value;
    const isNear = decrement <= 1e-9 * scale;
    const residual = isNear ? residualValue(w) : 0;
    const length = searchAlong(w, decrement, residual);
    const isStuck = w.value === before && !(residual > 0 && residualValue(w) < residual);
    if (length < SHORTEST_STEP || isStuck) {
      w.settled = isNear;
      return;
    }
  }
}

/**
 * A length of the present step at which the value has fallen enough and the slope is no longer steep, as g is convex found
 * between one that is too short and one that is too long. Where a straight piece bends sharply, a step that only falls
 * would go from one side of the bend to the other and back; one that ends where the slope is small ends within it.
 */
function searchAlong(w: DualWorkspace, decrement: number, residual: number): number {
  const before = w.value;
  let length = 1;
  let low = 0;
  let high = Infinity;
  let slopeLow = -decrement;
  let slopeHigh = Infinity;
  for (let trial = 1; ; trial++) {
    stepTo(w, length);
    evaluate(w);
    const slope = slopeAlong(w, length);
    // Near the optimum the value is constant to the last digit, and only the residual tells progress.
    const falls = w.value <= before - 1e-4 * length * decrement;
    if (residual > 0 && (falls || residualValue(w) < residual)) return length;
    const isShort = slope < -STEEP * decrement && high < Infinity;
    if (falls && slope <= STEEP * decrement && !isShort) return length;
    if (trial === MAX_TRIALS) return length;
    if (falls && slope <= 0) [low, slopeLow] = [length, slope];
    else [high, slopeHigh] = [length, slope];
    const room = high - low;
    // By the secant, within bounds; every other time the middle, so that a jump of the slope is found as well.
    const share = slopeHigh > 0 && trial % 2 === 1 ? slopeLow / (slopeLow - slopeHigh) : 0.5;
    length = low + room * Math.min(0.9, Math.max(0.1, share));
  }
}

/** The derivative of g along the present step, at `length` of it. */
function slopeAlong({ from, imbalance, pinned, q, step }: DualWorkspace, length: number): number {
  let slope = 0;
  for (let n = 0; n < q.length; n++) {
    // A price that was held back at a bound does not move.
    if (n !== pinned && q[n] === from[n]! + length * step[n]!) slope += 2 * q[n]! * imbalance[n]! * step[n]!;
  }
  return slope;
}

/** Prices after `length` of the present step; none shrinks or grows beyond all bounds at once. */
function stepTo({ from, lowest, pinned, q, step }: DualWorkspace, length: number): void {
  for (let n = 0; n < q.length; n++) {
    if (n === pinned) continue;
    const at = from[n]!;
    const next = at + length * step[n]!;
    const least = Math.max(lowest[n]!, at * LARGEST_SHRINK);
    q[n] = next < least ? least : next > at * LARGEST_GROWTH ? at * LARGEST_GROWTH : next;
  }
}

/** Newton's direction in q into `w.step`; returns the decrement gradᵀH⁻¹grad in numeraire. */
function newtonStep(w: DualWorkspace): number {
  const { factorization, imbalance, pinned, q, right, step } = w;
  const { row } = factorization;
  assemble(w, true);
  if (!factorise(factorization, false)) {
    assemble(w, false);
    factorise(factorization, true);
  }
  for (let n = 0; n < q.length; n++) if (n !== pinned) right[row[n]!] = -q[n]! * imbalance[n]!;
  solveFactorised(factorization, right);
  let decrement = 0;
  for (let n = 0; n < q.length; n++) {
    if (n === pinned) continue;
    const d = right[row[n]!]!;
    step[n] = d;
    decrement -= 2 * q[n]! * imbalance[n]! * d;
  }
  return decrement;
}

/** Half the Hessian in q. Not `exact`: without the sign of ∂g/∂ν on the diagonal, so that it is positive definite. */
function assemble(w: DualWorkspace, exact: boolean): void {
  const { active, activeCount, factorization, hessianIn, hessianMixed, hessianOut, imbalance, network } = w;
  const { pinned, supply } = w;
  const { diagonal, entryOfEdge, lower, pivot, row } = factorization;
  const { nodeIn, nodeOut } = network;
  lower.fill(0);
  for (let n = 0; n < supply.length; n++) {
    if (n === pinned) continue;
    const r = row[n]!;
    const out = imbalance[n]!;
    const s = exact ? supply[n]! : supply[n]! - out + Math.abs(out);
    diagonal[r] = s;
    pivot[r] = Math.abs(s);
  }
  for (let i = 0; i < activeCount; i++) {
    const e = active[i]!;
    const a = nodeIn[e]!;
    const b = nodeOut[e]!;
    if (a !== pinned) {
      const r = row[a]!;
      diagonal[r] = diagonal[r]! + hessianIn[e]!;
      pivot[r] = pivot[r]! + Math.abs(hessianIn[e]!);
    }
    if (b !== pinned) {
      const r = row[b]!;
      diagonal[r] = diagonal[r]! + hessianOut[e]!;
      pivot[r] = pivot[r]! + Math.abs(hessianOut[e]!);
    }
    const entry = entryOfEdge[e]!;
    if (entry >= 0) lower[entry] = lower[entry]! + hessianMixed[e]!;
  }
}
