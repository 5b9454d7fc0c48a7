import { isAcyclic } from '../acyclic.js';
import type { BoundProof } from '../certificate.js';
import { solveDual } from '../dual/newton.js';
import { EDGE_ON, NO_LIMIT, setLive } from '../dual/workspace.js';
import { bestOrder } from './best-order.js';
import { branchAndBound } from './branch-and-bound.js';
import { carrying, netValue, readCandidate, tryEdges, withGlue } from './candidates.js';
import { improve } from './improve.js';
import type { MixedOptions, MixedProblem, MixedSearch, MixedSolution } from './mixed.js';
import { findHopPrice, relax, switchedOn } from './relaxation.js';
import { bestAlone, bridgeSubsets, singlePaths } from './seeds.js';
import {
  type Candidate,
  createState,
  demand,
  fixTicks,
  isBetter,
  isSpent,
  narrow,
  openTicks,
  type SearchState,
  solve,
  squares,
} from './state.js';

/** The full optimum is worth pruning edge by edge while it has so few. */
const PRUNABLE = 48;
/** So many edges are all looked at. */
const WHOLE = 512;
/** Share of its cost that an edge earns at the relaxation's prices, where it may be worth it at those of another route. */
const CONTENDING = 0.02;
/** How far the relaxation has to use an edge for a start to take it whole. */
const STARTS = [0.5, 0.25, 0.75] as const;

/**
 * Finds flows of the highest value net of fixed costs. Without costs that bind, the convex dual is the answer. With
 * them: supports from the relaxation, from the full optimum, from the best single paths and from subsets of the bridges
 * are improved by dropping, adding and swapping edges (an edge is dropped only where its dual profit is below its cost,
 * added only where it is above); what the bound cannot exclude is then settled by branch and bound. Deterministic: the
 * budget counts solved problems.
 */
export function prepareSearch(problem: MixedProblem): MixedSearch {
  const state = createState(problem);
  return {
    workspace: state.workspace,
    solve: (options, near) => solveAnew(state, options, near),
    refine: (options, near) => refine(state, options, near),
    again: (amount, earlier) => {
      const { depths, edges, prices, proof, within } = earlier;
      const { all, network, ticked, workspace: w } = state;
      state.solves = 0;
      demand(state, amount);
      fixTicks(state, edges, depths);
      if (within === undefined) setLive(w, withGlue(state, edges), EDGE_ON);
      else if (w.liveCount !== within.length || within !== state.lastWithin) setLive(w, within, EDGE_ON);
      state.lastWithin = within;
      for (let n = 0; n < network.nodeCount; n++) w.q[n] = Math.sqrt(prices[n]!);
      solve(state);
      const used = carrying(state);
      const deep = ticked.length === 0 ? depths : used.map((e) => w.leastCrossed[e]!);
      return solutionOf(
        state,
        netValue(state, used),
        used,
        deep,
        within?.length === all.length ? undefined : proof,
        within,
      );
    },
  };
}

function solveAnew(
  state: SearchState,
  options: MixedOptions,
  near: Pick<MixedSolution, 'prices' | 'edges'> | undefined,
): MixedSolution {
  const { all, hasCosts, maxHops, network, ticked, workspace: w } = state;
  reset(state, options);
  setLive(w, all, EDGE_ON);
  if (near === undefined) w.q.set(state.startQ);
  else for (let n = 0; n < network.nodeCount; n++) w.q[n] = Math.sqrt(near.prices[n]!);
  solve(state);
  if (near !== undefined && !w.settled) {
    // Prices of a sparse route can lie too far off to come back from: start anew.
    w.q.set(state.startQ);
    solve(state);
  }
  let free = readCandidate(state);
  const freeProof: BoundProof = { kind: 'leaf', prices: squares(free.q), hopPrice: 0 };
  let within: Int32Array = all;
  // Where prices contradict each other, the convex optimum runs in circles.
  const hasCircles = !isAcyclic(free.edges, network);
  if (hasCircles) [free, within] = bestOrder(state, free);
  if (!hasCosts && free.hops <= maxHops) {
    // An order may be given up too early: no single path may be better than what came of it.
    const alone = hasCircles ? bestAlone(state, free.q) : undefined;
    if (alone === undefined || !isBetter(alone.value, free.value)) return finish(state, free, freeProof, within);
    return finish(state, alone, freeProof, undefined);
  }
  if (ticked.length > 0) free = tryEdges(state, free.edges, free.q);

  const hopPrice = findHopPrice(state, free, within);
  relax(state, within, free.q);
  const rootQ = Float64Array.from(w.q);
  const starts = STARTS.map((share) => switchedOn(state, share));
  for (const edges of starts) improve(state, tryEdges(state, edges, free.q));
  const bestPath = bestAlone(state, free.q);
  if (bestPath !== undefined) improve(state, bestPath);
  if (free.hops <= PRUNABLE && !isSpent(state)) improve(state, free);
  if (near !== undefined && !isSpent(state)) improve(state, tryEdges(state, near.edges, free.q));
  for (const closed of bridgeSubsets(state)) {
    if (isSpent(state)) break;
    relax(
      state,
      within.filter((e) => !closed.has(e)),
      rootQ,
    );
    improve(state, tryEdges(state, switchedOn(state), free.q));
  }
  const found = branchAndBound(state, rootQ, hopPrice, options.tolerance, within);
  // What was proved within an order of the nodes says nothing of the others.
  const proof = hasCircles ? freeProof : found;
  return finish(state, state.best ?? { ...free, value: -Infinity }, proof, undefined);
}

