import { type BoundLeaf, type BoundProof, dualBound, prepareCertificate } from './certificate.js';
import { type CaseBounds, FREE, prepareCases, UNUSED, USED } from './certificate-case.js';
import { initialPrices } from './initial-prices.js';
import type { CompiledModel } from './model.js';
import { solveDual, solveDualOrAnew } from './dual/newton.js';
import { createWorkspace, EDGE_ON, EDGE_RELAXED, flowWorth, magnitude, NO_LIMIT, setLive } from './dual/workspace.js';

export interface TightenOptions {
  /** Units of the exact side. */
  readonly amount: number;
  /** Numeraire: what the best route found is worth, and how far above it a bound may stay. */
  readonly value: number;
  readonly tolerance: number;
  /** Convex problems that may be solved. */
  readonly budget: number;
  /** Numeraire that a route is worth when it is replayed. */
  readonly worthOf: (witness: Witness) => number;
}

/** Edges in use, the ticks that each crosses, and the prices of all nodes. */
export interface Witness {
  readonly edges: readonly number[];
  readonly depths: readonly number[];
  readonly prices: Float64Array;
}

/** Looks for a better proof than one that leaves too much open. */
export interface ProofSearch {
  /** `witness`: the best route that the search met on its way, if one is worth more than `value`. */
  readonly tighten: (
    proof: BoundProof,
    options: TightenOptions,
  ) => { readonly proof: BoundProof; readonly witness: Witness | undefined };
}

/** What a case decides: of each edge whether it is used, and how many ticks it crosses at least and at most. */
interface Decisions {
  readonly state: Uint8Array;
  readonly least: Int32Array;
  readonly most: Int32Array;
}

/** A case that may be split further. */
interface OpenCase {
  readonly decided: Decisions;
  readonly q: Float64Array;
  readonly leaf: BoundLeaf;
  readonly bound: number;
  readonly split: Split;
  readonly node: ProofNode;
}

/** Prices of a case and what they prove; how it is split, or else the route that its flows are. */
type SolvedCase = Pick<OpenCase, 'q' | 'leaf' | 'bound'> &
  ({ readonly split: Split } | { readonly split: undefined; readonly witness: Witness | undefined });

type Split =
  | { readonly kind: 'circle'; readonly nodes: readonly number[] }
  | { readonly kind: 'branch'; readonly edge: number }
  | { readonly kind: 'depth'; readonly edge: number; readonly crossed: number };

/** A proof while it grows. */
interface ProofNode {
  proof: BoundLeaf | undefined;
  split?: { readonly by: Split; readonly children: readonly ProofNode[] };
}

/** Flows whose value is below this share of the whole are rounding. */
const NEGLIGIBLE = 1e-9;
/** Share of its worth that whole atoms may cost a route. */
const ROUNDED = 1e-6;
/** Evaluations that one problem is worth in a budget: what takes several times as many counts as several. */
const USUAL_EVALUATIONS = 250;
const STARTING_SHADE = 1e-3;
const LOWEST = 1e-5;
/** Prices of a hop that are tried in one case. */
const HOP_PRICES = 5;
/** So near to the number of hops that are left is near enough. */
const NEAR_HOPS = 0.25;
const FIRST_HOP_PRICE = 1e-4;

/**
 * Branch and bound on the bound itself, worst case first: where the flows at a case's prices run round a circle, one of
 * its steps must stay unused; where an edge is half used, it is used or not, so far or less. The prices come from the
 * convex dual over what the case leaves open; what they prove is computed by the certificate's own arithmetic.
 * Deterministic: the budget counts solved problems.
 */
