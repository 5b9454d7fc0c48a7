import { analyse, factorise, type Factorization, solveFactorised } from './ldl.js';
import type { Network } from './network.js';

/** What an edge may do in one solve. A relaxed edge trades only as far as its profit exceeds its cost. */
export const EDGE_OFF = 0;
export const EDGE_ON = 1;
export const EDGE_RELAXED = 2;

/**
 * Everything that one solve reads and writes, allocated once for a network and warm from solve to solve. The unknowns are
 * q = √ν, the roots of the nodes' prices. `supply` is in units: positive where an amount must be absorbed, negative where
 * it must be delivered. Flows, profits and `imbalance` are valid for `q` after {@link solveDual}; of edges that are not
 * live nothing is read and nothing written but zero flows.
 */
export interface DualWorkspace {
  readonly network: Network;
  readonly pinned: number;
  readonly supply: Float64Array;
  readonly mode: Uint8Array;
  /** What switching on a relaxed edge costs: the fixed cost, plus the price of a hop where hops are scarce. */
  readonly cost: Float64Array;
  /** Of edges whose further segments cost: how many of them must and may be reached at most. */
  readonly leastCrossed: Int32Array;
  readonly mostCrossed: Int32Array;
  /** The further segments that the last evaluation reached by more than half, and the one that it was least sure of. */
  readonly crossed: Int32Array;
  readonly doubtful: Int32Array;
  readonly tickDoubt: Float64Array;
  readonly q: Float64Array;
  /** No root of a price falls below this: at q = 0 the gradient in q vanishes whatever the flows are. */
  readonly lowest: Float64Array;
  /** Edges that are not off, the first `liveCount` of them. */
  readonly live: Int32Array;
  liveCount: number;
  /** Live edges with flow at `q`, the first `activeCount` of them. */
  readonly active: Int32Array;
  activeCount: number;
  /** Flows of an edge; a relaxed edge carries `weight` of what its prices alone would make it carry. */
  readonly flowIn: Float64Array;
  readonly flowOut: Float64Array;
  /** Profit of each active edge, before its cost and without smoothing. */
  readonly profit: Float64Array;
  readonly weight: Float64Array;
  readonly imbalance: Float64Array;
  /** Smoothed and exact dual value of the last evaluation, before the costs of edges that are on. */
  value: number;
  bound: number;
  /** Width over which switching on is smoothed, relative to the cost. */
  switchWidth: number;
  iterations: number;
  /** Whether the last solve met its tolerance. */
  settled: boolean;
  readonly from: Float64Array;
  readonly step: Float64Array;
  readonly right: Float64Array;
  readonly hessianIn: Float64Array;
  readonly hessianMixed: Float64Array;
  readonly hessianOut: Float64Array;
  readonly tickSum: Float64Array;
  readonly factorization: Factorization;
  readonly arcs: Arcs;
}

/** Per segment and edge, what the loop over the edges needs and nothing else. */
interface Arcs {
  /** An edge trades at all where q_out·reach > q_in. */
  readonly reach: Float64Array;
  readonly inverseRootPhi: Float64Array;
  readonly straightEdges: Int32Array;
  /** Numeraire per unit of input over which a straight edge is bent. */
  readonly width: Float64Array;
}

