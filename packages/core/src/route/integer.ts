import { type BoundProof } from './certificate.js';
import { createWorkspace, type DualWorkspace, EDGE_OFF, EDGE_ON, EDGE_RELAXED, evaluate, solveDual } from './dual.js';
import { initialPrices } from './initial-prices.js';
import { type Network, segmentsCrossed, spotRate } from './network.js';
import { bestPaths } from './paths.js';
import { adjacency, markReach } from './reach.js';

/** A single-source, single-sink problem over a network. One of the two is the numeraire, with price 1. */
export interface MixedProblem {
  readonly network: Network;
  readonly source: number;
  readonly sink: number;
  readonly exactOut: boolean;
  /** Units of the source's token to place, or of the sink's token to deliver. */
  readonly amount: number;
  readonly maxHops: number;
}

export interface MixedOptions {
  /** Convex problems that may be solved; decides when the search ends. */
  readonly nodeBudget: number;
  /** A gap in numeraire that is not worth closing. */
  readonly tolerance: number;
}

/** The best support found: which edges are used, with their flows, and the proof of how much better any other may be. */
export interface MixedSolution {
  /** Numeraire received (negative: paid), net of fixed costs and tick costs. */
  readonly value: number;
  readonly edges: readonly number[];
  /** Units of input and of output, in the order of `edges`. */
  readonly flowIn: Float64Array;
  readonly flowOut: Float64Array;
  readonly prices: Float64Array;
  readonly proof: BoundProof;
  readonly nodesUsed: number;
}

interface Candidate {
  /** Net of all costs; −∞ where it has more hops than allowed. */
  readonly value: number;
  /** Net of all costs, whatever its hops. */
  readonly net: number;
  readonly edges: readonly number[];
  readonly hops: number;
  readonly flowIn: Float64Array;
  readonly flowOut: Float64Array;
  readonly prices: Float64Array;
  /** Dual profit less cost, by edge of `edges`. */
  readonly surplus: Float64Array;
}

/** Flows whose value is below this share of the whole are rounding, not trades. */
const NEGLIGIBLE = 1e-9;
/** Profit of edges that are off is only meaningful beside a solved support; so many of the best are tried. */
const TRIED_ADDITIONS = 4;
const TRIED_SWAPS = 4;
const TRIED_DROPS = 4;
/** Shares of the demand for which single paths are sought as building blocks. */
const PATH_SHARES = [1, 0.3, 0.1] as const;
const MAX_BRIDGE_SUBSETS = 32;
const STARTING_SHADE = 1e-3;
const DEAD_END_FACTOR = 1e4;
/** A dual solve whose flows miss the demand by more than this share of it has not settled. */
const SETTLED = 1e-6;

/**
 * Finds flows of the highest value net of fixed costs. Without costs that bind, the convex dual is the answer. With
 * them: supports from the relaxation, from the full optimum, from the best single paths and from every subset of the
 * bridges are improved by dropping, adding and swapping edges (an edge is dropped only where its dual profit is below
 * its cost, added only where it is above); what the bound cannot exclude is then settled by branch and bound.
 * Deterministic: the budget counts solved problems.
 */
