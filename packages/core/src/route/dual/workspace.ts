import { analyse, type Factorization } from './ldl.js';
import type { Network } from '../network.js';

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
  /**
   * Width over which switching on is smoothed, relative to the cost: half of it below the cost, half above, so that what is
   * switched on earns no more than it truly does, and a bound is off only by what is in doubt.
   */
  switchWidth: number;
  /** How often the last solve evaluated the dual. */
  evaluations: number;
  /** Whether the last solve met its tolerance. */
  settled: boolean;
  readonly from: Float64Array;
  readonly step: Float64Array;
  readonly right: Float64Array;
  readonly hessianIn: Float64Array;
  readonly hessianMixed: Float64Array;
  readonly hessianOut: Float64Array;
  readonly edgeSum: Float64Array;
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
  /** By straight piece: the share of its room that it took when it was last solved, and that it takes now. */
  readonly centre: Float64Array;
  readonly share: Float64Array;
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
    evaluations: 0,
    settled: false,
    from: new Float64Array(nodeCount),
    step: new Float64Array(nodeCount),
    right: new Float64Array(factorization.size),
    hessianIn: new Float64Array(edgeCount),
    hessianMixed: new Float64Array(edgeCount),
    hessianOut: new Float64Array(edgeCount),
    edgeSum: new Float64Array(EDGE_SUMS),
    factorization,
    arcs: {
      reach,
      inverseRootPhi: Float64Array.from(sqrtPhi, (root) => 1 / root),
      straightEdges: Int32Array.from(straightEdges),
      width: new Float64Array(edgeCount),
      centre: new Float64Array(network.liquidity.length),
      share: new Float64Array(network.liquidity.length),
    },
  };
}

/** In, out, gain, smoothed gain and the three second derivatives of an edge with more than one way to trade. */
const EDGE_SUMS = 7;

/** Least root of a price against that at zero size. */
export const LOWEST: number = 1e-5;

/** More segments than any edge has. */
export const NO_LIMIT: number = 2 ** 30;

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

/**
 * The same where each token counts for no less than it was worth to start with: a price that has fallen to nothing must
 * not hide what is lacking there.
 */
export function strandedValue(w: DualWorkspace): number {
  const { imbalance, pinned, q } = w;
  let total = 0;
  for (let n = 0; n < q.length; n++) if (n !== pinned) total += Math.abs(imbalance[n]!) * leastWorth(w, n);
  return total;
}

/** Price of a node, no less than it was to start with. */
function leastWorth({ lowest, q }: DualWorkspace, n: number): number {
  const root = Math.max(q[n]!, lowest[n]! / LOWEST);
  return root * root;
}

/** What an edge takes in, in numeraire, at no less than it was worth to start with: flows of what is free are flows. */
export function flowWorth(w: DualWorkspace, e: number): number {
  return w.flowIn[e]! * leastWorth(w, w.network.nodeIn[e]!);
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
