import { isAcyclic } from '../acyclic.js';
import { solveDual } from '../dual/newton.js';
import { EDGE_ON, flowWorth, magnitude, NO_LIMIT, setLive, strandedValue } from '../dual/workspace.js';
import { type Candidate, fixTicks, openTicks, type SearchState, solve } from './state.js';

/** Flows whose value is below this share of the whole are rounding, not trades. */
const NEGLIGIBLE = 1e-10;

/** Edges with flows worth mention, without those that no such flow leads to or from. */
export function carrying(state: SearchState): number[] {
  const { workspace: w } = state;
  const floor = magnitude(w) * NEGLIGIBLE;
  const edges: number[] = [];
  for (let i = 0; i < w.activeCount; i++) {
    const e = w.active[i]!;
    if (flowWorth(w, e) > floor) edges.push(e);
  }
  return connected(state, edges);
}

/** Those of the edges that others lead to from the source and on to the sink. */
function connected({ arriving, leaving, network, sink, source }: SearchState, all: number[]): number[] {
  const { nodeIn, nodeOut } = network;
  let edges = all;
  for (let before = edges.length + 1; edges.length < before;) {
    before = edges.length;
    arriving.fill(0);
    leaving.fill(0);
    for (const e of edges) {
      leaving[nodeIn[e]!]!++;
      arriving[nodeOut[e]!]!++;
    }
    edges = edges.filter(
      (e) => (nodeIn[e] === source || arriving[nodeIn[e]!]! > 0) && (nodeOut[e] === sink || leaving[nodeOut[e]!]! > 0),
    );
  }
  return edges;
}

/** Numeraire that flows over `edges` bring as they were solved last, net of all costs. */
export function netValue({ network, pinned, ticked, workspace: w }: SearchState, edges: readonly number[]): number {
  const { fixedCost, nodeIn, nodeOut, tickCost, unitCost } = network;
  // What flows into the numeraire's node and out of it, less all that the flows leave over or lack elsewhere.
  let net = -strandedValue(w);
  for (const e of edges) {
    if (nodeOut[e] === pinned) net += w.flowOut[e]!;
    else if (nodeIn[e] === pinned) net -= w.flowIn[e]!;
    net -= unitCost[e]! * w.flowIn[e]! + fixedCost[e]!;
    if (ticked.length > 0 && tickCost[e]! > 0) net -= w.leastCrossed[e]! * tickCost[e]!;
  }
  return net;
}

/** What the last solve comes to. */
export function readCandidate(state: SearchState): Candidate {
  const { maxHops, network, ticked, workspace: w } = state;
  const { fixedCost, isHop, tickCost } = network;
  const edges = carrying(state);
  const net = netValue(state, edges);
  let hops = 0;
  for (const e of edges) hops += isHop[e]!;
  const isRoute = hops <= maxHops && isAcyclic(edges, network);
  return {
    value: isRoute ? net : -Infinity,
    net,
    edges,
    hops,
    depths: ticked.length === 0 ? [] : edges.map((e) => (tickCost[e]! > 0 ? w.leastCrossed[e]! : 0)),
    q: Float64Array.from(w.q),
    surplus: edges.map((e) => w.profit[e]! - fixedCost[e]!),
  };
}

/**
 * The optimal flows over `edges` alone.
 *
 * @param q Where to start from.
 * @param depths How many ticks each of the edges crosses; absent: as many as pay.
 */
export function tryEdges(
  state: SearchState,
  edges: readonly number[],
  q: Float64Array,
  depths?: readonly number[],
): Candidate {
  const { ticked, workspace: w } = state;
  setLive(w, connected(state, withGlue(state, edges)), EDGE_ON);
  w.q.set(q);
  if (depths !== undefined) fixTicks(state, edges, depths);
  else if (ticked.length > 0) {
    // First how far it pays to cross ticks, as a relaxation, then the flows that go so far.
    w.leastCrossed.fill(0);
    w.mostCrossed.fill(NO_LIMIT);
    solveDual(w);
    const active = w.active.slice(0, w.activeCount);
    fixTicks(
      state,
      active,
      Array.from(active, (e) => w.crossed[e]!),
    );
  }
  solve(state);
  const candidate = readCandidate(state);
  openTicks(state);
  return candidate;
}

/** The hops among `edges` with all that is no hop. Valid until the next call. */
export function withGlue({ glue, network, support }: SearchState, edges: readonly number[]): number[] {
  support.length = 0;
  for (const e of glue) support.push(e);
  for (const e of edges) if (network.isHop[e] === 1) support.push(e);
  return support;
}