export function createWorkspace(network: Network, pinned: number): DualWorkspace {
  const { edgeCount, nodeCount, nodeIn, nodeOut, segStart, sqrtHigh, sqrtPhi, straight } = network;
  const factorization = analyse(nodeCount, pinned, nodeIn, nodeOut);
  const reach = new Float64Array(edgeCount);
  const straightEdges: number[] = [];
  for (let e = 0; e < edgeCount; e++) {
    const first = segStart[e]!;
    if (first === segStart[e + 1]!) continue;
    reach[e] = sqrtHigh[first]! * sqrtPhi[e]!;
    if (straight[e] === 1) straightEdges.push(e);
  }
  return {
    network,
    pinned,
    supply: new Float64Array(nodeCount),
    mode: new Uint8Array(edgeCount).fill(EDGE_ON),
    cost: Float64Array.from(network.fixedCost),
    leastCrossed: new Int32Array(edgeCount),
    mostCrossed: new Int32Array(edgeCount).fill(NO_LIMIT),
    crossed: new Int32Array(edgeCount),
    doubtful: new Int32Array(edgeCount),
    tickDoubt: new Float64Array(edgeCount),
    q: new Float64Array(nodeCount).fill(1),
    lowest: new Float64Array(nodeCount),
    live: Int32Array.from({ length: edgeCount }, (_, e) => e),
    liveCount: edgeCount,
    active: new Int32Array(edgeCount),
    activeCount: 0,
    flowIn: new Float64Array(edgeCount),
    flowOut: new Float64Array(edgeCount),
    profit: new Float64Array(edgeCount),
    weight: new Float64Array(edgeCount),
    imbalance: new Float64Array(nodeCount),
    value: 0,
    bound: 0,
    switchWidth: 0.02,
    iterations: 0,
    settled: false,
    from: new Float64Array(nodeCount),
    step: new Float64Array(nodeCount),
    right: new Float64Array(factorization.size),
    hessianIn: new Float64Array(edgeCount),
    hessianMixed: new Float64Array(edgeCount),
    hessianOut: new Float64Array(edgeCount),
    tickSum: new Float64Array(TICK_SUMS),
    factorization,
    arcs: {
      reach,
      inverseRootPhi: Float64Array.from(sqrtPhi, (root) => 1 / root),
      straightEdges: Int32Array.from(straightEdges),
      width: new Float64Array(edgeCount),
    },
  };
}

/** More segments than any edge has. */
export const NO_LIMIT: number = 2 ** 30;
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

/** Total value that moves at the present prices: what tolerances are relative to. */
export function magnitude({ q, supply }: DualWorkspace): number {
  let total = 0;
  for (let n = 0; n < q.length; n++) {
    const s = supply[n]!;
    if (s !== 0) total += Math.abs(s) * q[n]! * q[n]!;
  }
  return total;
}

/** Value in numeraire of all that the flows leave over or lack; about zero at the optimum. */
export function residualValue({ imbalance, pinned, q }: DualWorkspace): number {
  let total = 0;
  for (let n = 0; n < q.length; n++) if (n !== pinned) total += Math.abs(imbalance[n]!) * q[n]! * q[n]!;
  return total;
}