export function prepareProofSearch(compiled: CompiledModel): ProofSearch {
  const { model, network, sink, source, specs } = compiled;
  const { edgeCount, fixedCost, isHop, nodeCount, nodeIn, nodeOut, tickCost } = network;
  const { exactOut, maxHops } = model;
  const pinned = exactOut ? source : sink;
  const problem = { edges: specs, numeraire: pinned, maxHops, ends: { source, sink } };
  const certificate = prepareCertificate(problem);
  const cases = prepareCases(problem);
  const w = createWorkspace(network, pinned);
  const shaded = new Float64Array(nodeCount);
  initialPrices(network, pinned, exactOut, shaded, STARTING_SHADE);
  const startQ = shaded.map(Math.sqrt);
  for (let n = 0; n < nodeCount; n++) if (n !== pinned) w.lowest[n] = startQ[n]! * LOWEST;
  const isScarce = maxHops < edgeCount;
  const hasCosts = fixedCost.some((cost) => cost > 0) || tickCost.some((cost) => cost > 0);
  let solves = 0;

  const tighten: ProofSearch['tighten'] = (proof, { amount, budget, tolerance, value, worthOf }) => {
    const supply = new Float64Array(nodeCount);
    supply[exactOut ? sink : source] = exactOut ? -amount : amount;
    let highest = value;
    let target = value + tolerance;
    const before = certificate.prove(proof, supply);
    if (before <= target || budget < 1) return { proof, witness: undefined };
    w.supply.set(supply);
    solves = 0;
    const root: ProofNode = { proof: undefined };
    const first = firstLeaf(proof);
    const open: OpenCase[] = [];
    let witness: Witness | undefined;
    const add = (node: ProofNode, decided: Decisions, at: Pick<OpenCase, 'q' | 'leaf'>): void => {
      const solved = solveCase(cases, decided, at, supply);
      node.proof = solved.leaf;
      if (!(solved.bound > target)) return;
      if (solved.split !== undefined) open.push({ ...solved, decided, node });
      else if (solved.witness !== undefined) {
        // Nothing is left to decide: the flows are a route, and mostly worth about what bounds them.
        const worth = worthOf(solved.witness);
        if (!(worth > highest)) return;
        witness = solved.witness;
        highest = worth;
        target = (solved.bound - worth > Math.abs(worth) * ROUNDED ? worth : solved.bound) + tolerance;
      }
    };
    const nothing = {
      state: new Uint8Array(edgeCount),
      least: new Int32Array(edgeCount),
      most: new Int32Array(edgeCount).fill(NO_LIMIT),
    };
    add(root, nothing, { q: Float64Array.from(first.prices, Math.sqrt), leaf: first });
    while (solves < budget) {
      let worst = -1;
      for (let i = 0; i < open.length; i++) if (worst < 0 || open[i]!.bound > open[worst]!.bound) worst = i;
      const chosen = open[worst];
      if (chosen === undefined || chosen.bound <= target) break;
      open.splice(worst, 1);
      const parts = partsOf(chosen.split, chosen.decided);
      const children = parts.map((): ProofNode => ({ proof: chosen.leaf }));
      chosen.node.split = { by: chosen.split, children };
      parts.forEach((decided, i) => {
        if (decided !== undefined) add(children[i]!, decided, chosen);
      });
    }
    const found = proofOf(root);
    return { proof: certificate.prove(found, supply) < before ? found : proof, witness };
  };

  /** What the parts of a case decide; undefined where a part holds no route. */
  const partsOf = (split: Split, decided: Decisions): (Decisions | undefined)[] => {
    const { least, most, state } = decided;
    switch (split.kind) {
      case 'branch':
        return [USED, UNUSED].map((decision) => ({ ...decided, state: state.with(split.edge, decision) }));
      case 'depth': {
        const { crossed, edge } = split;
        const deep = { state: state.with(edge, USED), least: least.with(edge, crossed), most };
        return [deep, { ...decided, most: most.with(edge, crossed - 1) }];
      }
      case 'circle':
        return split.nodes.map((node, i) => {
          const to = split.nodes[(i + 1) % split.nodes.length]!;
          const next = Uint8Array.from(state);
          for (let e = 0; e < edgeCount; e++) {
            if (nodeIn[e] !== node || nodeOut[e] !== to) continue;
            if (state[e] === USED) return undefined;
            next[e] = UNUSED;
          }
          return { ...decided, state: next };
        });
    }
  };

  /** Prices for one case, from prices nearby, and how it may be split. */
  const solveCase = (
    { bound, least, most, open, shut, state: present, surplus }: CaseBounds,
    decided: Decisions,
    near: Pick<OpenCase, 'q' | 'leaf'>,
    supply: Float64Array,
  ): SolvedCase => {
    const { state } = decided;
    present.set(state);
    least.set(decided.least);
    for (let e = 0; e < edgeCount; e++) most[e] = decided.most[e] === NO_LIMIT ? Infinity : decided.most[e]!;
    w.leastCrossed.set(decided.least);
    w.mostCrossed.set(decided.most);
    let best: Pick<OpenCase, 'q' | 'leaf' | 'bound'> = { ...near, bound: bound(near.leaf, supply, false) };
    let split: Split | undefined;
    let witness: Witness | undefined;
    const left = shut();
    if (best.bound === -Infinity) return { ...best, split, witness };
    const live: number[] = [];
    for (let e = 0; e < edgeCount; e++) if (open[e] === 1) live.push(e);
    setLive(w, live, EDGE_RELAXED);
    for (const e of live) if (state[e] === USED || isHop[e] === 0) w.mode[e] = EDGE_ON;
    let hopPrice = near.leaf.hopPrice;
    let low = 0;
    let high = Infinity;
    for (let round = 0; round < HOP_PRICES; round++) {
      for (const e of live) w.cost[e] = fixedCost[e]! + (isHop[e] === 1 ? hopPrice : 0);
      w.q.set(best.q);
      solveDualOrAnew(w, startQ);
      solves += Math.ceil(w.evaluations / USUAL_EVALUATIONS);
      const prices = w.q.map((root) => root * root);
      bound({ prices, hopPrice: 0 }, supply, true);
      const leaf = { kind: 'leaf', prices, hopPrice: isScarce ? hopPriceAt(surplus, state, left) : 0 } as const;
      const bounded = bound(leaf, supply, false);
      if (bounded < best.bound || split === undefined) {
        split = splitOf(state);
        witness = split === undefined ? flowsOf(prices) : undefined;
        if (bounded < best.bound) best = { q: Float64Array.from(w.q), leaf, bound: bounded };
      }
      if (!isScarce) break;
      let hops = 0;
      for (const e of live) if (state[e] === FREE) hops += isHop[e]! * w.weight[e]!;
      if (Math.abs(hops - left) <= NEAR_HOPS || (hops <= left && hopPrice === 0)) break;
      if (hops > left) low = hopPrice;
      else high = hopPrice;
      const scale = magnitude(w) * FIRST_HOP_PRICE;
      if (high === Infinity) hopPrice = hopPrice === 0 ? Math.max(scale, leaf.hopPrice) : hopPrice * 4;
      else hopPrice = low === 0 ? hopPrice / 8 : Math.sqrt(low * high);
    }
    return split === undefined ? { ...best, split, witness } : { ...best, split };
  };

  const flowsOf = (prices: Float64Array): Witness => {
    const floor = magnitude(w) * NEGLIGIBLE;
    const edges = Array.from(w.active.subarray(0, w.activeCount)).filter(
      (e) => w.weight[e]! > 0.5 && flowWorth(w, e) > floor,
    );
    return { edges, depths: edges.map((e) => (tickCost[e]! > 0 ? w.crossed[e]! : 0)), prices };
  };

  /** At given prices the bound is least where as many hops earn more than their price as are left. */
  const hopPriceAt = (surplus: Float64Array, state: Uint8Array, left: number): number => {
    const earning: number[] = [];
    for (let e = 0; e < edgeCount; e++) {
      if (isHop[e] === 1 && state[e] === FREE && surplus[e]! > 0) earning.push(surplus[e]!);
    }
    if (earning.length <= left) return 0;
    return earning.sort((a, b) => b - a)[left]!;
  };

  /** How the flows at the present prices are no route. */
  const splitOf = (state: Uint8Array): Split | undefined => {
    const nodes = circleOf();
    if (nodes !== undefined) return { kind: 'circle', nodes };
    if (!hasCosts && !isScarce) return undefined;
    let edge = -1;
    let most = 0;
    let crossed = 0;
    for (let i = 0; i < w.activeCount; i++) {
      const e = w.active[i]!;
      if (state[e] !== FREE || isHop[e] === 0) continue;
      const weight = w.weight[e]!;
      const doubt = Math.min(weight, 1 - weight) * w.cost[e]!;
      if (weight > 1e-6 && doubt > most) [most, edge] = [doubt, e];
    }
    for (let i = 0; i < w.activeCount; i++) {
      const e = w.active[i]!;
      if (tickCost[e]! > 0 && w.tickDoubt[e]! > most) [most, edge, crossed] = [w.tickDoubt[e]!, e, w.doubtful[e]!];
    }
    if (edge < 0 && isScarce) {
      for (let i = 0; i < w.activeCount; i++) {
        const e = w.active[i]!;
        if (state[e] === FREE && isHop[e] === 1 && w.profit[e]! > most) [most, edge] = [w.profit[e]!, e];
      }
    }
    if (edge < 0) return undefined;
    return crossed > 0 ? { kind: 'depth', edge, crossed } : { kind: 'branch', edge };
  };

  /** The nodes of a short circle through the strongest flow that lies on one. */
  const circleOf = (): readonly number[] | undefined => {
    const floor = magnitude(w) * NEGLIGIBLE;
    const flows: { readonly e: number; readonly worth: number }[] = [];
    for (let i = 0; i < w.activeCount; i++) {
      const e = w.active[i]!;
      const worth = flowWorth(w, e);
      if (worth > floor) flows.push({ e, worth });
    }
    flows.sort((a, b) => b.worth - a.worth || a.e - b.e);
    const leaving: number[][] = Array.from({ length: nodeCount }, () => []);
    for (const { e } of flows) leaving[nodeIn[e]!]!.push(nodeOut[e]!);
    for (const { e } of flows) {
      const way = shortest(leaving, nodeOut[e]!, nodeIn[e]!);
      if (way !== undefined) return way;
    }
    return undefined;
  };

  return { tighten };
}

