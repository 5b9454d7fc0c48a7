import { evaluate } from './evaluate.js';
import { factorise, solveFactorised } from './ldl.js';
import { type DualWorkspace, magnitude, residualValue } from './workspace.js';

const LAST_BEND = 1e-7;
const FIRST_BEND = 1e-2;
const BEND_SHRINK = 0.1;
const MAX_ITERATIONS = 100;
const STAGE_ITERATIONS = 25;
const QUICK_ITERATIONS = 12;
const MAX_HALVINGS = 30;
const DECREMENT_TOLERANCE = 1e-12;
const LARGEST_SHRINK = 0.25;
const LARGEST_GROWTH = 4;

/**
 * Minimises g(ν) = Σ supply·ν + Σ arb_i(ν) over ν > 0 with the pinned node's price fixed (Angeris et al. 2022;
 * Diamandis et al. 2023), by Newton's method in q = √ν. There an arc's profit is the quadratic form
 * ν_out·Y − ν_in·X + (L/h)·(h·q_out − q_in/√φ)², so that g is piecewise quadratic, the Hessian is constant within a piece,
 * and the step that no longer changes the active set is exact. Where the Hessian in q is not positive definite, the one
 * in ν, which always is, takes its place. Straight pieces are bent by a small share of their price; where the warm start
 * is too far off for the last bend, wider ones lead up to it. Starts from `w.q`, ends in it, allocates nothing.
 */
export function solveDual(w: DualWorkspace): void {
  const { lowest, q } = w;
  for (let n = 0; n < q.length; n++) if (!(q[n]! >= lowest[n]!)) q[n] = lowest[n]!;
  w.iterations = 0;
  bendBy(w, LAST_BEND);
  if (minimise(w, w.network.hasStraightEdges ? QUICK_ITERATIONS : MAX_ITERATIONS)) return;
  for (let bend = FIRST_BEND; bend >= LAST_BEND * 0.999; bend *= BEND_SHRINK) {
    bendBy(w, bend);
    minimise(w, bend > 10 * LAST_BEND ? STAGE_ITERATIONS : MAX_ITERATIONS);
  }
}

/** Sets the width of the bend of straight edges to a share of the price at which each now pays. */
function bendBy({ arcs: { straightEdges, width }, network, q }: DualWorkspace, bend: number): void {
  for (const e of straightEdges) {
    const root = q[network.nodeIn[e]!]!;
    width[e] = bend * (root * root + network.unitCost[e]!);
  }
}

function minimise(w: DualWorkspace, limit: number): boolean {
  const { from, q } = w;
  evaluate(w);
  w.settled = false;
  for (let iteration = 0; iteration < limit; iteration++) {
    w.iterations++;
    const scale = magnitude(w);
    const decrement = newtonStep(w);
    const tolerance = DECREMENT_TOLERANCE * scale;
    if (decrement <= 1e-28 * scale) {
      w.settled = true;
      return true;
    }
    const before = w.value;
    const residual = decrement <= 1e-9 * scale ? residualValue(w) : 0;
    from.set(q);
    let length = 1;
    for (let trial = 0; trial < MAX_HALVINGS; trial++, length *= 0.5) {
      stepTo(w, length);
      evaluate(w);
      // Near the optimum the value is constant to the last digit, and only the residual tells progress.
      if (w.value <= before - 1e-4 * length * decrement) break;
      if (residual > 0 && residualValue(w) < residual) break;
      if (decrement <= tolerance) break;
    }
    if (decrement <= tolerance && length === 1) {
      w.settled = true;
      return true;
    }
    if (length < 1e-11) {
      w.settled = decrement <= 1e-9 * scale;
      return w.settled;
    }
  }
  return false;
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