export function solveMixed(problem: MixedProblem, options: MixedOptions, warm?: Float64Array): MixedSolution {
  const { amount, exactOut, maxHops, network, sink, source } = problem;
  const pinned = exactOut ? source : sink;
  const w = createWorkspace(network, pinned);
  w.supply[exactOut ? sink : source] = exactOut ? -amount : amount;
  if (warm?.length === network.nodeCount) w.price.set(warm);
  else initialPrices(network, pinned, exactOut, w.price, STARTING_SHADE);
  const { edgeCount, fixedCost, isHop } = network;
  let solves = 0;

  let residual = 0;
  const solve = (): number => {
    solves++;
    closeDeadEnds();
    const result = solveDual(w);
    residual = result.residual;
    return result.value;
  };
  const links = adjacency(network);
  const reached = new Uint8Array(network.nodeCount);
  const reaching = new Uint8Array(network.nodeCount);
  const stack = new Int32Array(network.nodeCount);
  const idle = new Float64Array(network.nodeCount);
  initialPrices(network, pinned, exactOut, idle, 0);
  /**
   * Turns off what lies on no path from source to sink: such a part has no price of its own. Its nodes get prices at
   * which nothing is earned by entering or leaving it, so that a bound from these prices holds and is tight.
   */
  const closeDeadEnds = (): void => {
    markReach(network, links, w.mode, source, false, reached, stack);
    markReach(network, links, w.mode, sink, true, reaching, stack);
    for (let n = 0; n < network.nodeCount; n++) {
      if (n === source || n === sink || (reached[n] === 1 && reaching[n] === 1)) continue;
      w.price[n] = idle[n]! * (reached[n] === 0 ? DEAD_END_FACTOR : 1 / DEAD_END_FACTOR);
    }
    settleDeadEnds();
    for (let e = 0; e < edgeCount; e++) {
      const a = network.nodeIn[e]!;
      const b = network.nodeOut[e]!;
      if (reached[a] === 0 || reaching[a] === 0 || reached[b] === 0 || reaching[b] === 0) w.mode[e] = EDGE_OFF;
    }
  };
  /** Moves the prices of closed parts until no edge within them earns anything; ends unless there is arbitrage there. */
  const settleDeadEnds = (): void => {
    for (let round = 0, moved = true; moved && round < network.nodeCount; round++) {
      moved = false;
      for (let e = 0; e < edgeCount; e++) {
        if (w.mode[e] === EDGE_OFF) continue;
        const a = network.nodeIn[e]!;
        const b = network.nodeOut[e]!;
        const worth = spotRate(network, e) * w.price[b]! - network.unitCost[e]!;
        if (worth <= w.price[a]! * (1 + 1e-12)) continue;
        if (reached[a] === 0) w.price[a] = worth;
        else if (reached[b] === 1 && reaching[b] === 0) {
          w.price[b] = (w.price[a]! + network.unitCost[e]!) / spotRate(network, e);
        } else continue;
        moved = true;
      }
    }
  };
  const scaleOf = (): number => amount * w.price[exactOut ? sink : source]!;

  const read = (value: number): Candidate => {
    const floor = scaleOf() * NEGLIGIBLE;
    const edges: number[] = [];
    let hops = 0;
    // A dual value that has not settled is an upper bound: what its flows leave over or lack is counted against it.
    let net = value - residual;
    for (let e = 0; e < edgeCount; e++) {
      if (w.flowIn[e]! * w.price[network.nodeIn[e]!]! <= floor) continue;
      edges.push(e);
      hops += isHop[e]!;
      net -= fixedCost[e]!;
      if (network.tickCost[e]! > 0) net -= network.tickCost[e]! * segmentsCrossed(network, e, w.flowIn[e]!);
    }
    return {
      value: hops <= maxHops ? net : -Infinity,
      net,
      edges,
      hops,
      flowIn: Float64Array.from(edges, (e) => w.flowIn[e]!),
      flowOut: Float64Array.from(edges, (e) => w.flowOut[e]!),
      prices: Float64Array.from(w.price),
      surplus: Float64Array.from(edges, (e) => w.profit[e]! - fixedCost[e]!),
    };
  };
  const tryEdges = (edges: Iterable<number>): Candidate => {
    for (let e = 0; e < edgeCount; e++) w.mode[e] = isHop[e] ? EDGE_OFF : EDGE_ON;
    for (const e of edges) w.mode[e] = EDGE_ON;
    w.price.set(start);
    return read(solve());
  };

  w.mode.fill(EDGE_ON);
  let free = read(solve());
  if (warm !== undefined && !(residual <= scaleOf() * SETTLED)) {
    // Prices of a sparse route can lie too far off to come back from: start anew.
    initialPrices(network, pinned, exactOut, w.price, STARTING_SHADE);
    w.mode.fill(EDGE_ON);
    free = read(solve());
  }
  const start = free.prices;
  const freeProof: BoundProof = { kind: 'leaf', prices: free.prices, hopPrice: 0 };
  const costly = free.edges.some((e) => fixedCost[e]! > 0) || fixedCost.some((cost) => cost > 0);
  if (!costly && free.hops <= maxHops) {
    const best = withoutCycles(free, network, tryEdges);
    return toSolution(best, freeProof, solves);
  }

  let best: Candidate | undefined;
  const offer = (candidate: Candidate): boolean => {
    const better = candidate.value > -Infinity && (best === undefined || candidate.value > best.value);
    if (better) best = candidate;
    return better;
  };
  const spent = (): boolean => solves >= options.nodeBudget;

  /** The edges outside of a candidate whose profit at its prices exceeds their cost, best first. */
  const additions = (candidate: Candidate): number[] => {
    const inside = new Set(candidate.edges);
    w.mode.fill(EDGE_ON);
    evaluate(w, candidate.prices);
    const found: { e: number; surplus: number }[] = [];
    for (let e = 0; e < edgeCount; e++) {
      const surplus = w.profit[e]! - fixedCost[e]!;
      if (isHop[e] && surplus > 0 && !inside.has(e)) found.push({ e, surplus });
    }
    return found
      .sort((a, b) => b.surplus - a.surplus || a.e - b.e)
      .slice(0, TRIED_ADDITIONS)
      .map(({ e }) => e);
  };
  const weakest = (candidate: Candidate): number[] =>
    candidate.edges
      .map((e, i) => ({ e, surplus: candidate.surplus[i]! }))
      .filter(({ e }) => isHop[e])
      .sort((a, b) => a.surplus - b.surplus || a.e - b.e)
      .map(({ e }) => e);

  /** Takes hops out, each time the one whose loss is least among those of least profit, until they are few enough. */
  const withinHops = (candidate: Candidate): Candidate => {
    let current = candidate;
    while (current.hops > maxHops && !spent()) {
      let next: Candidate | undefined;
      let least = Infinity;
      for (const e of weakest(current).slice(0, TRIED_DROPS)) {
        const without = tryEdges(current.edges.filter((other) => other !== e));
        if (without.hops >= current.hops) continue;
        const loss = (current.net - without.net) / (current.hops - without.hops);
        if (loss < least) [next, least] = [without, loss];
      }
      if (next === undefined) break;
      current = next;
    }
    return current;
  };

  const improve = (start: Candidate): void => {
    let current = withinHops(start);
    for (let progress = true; progress && !spent();) {
      progress = false;
      const moves: number[][] = [];
      const weak = weakest(current);
      const surplusOf = new Map(current.edges.map((e, i) => [e, current.surplus[i]!]));
      for (const e of weak) if (surplusOf.get(e)! < 0) moves.push(current.edges.filter((other) => other !== e));
      const add = additions(current);
      if (current.hops < maxHops) for (const e of add) moves.push([...current.edges, e]);
      for (const out of weak.slice(0, TRIED_SWAPS)) {
        for (const e of add) moves.push([...current.edges.filter((other) => other !== out), e]);
      }
      for (const move of moves) {
        const next = tryEdges(move);
        if (next.value > current.value + Math.abs(current.value) * 1e-13) {
          current = next;
          progress = true;
          break;
        }
        if (spent()) break;
      }
      if (progress) continue;
      for (const path of alternatives) {
        if (spent() || path.every((e) => current.edges.includes(e))) continue;
        const next = withinHops(tryEdges(new Set([...current.edges, ...path])));
        if (next.value > current.value + Math.abs(current.value) * 1e-13) {
          current = next;
          progress = true;
          break;
        }
      }
    }
    offer(current);
  };

  // The relaxation, first of all: its prices give the bound, its weights the first support.
  const hopPrice = findHopPrice();
  w.mode.fill(EDGE_RELAXED);
  solve();
  const rootPrices = Float64Array.from(w.price);
  const { bound: rootBound, surplus: rootSurplus } = relaxedBound(w, hopPrice * maxHops);
  const rootSupport = switchedOn(w);

  const alternatives = singlePaths();
  improve(tryEdges(rootSupport));
  let bestPath: Candidate | undefined;
  for (const path of alternatives) {
    const alone = tryEdges(path);
    if (bestPath === undefined || alone.value > bestPath.value) bestPath = alone;
  }
  if (bestPath !== undefined) improve(bestPath);
  if (free.hops <= 32 && !spent()) improve(free);
  for (const closed of bridgeSubsets()) {
    if (spent()) break;
    for (let e = 0; e < edgeCount; e++) w.mode[e] = closed.has(e) ? EDGE_OFF : EDGE_RELAXED;
    w.price.set(rootPrices);
    solve();
    improve(tryEdges(switchedOn(w)));
  }

  const proof = branchAndBound();
  // Every candidate may have too many hops only when maxHops admits no route at all.
  const chosen = best ?? read(-Infinity);
  return toSolution(withoutCycles(chosen, network, tryEdges), proof, solves);

  /** The price of a hop at which the relaxation uses about as many as are allowed; 0 where they are not scarce. */
  function findHopPrice(): number {
    if (free.hops <= maxHops) return 0;
    const scale = scaleOf();
    let low = 0;
    let high = scale;
    for (let i = 0; i < 24; i++) {
      const middle = i === 0 ? 0 : Math.sqrt(Math.max(low, scale * 1e-10) * high);
      for (let e = 0; e < edgeCount; e++) w.cost[e] = fixedCost[e]! + (isHop[e] ? middle : 0);
      w.mode.fill(EDGE_RELAXED);
      solve();
      let hops = 0;
      for (let e = 0; e < edgeCount; e++) hops += isHop[e]! * w.weight[e]!;
      if (hops > maxHops) low = middle;
      else if (i === 0) return 0;
      else high = middle;
      if (high < low * 1.02) break;
    }
    for (let e = 0; e < edgeCount; e++) w.cost[e] = fixedCost[e]! + (isHop[e] ? high : 0);
    return high;
  }

  /** Distinct single paths, for the whole demand and for parts of it. */
  function singlePaths(): (readonly number[])[] {
    const allowed = Uint8Array.from(network.sources, (edge) =>
      edge.kind === 'linear' && edge.role.kind === 'slack' ? 0 : 1,
    );
    const longest = Math.min(maxHops, 5) + 2;
    const found = new Map<string, readonly number[]>();
    for (const part of PATH_SHARES) {
      for (const { edges } of bestPaths(network, source, sink, amount * part, exactOut, longest, allowed)) {
        found.set(edges.join(), edges);
      }
    }
    return [...found.values()];
  }

  function bridgeSubsets(): Set<number>[] {
    const bridges: number[] = [];
    for (let e = 0; e < edgeCount; e++) {
      const edge = network.sources[e]!;
      if (edge.kind === 'linear' && edge.role.kind === 'bridge') bridges.push(e);
    }
    if (bridges.length === 0) return [];
    // All subsets while they are few; else all but one, and each alone.
    if (2 ** bridges.length <= MAX_BRIDGE_SUBSETS) {
      return Array.from(
        { length: 2 ** bridges.length - 1 },
        (_, bits) => new Set(bridges.filter((__, i) => ((bits >> i) & 1) === 0)),
      );
    }
    return [
      new Set(bridges),
      ...bridges.map((kept) => new Set(bridges.filter((e) => e !== kept))),
      ...bridges.map((closed) => new Set([closed])),
    ].slice(0, MAX_BRIDGE_SUBSETS);
  }

  function branchAndBound(): BoundProof {
    const target = (): number => (best?.value ?? -Infinity) + options.tolerance;
    const excluded: number[] = [];
    for (let e = 0; e < edgeCount; e++) {
      if (isHop[e] && rootBound + Math.min(0, rootSurplus[e]!) <= target()) excluded.push(e);
    }
    const out = new Set(excluded);
    const rest = explore([], out, rootBound, rootPrices);
    return excluded.length === 0 ? rest : { kind: 'fixed', prices: rootPrices, hopPrice, edges: excluded, rest };

    function explore(
      forced: readonly number[],
      closed: ReadonlySet<number>,
      parentBound: number,
      parentPrices: Float64Array,
    ): BoundProof {
      for (let e = 0; e < edgeCount; e++) w.mode[e] = closed.has(e) ? EDGE_OFF : EDGE_RELAXED;
      for (const e of forced) w.mode[e] = EDGE_ON;
      if (forced.length >= maxHops) {
        const kept = new Set(forced);
        for (let e = 0; e < edgeCount; e++) if (isHop[e] && !kept.has(e)) w.mode[e] = EDGE_OFF;
      }
      if (spent() || parentBound <= target()) {
        return { kind: 'leaf', prices: parentPrices, hopPrice };
      }
      w.price.set(parentPrices);
      solve();
      const prices = Float64Array.from(w.price);
      const { bound } = relaxedBound(w, hopPrice * maxHops);
      const leaf: BoundProof = { kind: 'leaf', prices, hopPrice };
      if (bound <= target()) return leaf;
      const support = switchedOn(w);
      const edge = mostUndecided(w);
      const candidate = tryEdges(support);
      if (candidate.value > (best?.value ?? -Infinity)) improve(candidate);
      if (edge < 0 || bound <= target() || forced.length >= maxHops) return leaf;
      const used = explore([...forced, edge], closed, bound, prices);
      const unused = explore(forced, new Set([...closed, edge]), bound, prices);
      return { kind: 'branch', edge, used, unused };
    }
  }
}

