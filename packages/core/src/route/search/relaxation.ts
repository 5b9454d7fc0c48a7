import { EDGE_ON, EDGE_RELAXED, magnitude, setLive } from '../dual/workspace.js';
import { type Candidate, type SearchState, solve } from './state.js';

const PRICE_TRIALS = 24;
/** The price of a hop is known well enough within this factor. */
const PRICE_WIDTH = 1.02;
/** The least price of a hop that is told from none, as a share of the whole. */
const LEAST_PRICE = 1e-10;

/** Solves the relaxation over `edges`: each trades only as far as its profit exceeds its cost. */
export function relax(state: SearchState, edges: ArrayLike<number>, q: Float64Array): void {
  relaxAll(state, edges, q);
  solve(state);
}

/** Edges that the relaxation uses by more than this share. */
export function switchedOn({ workspace: w }: SearchState, share = 0.5): number[] {
  const edges: number[] = [];
  for (let i = 0; i < w.activeCount; i++) if (w.weight[w.active[i]!]! > share) edges.push(w.active[i]!);
  return edges;
}

/** The price of a hop at which the relaxation uses about as many as are allowed; 0 where they are not scarce. */
export function findHopPrice(state: SearchState, free: Candidate, within: Int32Array): number {
  const { maxHops, network, workspace: w } = state;
  const { edgeCount, fixedCost, isHop } = network;
  if (free.hops <= maxHops) return 0;
  const scale = magnitude(w);
  const charge = (price: number): void => {
    for (let e = 0; e < edgeCount; e++) w.cost[e] = fixedCost[e]! + (isHop[e] === 1 ? price : 0);
  };
  let low = 0;
  let high = scale;
  relaxAll(state, within, free.q);
  for (let i = 0; i < PRICE_TRIALS; i++) {
    const middle = i === 0 ? 0 : Math.sqrt(Math.max(low, scale * LEAST_PRICE) * high);
    charge(middle);
    solve(state);
    let hops = 0;
    for (let e = 0; e < edgeCount; e++) hops += isHop[e]! * w.weight[e]!;
    if (hops > maxHops) low = middle;
    else if (i === 0) return 0;
    else high = middle;
    if (high < low * PRICE_WIDTH) break;
  }
  charge(high);
  return high;
}

function relaxAll({ glue, workspace: w }: SearchState, edges: ArrayLike<number>, q: Float64Array): void {
  setLive(w, edges, EDGE_RELAXED);
  for (const e of glue) w.mode[e] = EDGE_ON;
  w.q.set(q);
}