/** g at `w.q`; leaves flows, profits, second derivatives and the gradient in ν (`imbalance`) behind. */
export function evaluate(w: DualWorkspace): void {
  const { active, arcs, cost, flowIn, flowOut, hessianIn, hessianMixed, hessianOut, imbalance, live, mode } = w;
  const { network, profit, q, supply, tickSum, weight } = w;
  const { inBefore, liquidity, nodeIn, nodeOut, outBefore, segStart, sqrtHigh, sqrtLow, straight, tickCost } = network;
  const { inverseRootPhi, reach, width: bendWidth } = arcs;
  const { liveCount, switchWidth } = w;
  let value = 0;
  let bound = 0;
  let count = 0;
  for (let n = 0; n < supply.length; n++) {
    const s = supply[n]!;
    imbalance[n] = s;
    if (s !== 0) value += s * q[n]! * q[n]!;
  }
  bound = value;
  for (let i = 0; i < liveCount; i++) {
    const e = live[i]!;
    const a = nodeIn[e]!;
    const b = nodeOut[e]!;
    const qi = q[a]!;
    const qo = q[b]!;
    let x: number;
    let y: number;
    let gain: number;
    let smooth: number;
    let hii: number;
    let hio: number;
    let hoo: number;
    if (straight[e] === 0) {
      if (qo * reach[e]! <= qi) {
        flowIn[e] = 0;
        flowOut[e] = 0;
        weight[e] = 0;
        profit[e] = 0;
        continue;
      }
      const c = inverseRootPhi[e]!;
      if (tickCost[e]! > 0) {
        crossTicks(w, e, qi, qo, c);
        x = tickSum[0]!;
        y = tickSum[1]!;
        gain = tickSum[2]!;
        smooth = tickSum[3]!;
        hii = tickSum[4]!;
        hio = tickSum[5]!;
        hoo = tickSum[6]!;
      } else {
        let k = segStart[e]!;
        let end = segStart[e + 1]!;
        if (end - k > 1) {
          // The last segment that begins above the stopping price.
          const stop = (qi * c) / qo;
          while (end - k > 1) {
            const middle = (k + end) >> 1;
            if (sqrtHigh[middle]! > stop) k = middle;
            else end = middle;
          }
        }
        const high = sqrtHigh[k]!;
        const low = sqrtLow[k]!;
        const l = liquidity[k]!;
        const before = outBefore[k]!;
        const paid = inBefore[k]!;
        if (qo * low < qi * c) {
          const t = high * qo - c * qi;
          x = paid + (l * c * t) / (qi * high);
          y = before + (l * t) / qo;
          gain = (l / high) * t * t + qo * qo * before - qi * qi * paid;
          hii = (l * c * c) / high - paid;
          hio = -l * c;
          hoo = l * high + before;
        } else {
          x = paid + l * (1 / low - 1 / high) * c * c;
          y = before + l * (high - low);
          gain = qo * qo * y - qi * qi * x;
          hii = -x;
          hio = 0;
          hoo = y;
        }
        if (!(gain > 0)) gain = 0;
        smooth = gain;
      }
    } else {
      const vi = qi * qi + network.unitCost[e]!;
      const vo = qo * qo;
      const width = bendWidth[e]!;
      x = y = gain = smooth = hii = hio = hoo = 0;
      for (let k = segStart[e]!; k < segStart[e + 1]!; k++) {
        const rate = sqrtHigh[k]!;
        const room = liquidity[k]!;
        const d = rate * vo - vi;
        if (d > 0) gain += room * d;
        const above = d + width / 2;
        if (above <= 0) break;
        let part = room;
        if (above < width) {
          part = (room * above) / width;
          smooth += (part * above) / 2;
          const slope = (2 * room) / width;
          hii += slope * qi * qi;
          hio -= slope * rate * qi * qo;
          hoo += slope * rate * rate * vo;
        } else smooth += room * d;
        x += part;
        y += part * rate;
      }
      if (x === 0) {
        flowIn[e] = 0;
        flowOut[e] = 0;
        weight[e] = 0;
        profit[e] = 0;
        continue;
      }
      hii -= x;
      hoo += y;
    }
    let h = 1;
    if (mode[e] === EDGE_RELAXED && cost[e]! > 0) {
      if (gain > cost[e]!) bound += gain - cost[e]!;
      const excess = smooth - cost[e]!;
      const width = cost[e]! * switchWidth;
      if (excess <= 0) {
        flowIn[e] = 0;
        flowOut[e] = 0;
        weight[e] = 0;
        profit[e] = gain;
        continue;
      }
      if (excess < width) {
        h = excess / width;
        value += (excess * excess) / (2 * width);
        // The gradient of the profit in q is (−2·q_in·x, 2·q_out·y); half of its square over the width bends g.
        const gi = qi * x;
        const go = qo * y;
        hii = hii * h + (2 * gi * gi) / width;
        hio = hio * h - (2 * gi * go) / width;
        hoo = hoo * h + (2 * go * go) / width;
        x *= h;
        y *= h;
      } else value += excess - width / 2;
    } else {
      value += smooth;
      bound += gain;
    }
    weight[e] = h;
    profit[e] = gain;
    flowIn[e] = x;
    flowOut[e] = y;
    hessianIn[e] = hii;
    hessianMixed[e] = hio;
    hessianOut[e] = hoo;
    imbalance[a] = imbalance[a]! - x;
    imbalance[b] = imbalance[b]! + y;
    active[count++] = e;
  }
  w.activeCount = count;
  w.value = value;
  w.bound = bound;
}

