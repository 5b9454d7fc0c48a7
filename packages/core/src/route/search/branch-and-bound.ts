import type { BoundProof } from '../certificate.js';
import { EDGE_ON, EDGE_RELAXED, setLive } from '../dual/workspace.js';
import { tryEdges } from './candidates.js';
import { improve } from './improve.js';
import { switchedOn } from './relaxation.js';
import { isSpent, openTicks, type SearchState, solve, squares } from './state.js';

const FREE = 0;
const USED = 1;
const UNUSED = 2;

/** Which decision is open: whether an edge is used, or (`crossed` above zero) whether it goes so far. */
interface Doubt {
  /** −1 when none is. */
  readonly edge: number;
  readonly crossed: number;
}

/** What one case leaves behind for what follows from it. */
interface Case {
  readonly leaf: Extract<BoundProof, { kind: 'leaf' }>;
  readonly bound: number;
  readonly q: Float64Array;
  readonly doubt: Doubt;
  /** Profit less cost by edge. */
  readonly surplus: Float64Array;
}

/**
 * Settles what bounds leave open, case by case, until no case can beat the best found by more than `tolerance` or the
 * budget is spent. Better routes that turn up are offered to the search.
 *
 * @param hopPrice The price of a hop that the workspace's costs hold.
 * @param within The edges that are in question.
 * @returns The proof, whose leaves bound all cases.
 */
export function branchAndBound(
  state: SearchState,
  rootQ: Float64Array,
  hopPrice: number,
  tolerance: number,
  within: Int32Array,
): BoundProof {
  const { leastCrossed, maxHops, mostCrossed, network, ticked, workspace: w } = state;
  const { edgeCount, isHop, tickCost } = network;
  const decided = new Uint8Array(edgeCount).fill(UNUSED);
  for (const e of within) decided[e] = FREE;
  const tried = new Set<string>();
  const target = (): number => (state.best?.value ?? -Infinity) + tolerance;
  const liveEdges: number[] = [];

  /** Solves the relaxation of the present case from prices nearby; returns its bound. */
  const relaxCase = (q: Float64Array): number => {
    liveEdges.length = 0;
    let usedHops = 0;
    let constant = hopPrice > 0 ? hopPrice * maxHops : 0;
    for (const e of within) {
      if (decided[e] === USED) {
        usedHops += isHop[e]!;
        constant -= w.cost[e]!;
      }
    }
    const full = usedHops >= maxHops;
    for (const e of within) {
      if (decided[e] === UNUSED || (full && decided[e] === FREE && isHop[e] === 1)) continue;
      liveEdges.push(e);
    }
    setLive(w, liveEdges, EDGE_RELAXED);
    for (const e of state.glue) w.mode[e] = EDGE_ON;
    for (const e of liveEdges) if (decided[e] === USED) w.mode[e] = EDGE_ON;
    openTicks(state);
    w.q.set(q);
    solve(state);
    return w.bound + constant;
  };
  const explore = (parentQ: Float64Array): BoundProof => {
    const bound = relaxCase(parentQ);
    const q = Float64Array.from(w.q);
    const leaf = { kind: 'leaf', prices: squares(q), hopPrice } as const;
    if (bound <= target() || isSpent(state)) return leaf;
    const edges = switchedOn(state);
    const doubt = mostUndecided(state, decided);
    const surplus = surplusNow(state);
    const depths = ticked.length === 0 ? undefined : edges.map((e) => (tickCost[e]! > 0 ? w.crossed[e]! : 0));
    const key = [edges, depths].join();
    if (!tried.has(key)) {
      tried.add(key);
      const candidate = tryEdges(state, edges, q, depths);
      if (candidate.value > (state.best?.value ?? -Infinity)) improve(state, candidate);
      if (bound <= target()) return leaf;
    }
    return decide({ leaf, bound, q, doubt, surplus });
  };
  /** First all that the bound alone decides, then the two cases of the greatest doubt. */
  const decide = (here: Case): BoundProof => {
    const { bound, leaf, surplus } = here;
    const out: number[] = [];
    const forced: number[] = [];
    const aim = target();
    for (const e of within) {
      if (decided[e] !== FREE || isHop[e] === 0) continue;
      if (bound + Math.min(0, surplus[e]!) <= aim) out.push(e);
      else if (surplus[e]! > 0 && bound - surplus[e]! <= aim) forced.push(e);
    }
    for (const e of out) decided[e] = UNUSED;
    for (const e of forced) decided[e] = USED;
    let rest = split(here, forced.length > 0);
    for (const e of out) decided[e] = FREE;
    for (const e of forced) decided[e] = FREE;
    if (forced.length > 0) rest = { ...leaf, kind: 'forced', edges: forced, rest };
    return out.length > 0 ? { ...leaf, kind: 'fixed', edges: out, rest } : rest;
  };
  const split = ({ doubt: { crossed, edge }, leaf, q }: Case, hasForced: boolean): BoundProof => {
    if (edge < 0 || decided[edge] === UNUSED || (decided[edge] === USED && crossed === 0)) {
      return (edge < 0 && !hasForced) || isSpent(state) ? leaf : explore(q);
    }
    if (crossed > 0) {
      const before = [decided[edge]!, leastCrossed[edge]!, mostCrossed[edge]!] as const;
      leastCrossed[edge] = crossed;
      decided[edge] = USED;
      const deep = explore(q);
      [decided[edge], leastCrossed[edge]] = before;
      mostCrossed[edge] = crossed - 1;
      const shallow = explore(q);
      mostCrossed[edge] = before[2];
      return { kind: 'depth', edge, crossed, deep, shallow };
    }
    decided[edge] = USED;
    const used = explore(q);
    decided[edge] = UNUSED;
    const unused = explore(q);
    decided[edge] = FREE;
    return { kind: 'branch', edge, used, unused };
  };
  return explore(rootQ);
}

function surplusNow({ network, workspace: w }: SearchState): Float64Array {
  const surplus = new Float64Array(network.edgeCount).fill(-Infinity);
  for (let i = 0; i < w.liveCount; i++) {
    const e = w.live[i]!;
    surplus[e] = w.profit[e]! - w.cost[e]!;
  }
  return surplus;
}

/** The relaxed decision that matters most, half taken and costly. */
function mostUndecided({ maxHops, network, workspace: w }: SearchState, decided: Uint8Array): Doubt {
  const { edgeCount, isHop, tickCost } = network;
  let edge = -1;
  let crossed = 0;
  let most = 0;
  for (let i = 0; i < w.activeCount; i++) {
    const e = w.active[i]!;
    if (w.mode[e] === EDGE_RELAXED && isHop[e] === 1 && decided[e] === FREE) {
      const weight = w.weight[e]!;
      const doubt = Math.min(weight, 1 - weight) * w.cost[e]!;
      if (doubt > most && weight > 1e-6) [most, edge, crossed] = [doubt, e, 0];
    }
    if (tickCost[e]! > 0 && w.tickDoubt[e]! > most) [most, edge, crossed] = [w.tickDoubt[e]!, e, w.doubtful[e]!];
  }
  if (edge >= 0 || maxHops >= edgeCount) return { edge, crossed };
  // The price of a hop is one for all: where it leaves too few or too many of them, the weightiest is decided on.
  for (let i = 0; i < w.activeCount; i++) {
    const e = w.active[i]!;
    if (isHop[e] === 1 && decided[e] === FREE && w.profit[e]! > most) [most, edge] = [w.profit[e]!, e];
  }
  return { edge, crossed };
}