/**
 * What the plain dual proves, in numeraire: with whatever circles through contradictory prices would earn beside the
 * trade. Its distance from the bound for routes without circles is what the market's contradictions are worth.
 */
export function boundWithCircles({ amount, model, network, sink, source, specs }: CompiledModel): number {
  const { exactOut } = model;
  const pinned = exactOut ? source : sink;
  const w = createWorkspace(network, pinned);
  const start = new Float64Array(network.nodeCount);
  initialPrices(network, pinned, exactOut, start, STARTING_SHADE);
  start.forEach((price, n) => {
    w.q[n] = Math.sqrt(price);
    if (n !== pinned) w.lowest[n] = Math.sqrt(price) * LOWEST;
  });
  w.supply[exactOut ? sink : source] = exactOut ? -amount : amount;
  setLive(w, Int32Array.from(specs.keys()), EDGE_RELAXED);
  for (let e = 0; e < specs.length; e++) if (network.isHop[e] === 0) w.mode[e] = EDGE_ON;
  solveDual(w);
  const prices = w.q.map((root) => root * root);
  return dualBound({ edges: specs, supply: w.supply, numeraire: pinned, maxHops: Infinity }, prices);
}

/** Nodes from `start` to `end`, both included, over as few steps as can be. */
function shortest(leaving: readonly (readonly number[])[], start: number, end: number): number[] | undefined {
  const reachedFrom = new Int32Array(leaving.length).fill(-1);
  reachedFrom[start] = start;
  const queue = [start];
  for (const node of queue) {
    for (const next of leaving[node]!) {
      if (reachedFrom[next]! >= 0) continue;
      reachedFrom[next] = node;
      if (next !== end) {
        queue.push(next);
        continue;
      }
      const way = [end];
      for (let n = end; n !== start;) way.push((n = reachedFrom[n]!));
      return way.reverse();
    }
  }
  return undefined;
}

function firstLeaf(proof: BoundProof): BoundLeaf {
  switch (proof.kind) {
    case 'leaf':
      return proof;
    case 'fixed':
    case 'forced':
      return { kind: 'leaf', prices: proof.prices, hopPrice: proof.hopPrice };
    case 'branch':
      return firstLeaf(proof.used);
    case 'depth':
      return firstLeaf(proof.deep);
    case 'circle':
      return firstLeaf(proof.cases[0]!);
  }
}

function proofOf({ proof, split }: ProofNode): BoundProof {
  if (split === undefined) return proof!;
  const [first, ...rest] = split.children.map(proofOf);
  if (split.by.kind === 'circle') return { kind: 'circle', nodes: split.by.nodes, cases: [first!, ...rest] };
  if (split.by.kind === 'branch') return { kind: 'branch', edge: split.by.edge, used: first!, unused: rest[0]! };
  return { kind: 'depth', edge: split.by.edge, crossed: split.by.crossed, deep: first!, shallow: rest[0]! };
}