/** Exact Lagrangian bound of the last relaxed solve, and each edge's profit less its cost there. */
function relaxedBound(w: DualWorkspace, constant: number): { bound: number; surplus: Float64Array } {
  const surplus = new Float64Array(w.network.edgeCount);
  let bound = constant;
  for (let n = 0; n < w.supply.length; n++) bound += w.supply[n]! * w.price[n]!;
  for (let e = 0; e < surplus.length; e++) {
    if (w.mode[e] === EDGE_OFF) continue;
    surplus[e] = w.profit[e]! - w.cost[e]!;
    bound += w.mode[e] === EDGE_ON ? surplus[e]! : Math.max(0, surplus[e]!);
  }
  return { bound, surplus };
}

function switchedOn(w: DualWorkspace): number[] {
  const edges: number[] = [];
  for (let e = 0; e < w.network.edgeCount; e++) if (w.weight[e]! > 0.5) edges.push(e);
  return edges;
}

/** The relaxed hop whose decision matters most: half on, and costly. −1 when all are decided. */
function mostUndecided(w: DualWorkspace): number {
  let best = -1;
  let most = 0;
  for (let e = 0; e < w.network.edgeCount; e++) {
    if (w.mode[e] !== EDGE_RELAXED || !w.network.isHop[e]) continue;
    const weight = w.weight[e]!;
    const doubt = Math.min(weight, 1 - weight) * w.cost[e]!;
    if (doubt > most && weight > 1e-6) {
      most = doubt;
      best = e;
    }
  }
  return best;
}