function refine(state: SearchState, options: MixedOptions, near: MixedSolution): MixedSolution | undefined {
  const { all, workspace: w } = state;
  reset(state, options);
  const q = near.prices.map(Math.sqrt);
  relax(state, all, q);
  const rootQ = Float64Array.from(w.q);
  const whole = switchedOn(state);
  narrow(state, contenders(state, near.edges), rootQ);
  improve(state, tryEdges(state, near.edges, q));
  improve(state, tryEdges(state, whole, rootQ));
  const proof = branchAndBound(state, rootQ, 0, options.tolerance, state.scope);
  return state.best === undefined ? undefined : finish(state, state.best, proof, undefined);
}

/**
 * Of a large network what is no hop, what a route nearby and the best single paths use, and what earns a part of its cost as
 * the relaxation was solved last: alone, an edge may be the best where beside others it is not worth trading.
 */
function contenders(state: SearchState, near: readonly number[]): Int32Array {
  const { all, network, workspace } = state;
  const { fixedCost, isHop } = network;
  if (all.length <= WHOLE) return all;
  const used = new Set([near, ...singlePaths(state, [1])].flat());
  return all.filter((e) => isHop[e] === 0 || workspace.profit[e]! > fixedCost[e]! * CONTENDING || used.has(e));
}

function reset(state: SearchState, { amount, nodeBudget }: MixedOptions): void {
  state.solves = 0;
  state.budget = nodeBudget;
  state.best = undefined;
  state.lastWithin = undefined;
  narrow(state, state.all, state.startQ);
  demand(state, amount);
  state.workspace.cost.set(state.network.fixedCost);
  state.leastCrossed.fill(0);
  state.mostCrossed.fill(NO_LIMIT);
  openTicks(state);
}

/** Flows of a candidate over its edges alone. Solved, not only evaluated: where straight edges bend depends on the way there. */
function finish(
  state: SearchState,
  { depths, edges, q, value }: Candidate,
  proof: BoundProof,
  within: Int32Array | undefined,
): MixedSolution {
  const { workspace: w } = state;
  setLive(w, edges, EDGE_ON);
  fixTicks(state, edges, depths);
  w.q.set(q);
  solveDual(w);
  return solutionOf(state, value, edges, depths, proof, within);
}

function solutionOf(
  state: SearchState,
  value: number,
  edges: readonly number[],
  depths: readonly number[],
  proof: BoundProof | undefined,
  within: Int32Array | undefined,
): MixedSolution {
  const { workspace: w } = state;
  const prices = squares(w.q);
  balanceEnds(state);
  const flowIn = new Float64Array(edges.length);
  const flowOut = new Float64Array(edges.length);
  for (let i = 0; i < edges.length; i++) {
    flowIn[i] = w.flowIn[edges[i]!]!;
    flowOut[i] = w.flowOut[edges[i]!]!;
  }
  return {
    value,
    edges,
    depths,
    flowIn,
    flowOut,
    prices,
    proof: proof ?? { kind: 'leaf', prices, hopPrice: 0 },
    within,
    isSettled: w.settled,
    nodesUsed: state.solves,
  };
}

/**
 * Straight edges at par carry what the solver's last digits leave open, the more the larger their room. What joins a
 * token to the source or the sink, or a stock to a token, is set to what its pools and bridges really need or bring.
 */
function balanceEnds({ glue, network, workspace: w }: SearchState): void {
  const { nodeIn, nodeOut, sources } = network;
  for (const e of glue) {
    const edge = sources[e]!;
    if (edge.kind !== 'linear' || !(w.flowIn[e]! > 0)) continue;
    let change = 0;
    if (edge.role.kind === 'terminal' || edge.role.kind === 'stock') change = w.imbalance[nodeIn[e]!]!;
    else if (edge.role.kind === 'inventory') change = -w.imbalance[nodeOut[e]!]!;
    w.flowIn[e] = Math.min(edge.capacity, Math.max(0, w.flowIn[e]! + change));
    w.flowOut[e] = w.flowIn[e] * edge.price;
  }
}
