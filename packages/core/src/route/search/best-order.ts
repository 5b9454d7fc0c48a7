import { greedyOrder } from '../acyclic.js';
import { evaluate } from '../dual/evaluate.js';
import { EDGE_ON, setLive } from '../dual/workspace.js';
import { readCandidate } from './candidates.js';
import { singlePaths } from './seeds.js';
import { type Candidate, isBetter, type SearchState, solve } from './state.js';

/** Orders of the nodes that are tried: so many solved edges in all, within limits. */
const ORDER_EFFORT = 100_000;
const MIN_ORDERS = 12;
const MAX_ORDERS = 800;
const TRIED_MOVES = 40;

/**
 * Flows that run in a circle come only from inconsistent states, and are refused. What remains convex is the optimum
 * over edges that go forwards in an order of the nodes. The order starts from what goes against the least flow, and
 * nodes are moved where edges against it would earn most, as long as that helps.
 *
 * @returns The best flows found, and the edges that go forwards in their order.
 */
export function bestOrder(state: SearchState, free: Candidate): [Candidate, Int32Array] {
  const { all, budget, network, sink, source, workspace: w } = state;
  const { edgeCount, isHop, nodeIn, nodeOut } = network;
  const tries = Math.max(MIN_ORDERS, Math.min(MAX_ORDERS, Math.round(ORDER_EFFORT / edgeCount)));
  const limit = Math.min(budget, state.solves + tries);
  let bestValue = -Infinity;
  let chosen = free;
  let within: Int32Array = all;
  let rank: Int32Array = greedyOrder(network, source, sink, free.edges, valueOfFlows(state, free));
  const attempt = (order: Int32Array, q: Float64Array): boolean => {
    const edges = all.filter((e) => isHop[e] === 0 || order[nodeIn[e]!]! < order[nodeOut[e]!]!);
    setLive(w, edges, EDGE_ON);
    w.q.set(q);
    solve(state);
    if (!w.settled) {
      // Prices of another order can lie too far off to come back from: start anew.
      w.q.set(state.startQ);
      solve(state);
    }
    const read = readCandidate(state);
    if (!isBetter(read.net, bestValue)) return false;
    bestValue = read.net;
    rank = order;
    within = edges;
    chosen = read;
    return true;
  };
  attempt(rank, free.q);
  for (const path of singlePaths(state)) {
    if (state.solves >= limit) break;
    attempt(alongPath(state, rank, path), chosen.q);
  }
  for (let progress = true; progress && state.solves < limit;) {
    progress = false;
    for (const { from, to } of againstOrder(state, rank, chosen.q)) {
      if (state.solves >= limit) break;
      if (attempt(moved(rank, from, rank[to]!), chosen.q) || attempt(moved(rank, to, rank[from]!), chosen.q)) {
        progress = true;
        break;
      }
    }
  }
  return [chosen, within];
}

function valueOfFlows({ network: { nodeIn }, workspace: { flowIn } }: SearchState, { edges, q }: Candidate): number[] {
  return edges.map((e) => flowIn[e]! * q[nodeIn[e]!]! * q[nodeIn[e]!]!);
}

interface Pair {
  readonly from: number;
  readonly to: number;
  profit: number;
}

/** Pairs of nodes whose edges go against the order, those that would earn most at the prices first. */
function againstOrder(state: SearchState, rank: Int32Array, q: Float64Array): Pair[] {
  const { all, network, sink, source, workspace: w } = state;
  const { isHop, nodeCount, nodeIn, nodeOut } = network;
  setLive(w, all, EDGE_ON);
  w.q.set(q);
  evaluate(w);
  const pairs = new Map<number, Pair>();
  for (let i = 0; i < w.activeCount; i++) {
    const e = w.active[i]!;
    const from = nodeIn[e]!;
    const to = nodeOut[e]!;
    if (isHop[e] === 0 || rank[from]! < rank[to]! || from === sink || to === source) continue;
    if (from === source || to === sink) continue;
    const key = from * nodeCount + to;
    const pair = pairs.get(key);
    if (pair === undefined) pairs.set(key, { from, to, profit: w.profit[e]! });
    else pair.profit += w.profit[e]!;
  }
  return [...pairs.values()].sort((a, b) => b.profit - a.profit).slice(0, TRIED_MOVES);
}

/** The order with one node moved to another's place. */
function moved(rank: Int32Array, node: number, to: number): Int32Array {
  const from = rank[node]!;
  return rank.map((r, n) => {
    if (n === node) return to;
    if (from < to) return r > from && r <= to ? r - 1 : r;
    return r >= to && r < from ? r + 1 : r;
  });
}

/** The order with the nodes of a path brought into the path's own order, within the places that they have. */
function alongPath(
  { network: { nodeOut }, sink, source }: SearchState,
  rank: Int32Array,
  path: readonly number[],
): Int32Array {
  const inner = path.map((e) => nodeOut[e]!).filter((n) => n !== sink && n !== source);
  const places = inner.map((n) => rank[n]!).sort((a, b) => a - b);
  const order = Int32Array.from(rank);
  inner.forEach((n, i) => (order[n] = places[i]!));
  return order;
}