/** In, out, gain, smoothed gain and the three second derivatives of the edge that {@link crossTicks} was called for. */
const TICK_SUMS = 7;

/**
 * An edge whose further segments cost `tickCost` each: every segment is an arc of its own, switched on as a relaxed edge
 * is, except those that must be reached. The gain is exact, the most over all depths.
 */
function crossTicks(w: DualWorkspace, e: number, qi: number, qo: number, c: number): void {
  const { leastCrossed, mostCrossed, network, switchWidth, tickSum } = w;
  const { liquidity, segStart, sqrtHigh, sqrtLow, tickCost } = network;
  const first = segStart[e]!;
  const end = segStart[e + 1]!;
  const least = leastCrossed[e]!;
  const most = mostCrossed[e]!;
  const price = tickCost[e]!;
  const width = price * switchWidth;
  let x = 0;
  let y = 0;
  let smooth = 0;
  let run = 0;
  let gain = 0;
  let hii = 0;
  let hio = 0;
  let hoo = 0;
  let deepest = 0;
  let doubt = 0;
  let doubtful = 0;
  for (let j = 0; first + j < end && j <= most; j++) {
    const k = first + j;
    const high = sqrtHigh[k]!;
    const isReached = qo * high > qi * c;
    if (!isReached && j > least) break;
    const extra = j === 0 ? 0 : price;
    if (!isReached) {
      run -= extra;
      smooth -= extra;
      gain = run;
      deepest = j;
      continue;
    }
    const l = liquidity[k]!;
    const low = sqrtLow[k]!;
    let dx: number;
    let dy: number;
    let won: number;
    let ii: number;
    let io = 0;
    let oo: number;
    if (qo * low < qi * c) {
      const t = high * qo - c * qi;
      dx = (l * c * t) / (qi * high);
      dy = (l * t) / qo;
      won = (l / high) * t * t;
      ii = (l * c * c) / high;
      io = -l * c;
      oo = l * high;
    } else {
      dx = l * (1 / low - 1 / high) * c * c;
      dy = l * (high - low);
      won = qo * qo * dy - qi * qi * dx;
      ii = -dx;
      oo = dy;
    }
    run += won - extra;
    if (j <= least) gain = run;
    else if (run > gain) gain = run;
    let h = 1;
    if (j <= least) smooth += won - extra;
    else {
      const excess = won - extra;
      const sure = excess / width;
      if (excess <= 0) continue;
      if (sure < 1) {
        h = sure;
        if (price * Math.min(h, 1 - h) > doubt) {
          doubt = price * Math.min(h, 1 - h);
          doubtful = j;
        }
        smooth += (excess * excess) / (2 * width);
        const gi = qi * dx;
        const go = qo * dy;
        ii = ii * h + (2 * gi * gi) / width;
        io = io * h - (2 * gi * go) / width;
        oo = oo * h + (2 * go * go) / width;
      } else smooth += excess - width / 2;
    }
    if (h > 0.5) deepest = j;
    x += dx * h;
    y += dy * h;
    hii += ii;
    hio += io;
    hoo += oo;
  }
  w.crossed[e] = deepest;
  w.doubtful[e] = doubtful;
  w.tickDoubt[e] = doubt;
  tickSum[0] = x;
  tickSum[1] = y;
  tickSum[2] = gain;
  tickSum[3] = smooth;
  tickSum[4] = hii;
  tickSum[5] = hio;
  tickSum[6] = hoo;
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

/** Makes `edges` the only ones that are not off, all in `mode`. */
export function setLive(w: DualWorkspace, edges: ArrayLike<number>, mode: number): void {
  const { flowIn, flowOut, live, weight } = w;
  for (let i = 0; i < w.liveCount; i++) {
    const e = live[i]!;
    flowIn[e] = flowOut[e] = weight[e] = 0;
    w.mode[e] = EDGE_OFF;
  }
  for (let i = 0; i < edges.length; i++) {
    const e = edges[i]!;
    live[i] = e;
    w.mode[e] = mode;
  }
  w.liveCount = edges.length;
}