/**
 * Flows that run in a circle come only from inconsistent states. Of each circle the edge of least profit is taken out,
 * of all circles that share no edge at once, and what is left is solved again.
 */
function withoutCycles(
  start: Candidate,
  network: Network,
  tryEdges: (edges: Iterable<number>) => Candidate,
): Candidate {
  let current = start;
  while (findCycle(current.edges, network).length > 0) {
    const surplusOf = new Map(current.edges.map((e, i) => [e, current.surplus[i]!]));
    const dropped = new Set<number>();
    let rest = current.edges;
    for (let cycle = findCycle(rest, network); cycle.length > 0; cycle = findCycle(rest, network)) {
      dropped.add(cycle.reduce((least, e) => (surplusOf.get(e)! < surplusOf.get(least)! ? e : least)));
      const onCycle = new Set(cycle);
      rest = rest.filter((e) => !onCycle.has(e));
    }
    current = tryEdges(current.edges.filter((e) => !dropped.has(e)));
  }
  return current;
}

/** Edges of one directed cycle among `edges`, or none. */
export function findCycle(edges: readonly number[], network: Pick<Network, 'nodeIn' | 'nodeOut'>): readonly number[] {
  const leaving = new Map<number, number[]>();
  for (const e of edges) {
    const list = leaving.get(network.nodeIn[e]!);
    if (list === undefined) leaving.set(network.nodeIn[e]!, [e]);
    else list.push(e);
  }
  const done = new Set<number>();
  for (const root of leaving.keys()) {
    const path: number[] = [];
    const onPath = new Map<number, number>([[root, 0]]);
    const stack: { node: number; next: number }[] = [{ node: root, next: 0 }];
    while (stack.length > 0) {
      const top = stack[stack.length - 1]!;
      const e = done.has(top.node) ? undefined : leaving.get(top.node)?.[top.next++];
      if (e === undefined) {
        done.add(top.node);
        onPath.delete(top.node);
        stack.pop();
        path.pop();
        continue;
      }
      const to = network.nodeOut[e]!;
      const at = onPath.get(to);
      if (at !== undefined) return [...path.slice(at), e];
      path.push(e);
      onPath.set(to, path.length);
      stack.push({ node: to, next: 0 });
    }
  }
  return [];
}

function toSolution(candidate: Candidate, proof: BoundProof, nodesUsed: number): MixedSolution {
  const { edges, flowIn, flowOut, prices, value } = candidate;
  return { value, edges, flowIn, flowOut, prices, proof, nodesUsed };
}
