import type { BoundProof } from './certificate.js';
import { circleTest, greedyOrder, isAcyclic } from './acyclic.js';
import { initialPrices } from './initial-prices.js';
import type { Network } from './network.js';
import {
  createWorkspace,
  type DualWorkspace,
  EDGE_ON,
  EDGE_RELAXED,
  evaluate,
  magnitude,
  NO_LIMIT,
  residualValue,
  setLive,
  solveDual,
} from './newton.js';
import { bestPaths } from './paths.js';

/** A single-source, single-sink problem over a network. One of the two is the numeraire, with price 1. */
export interface MixedProblem {
  readonly network: Network;
  readonly source: number;
  readonly sink: number;
  readonly exactOut: boolean;
  readonly maxHops: number;
}

export interface MixedOptions {
  /** Units of the source's token to place, or of the sink's token to deliver. */
  readonly amount: number;
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
  readonly depths: readonly number[];
  /** Units of input and of output, in the order of `edges`. */
  readonly flowIn: Float64Array;
  readonly flowOut: Float64Array;
  readonly prices: Float64Array;
  readonly proof: BoundProof;
  /** The edges among which it is the convex optimum, when no cost binds and it has few enough hops; else undefined. */
  readonly within: Int32Array | undefined;
  /** Whether the flows meet the demand within the solver's tolerance. */
  readonly isSettled: boolean;
  readonly nodesUsed: number;
}

/** A support with its optimal flows' prices. */
interface Candidate {
  /** Net of all costs; −∞ where it has more hops than allowed. */
  readonly value: number;
  /** Net of all costs, whatever its hops. */
  readonly net: number;
  /** Edges that carry flow, those that are no hops included. */
  readonly edges: readonly number[];
  readonly hops: number;
  /** Ticks crossed, by edge of `edges`; empty where ticks cost nothing. */
  readonly depths: readonly number[];
  readonly q: Float64Array;
  /** Dual profit less cost, by edge of `edges`. */
  readonly surplus: readonly number[];
}

/** Flows whose value is below this share of the whole are rounding, not trades. */
const NEGLIGIBLE = 1e-10;
const TRIED_ADDITIONS = 10;
const TRIED_SWAPS = 16;
const TRIED_DROPS = 4;
/** Shares of the demand for which single paths are sought as building blocks. */
const PATH_SHARES = [1, 0.3, 0.1] as const;
const MAX_BRIDGE_SUBSETS = 32;
const STARTING_SHADE = 1e-3;
/** Least root of a price against that at zero size. */
const LOWEST = 1e-5;
/** Progress below this share of the value is none. */
const PROGRESS = 1e-12;
/** Orders of the nodes that are tried where prices contradict each other: so many solved edges in all, within limits. */
const ORDER_EFFORT = 100_000;
const MIN_ORDERS = 12;
const MAX_ORDERS = 800;
const TRIED_MOVES = 40;
/** The full optimum is worth pruning edge by edge while it has so few. */
const PRUNABLE = 48;

const FREE = 0;
const USED = 1;
const UNUSED = 2;

/** A problem with its workspace: solved again and again, at any amount. */
export interface MixedSearch {
  readonly workspace: DualWorkspace;
  /** From nothing, or from a solution nearby. */
  readonly solve: (options: MixedOptions, near?: Pick<MixedSolution, 'prices' | 'edges'>) => MixedSolution;
  /**
   * The optimal flows at another amount over what an earlier solution uses or is the optimum of, without a search. Its
   * proof is handed on as it is, except where it is the optimum of all edges. Circles are not looked for.
   */
  readonly again: (amount: number, earlier: MixedSolution) => MixedSolution;
}

/**
 * Finds flows of the highest value net of fixed costs. Without costs that bind, the convex dual is the answer. With
 * them: supports from the relaxation, from the full optimum, from the best single paths and from subsets of the bridges
 * are improved by dropping, adding and swapping edges (an edge is dropped only where its dual profit is below its cost,
 * added only where it is above); what the bound cannot exclude is then settled by branch and bound. Deterministic: the
 * budget counts solved problems.
 */
export function prepareSearch({ exactOut, maxHops, network, sink, source }: MixedProblem): MixedSearch {
  const { edgeCount, fixedCost, isHop, nodeCount, nodeIn, nodeOut, tickCost } = network;
  const pinned = exactOut ? source : sink;
  const other = exactOut ? sink : source;
  const shaded = new Float64Array(nodeCount);
  initialPrices(network, pinned, exactOut, shaded, STARTING_SHADE);
  const startQ = Float64Array.from(shaded, Math.sqrt);
  const w = createWorkspace(network, pinned);
  for (let n = 0; n < nodeCount; n++) if (n !== pinned) w.lowest[n] = startQ[n]! * LOWEST;
  const all = Int32Array.from({ length: edgeCount }, (_, e) => e);
  const glue = all.filter((e) => isHop[e] === 0);
  const ticked = all.filter((e) => tickCost[e]! > 0 && network.segStart[e + 1]! - network.segStart[e]! > 1);
  const leastCrossed = new Int32Array(edgeCount);
  const mostCrossed = new Int32Array(edgeCount).fill(NO_LIMIT);
  const hasCosts = fixedCost.some((cost) => cost > 0) || tickCost.some((cost) => cost > 0);
  const links = hasCosts || maxHops < edgeCount ? hopLinks(network) : undefined;

  let solves = 0;
  let budget = 0;
  let amount = 0;
  let best: Candidate | undefined;

  const spent = (): boolean => solves >= budget;
  const solve = (): void => {
    solves++;
    solveDual(w);
  };
  const arriving = new Int32Array(nodeCount);
  const leaving = new Int32Array(nodeCount);
  /** Edges with flows worth mention, without those that no such flow leads to or from. */
  const carrying = (): number[] => {
    const floor = magnitude(w) * NEGLIGIBLE;
    const edges: number[] = [];
    for (let i = 0; i < w.activeCount; i++) {
      const e = w.active[i]!;
      const qi = w.q[nodeIn[e]!]!;
      if (w.flowIn[e]! * qi * qi > floor) edges.push(e);
    }
    return connected(edges);
  };
  /** Those of the edges that others lead to from the source and on to the sink. */
  const connected = (all: number[]): number[] => {
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
        (e) =>
          (nodeIn[e] === source || arriving[nodeIn[e]!]! > 0) && (nodeOut[e] === sink || leaving[nodeOut[e]!]! > 0),
      );
    }
    return edges;
  };
  const read = (): Candidate => {
    const edges: number[] = [];
    const surplus: number[] = [];
    const depths: number[] = [];
    let hops = 0;
    // What flows into the numeraire's node and out of it, less all that the flows leave over or lack elsewhere.
    let net = -residualValue(w);
    for (const e of carrying()) {
      edges.push(e);
      if (nodeOut[e] === pinned) net += w.flowOut[e]!;
      else if (nodeIn[e] === pinned) net -= w.flowIn[e]!;
      net -= network.unitCost[e]! * w.flowIn[e]!;
      surplus.push(w.profit[e]! - fixedCost[e]!);
      hops += isHop[e]!;
      net -= fixedCost[e]!;
      if (ticked.length === 0) continue;
      const depth = tickCost[e]! > 0 ? w.leastCrossed[e]! : 0;
      net -= depth * tickCost[e]!;
      depths.push(depth);
    }
    const isRoute = hops <= maxHops && isAcyclic(edges, network);
    return { value: isRoute ? net : -Infinity, net, edges, hops, depths, q: Float64Array.from(w.q), surplus };
  };
  /** Leaves open how many ticks an edge crosses, but for what branch and bound has decided. */
  const openTicks = (): void => {
    if (ticked.length === 0) return;
    w.leastCrossed.set(leastCrossed);
    w.mostCrossed.set(mostCrossed);
  };
  const fixTicks = (edges: ArrayLike<number>, depths: ArrayLike<number>): void => {
    if (ticked.length === 0) return;
    for (const e of ticked) w.leastCrossed[e] = w.mostCrossed[e] = 0;
    for (let i = 0; i < edges.length; i++) w.leastCrossed[edges[i]!] = w.mostCrossed[edges[i]!] = depths[i]!;
  };
  const support: number[] = [];
  /** Edges that are live since the last call of `again`, so that they need not be set anew. */
  let lastWithin: Int32Array | undefined;
  /** `depths`: how many ticks each of the edges crosses; absent: as many as pay. */
  const tryEdges = (edges: readonly number[], q: Float64Array, depths?: readonly number[]): Candidate => {
    support.length = 0;
    for (const e of glue) support.push(e);
    for (const e of edges) if (isHop[e] === 1) support.push(e);
    setLive(w, connected(support), EDGE_ON);
    w.q.set(q);
    if (depths !== undefined) fixTicks(edges, depths);
    else if (ticked.length > 0) {
      // First how far it pays to cross ticks, as a relaxation, then the flows that go so far.
      w.leastCrossed.fill(0);
      w.mostCrossed.fill(NO_LIMIT);
      solveDual(w);
      const active = w.active.slice(0, w.activeCount);
      fixTicks(
        active,
        Array.from(active, (e) => w.crossed[e]!),
      );
    }
    solve();
    const candidate = read();
    openTicks();
    return candidate;
  };
  const offer = (candidate: Candidate): void => {
    if (candidate.value > -Infinity && (best === undefined || candidate.value > best.value)) best = candidate;
  };
  const isBetter = (a: number, b: number): boolean => a > (b === -Infinity ? b : b + Math.abs(b) * PROGRESS);

  /** Single edges, and pairs of edges over a node that is not used yet, by what they could add at a candidate's prices. */
  const additions = (candidate: Candidate): { readonly edges: readonly number[]; readonly surplus: number }[] => {
    const inside = new Uint8Array(edgeCount);
    const covered = new Uint8Array(nodeCount);
    covered[source] = covered[sink] = 1;
    for (const e of candidate.edges) {
      inside[e] = 1;
      covered[nodeIn[e]!] = covered[nodeOut[e]!] = 1;
    }
    setLive(w, all, EDGE_ON);
    w.q.set(candidate.q);
    evaluate(w);
    const closesCircle = circleTest(candidate.edges, network);
    const found: { edges: readonly number[]; surplus: number }[] = [];
    for (let e = 0; e < edgeCount; e++) {
      if (isHop[e] === 0 || inside[e] === 1) continue;
      if (covered[nodeIn[e]!] === 0 || covered[nodeOut[e]!] === 0) continue;
      const surplus = w.profit[e]! - fixedCost[e]!;
      if (w.profit[e]! > 0 && !closesCircle(nodeIn[e]!, nodeOut[e]!)) found.push({ edges: [e], surplus });
    }
    if (links !== undefined) {
      for (let n = 0; n < nodeCount; n++) {
        if (covered[n] === 1) continue;
        for (const first of links.into[n]!) {
          if (covered[nodeIn[first]!] === 0) continue;
          for (const second of links.outOf[n]!) {
            if (covered[nodeOut[second]!] === 0) continue;
            const surplus = pairProfit(first, second, candidate.q) - fixedCost[first]! - fixedCost[second]!;
            if (surplus > 0 && !closesCircle(nodeIn[first]!, nodeOut[second]!)) {
              found.push({ edges: [first, second], surplus });
            }
          }
        }
      }
    }
    found.sort((a, b) => b.surplus - a.surplus || a.edges[0]! - b.edges[0]!);
    return found.slice(0, TRIED_ADDITIONS);
  };

  /**
   * min over the price between of the profits of two edges in a row, by their first segments:
   * K₁(h₁q − c₁q_a)² + K₂(h₂q_b − c₂q)² has its minimum at the weighted mean of its two zeros.
   */
  const pairProfit = (first: number, second: number, q: Float64Array): number => {
    const { liquidity, phi, segStart, sqrtHigh, sqrtPhi, straight } = network;
    const k = segStart[first]!;
    const m = segStart[second]!;
    if (k === segStart[first + 1]! || m === segStart[second + 1]!) return 0;
    const qa = q[nodeIn[first]!]!;
    const qb = q[nodeOut[second]!]!;
    if (straight[first] === 1 || straight[second] === 1) {
      const rate = zeroRate(network, first) * zeroRate(network, second);
      return Math.max(0, rate * qb * qb - qa * qa) * amount;
    }
    const low = qa / (sqrtPhi[first]! * sqrtHigh[k]!);
    const high = qb * sqrtHigh[m]! * sqrtPhi[second]!;
    if (high <= low) return 0;
    const u = liquidity[k]! * sqrtHigh[k]!;
    const v = liquidity[m]! / (sqrtHigh[m]! * phi[second]!);
    return ((u * v) / (u + v)) * (high - low) ** 2;
  };

  /** One tick more or less over one edge. */
  const otherDepths = ({ depths, edges }: Candidate): (readonly number[])[] =>
    ticked.length === 0
      ? []
      : edges.flatMap((e, i) => {
          if (!(tickCost[e]! > 0)) return [];
          const most = network.segStart[e + 1]! - network.segStart[e]! - 1;
          return [depths[i]! - 1, depths[i]! + 1]
            .filter((depth) => depth >= 0 && depth <= most)
            .map((depth) => depths.with(i, depth));
        });

  /** Takes hops out, each time the one whose loss is least among those of least profit, until they are few enough. */
  const withinHops = (candidate: Candidate): Candidate => {
    let current = candidate;
    while (current.hops > maxHops && !spent()) {
      let next: Candidate | undefined;
      let least = Infinity;
      for (const e of weakest(current).slice(0, TRIED_DROPS)) {
        const without = tryEdges(
          current.edges.filter((x) => x !== e),
          current.q,
        );
        if (without.hops >= current.hops) continue;
        const loss = (current.net - without.net) / (current.hops - without.hops);
        if (loss < least) [next, least] = [without, loss];
      }
      if (next === undefined) break;
      current = next;
    }
    return current;
  };
  const weakest = ({ edges, surplus }: Candidate): number[] =>
    edges
      .map((e, i) => ({ e, s: surplus[i]! }))
      .filter(({ e }) => isHop[e] === 1)
      .sort((a, b) => a.s - b.s || a.e - b.e)
      .map(({ e }) => e);

  const improve = (start: Candidate): Candidate => {
    let current = withinHops(start);
    const accept = (next: Candidate): boolean => {
      if (!isBetter(next.value, current.value)) return false;
      current = next;
      return true;
    };
    for (let progress = true; progress && !spent();) {
      progress = false;
      const surplusOf = new Map(current.edges.map((e, i) => [e, current.surplus[i]!]));
      for (const e of weakest(current)) {
        if (surplusOf.get(e)! >= 0 || spent()) break;
        const without = current.edges.filter((x) => x !== e);
        if (accept(tryEdges(without, current.q))) {
          progress = true;
          break;
        }
      }
      if (progress) continue;
      const add = additions(current);
      for (const { edges, surplus } of add) {
        if (surplus <= 0 || spent()) break;
        if (current.hops + edges.length > maxHops) continue;
        if (accept(tryEdges([...current.edges, ...edges], current.q))) {
          progress = true;
          break;
        }
      }
      if (progress) continue;
      for (const depths of otherDepths(current)) {
        if (spent()) break;
        if (accept(tryEdges(current.edges, current.q, depths))) {
          progress = true;
          break;
        }
      }
      if (progress) continue;
      const swaps: { out: number; edges: readonly number[]; gain: number }[] = [];
      for (const out of weakest(current)) {
        for (const { edges, surplus } of add) {
          const gain = surplus - surplusOf.get(out)!;
          if (gain > 0 || maxHops < edgeCount) swaps.push({ out, edges, gain });
        }
      }
      swaps.sort((a, b) => b.gain - a.gain);
      for (const { edges, out } of swaps.slice(0, TRIED_SWAPS)) {
        if (spent()) break;
        const without = current.edges.filter((x) => x !== out);
        if (accept(withinHops(tryEdges([...without, ...edges], current.q)))) {
          progress = true;
          break;
        }
      }
    }
    offer(current);
    return current;
  };

  const solveAll: MixedSearch['solve'] = (options, near) => {
    solves = 0;
    budget = options.nodeBudget;
    amount = options.amount;
    best = undefined;
    w.supply[other] = exactOut ? -amount : amount;
    w.cost.set(fixedCost);
    leastCrossed.fill(0);
    mostCrossed.fill(NO_LIMIT);
    openTicks();
    setLive(w, all, EDGE_ON);
    if (near === undefined) w.q.set(startQ);
    else for (let n = 0; n < nodeCount; n++) w.q[n] = Math.sqrt(near.prices[n]!);
    solve();
    if (near !== undefined && !w.settled) {
      // Prices of a sparse route can lie too far off to come back from: start anew.
      w.q.set(startQ);
      solve();
    }
    lastWithin = undefined;
    let free = read();
    const freeProof: BoundProof = { kind: 'leaf', prices: squares(free.q), hopPrice: 0 };
    let within: Int32Array = all;
    // Where prices contradict each other, the convex optimum runs in circles.
    const hasCircles = !isAcyclic(free.edges, network);
    if (hasCircles) [free, within] = bestOrder(free);
    if (!hasCosts && free.hops <= maxHops) {
      // An order may be given up too early: no single path may be better than what came of it.
      const alone = hasCircles ? bestAlone(free.q) : undefined;
      if (alone === undefined || !isBetter(alone.value, free.value)) return finish(free, freeProof, within);
      return finish(alone, freeProof, undefined);
    }
    if (ticked.length > 0) free = tryEdges(free.edges, free.q);

    const hopPrice = findHopPrice(free, within);
    setLive(w, within, EDGE_RELAXED);
    for (const e of glue) w.mode[e] = EDGE_ON;
    w.q.set(free.q);
    solve();
    const rootQ = Float64Array.from(w.q);
    const rootSupport = switchedOn();
    improve(tryEdges(rootSupport, free.q));
    const bestPath = bestAlone(free.q);
    if (bestPath !== undefined) improve(bestPath);
    if (free.hops <= PRUNABLE && !spent()) improve(free);
    if (near !== undefined && !spent()) improve(tryEdges(near.edges, free.q));
    for (const closed of bridgeSubsets()) {
      if (spent()) break;
      setLive(
        w,
        within.filter((e) => !closed.has(e)),
        EDGE_RELAXED,
      );
      for (const e of glue) w.mode[e] = EDGE_ON;
      w.q.set(rootQ);
      solve();
      improve(tryEdges(switchedOn(), free.q));
    }
    const found = branchAndBound(rootQ, hopPrice, options.tolerance, within);
    // What was proved within an order of the nodes says nothing of the others.
    const proof = hasCircles ? freeProof : found;
    const chosen = best as Candidate | undefined;
    return finish(chosen ?? { ...free, value: -Infinity }, proof, undefined);
  };

  const bestAlone = (q: Float64Array): Candidate | undefined => {
    let bestPath: Candidate | undefined;
    for (const path of singlePaths()) {
      const alone = tryEdges(path, q);
      if (bestPath === undefined || alone.value > bestPath.value) bestPath = alone;
    }
    return bestPath;
  };

  /** The price of a hop at which the relaxation uses about as many as are allowed; 0 where they are not scarce. */
  const findHopPrice = (free: Candidate, within: Int32Array): number => {
    if (free.hops <= maxHops) return 0;
    const scale = magnitude(w);
    let low = 0;
    let high = scale;
    setLive(w, within, EDGE_RELAXED);
    for (const e of glue) w.mode[e] = EDGE_ON;
    w.q.set(free.q);
    for (let i = 0; i < 24; i++) {
      const middle = i === 0 ? 0 : Math.sqrt(Math.max(low, scale * 1e-10) * high);
      for (let e = 0; e < edgeCount; e++) w.cost[e] = fixedCost[e]! + (isHop[e] ? middle : 0);
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
  };

  const switchedOn = (): number[] => {
    const edges: number[] = [];
    for (let i = 0; i < w.activeCount; i++) if (w.weight[w.active[i]!]! > 0.5) edges.push(w.active[i]!);
    return edges;
  };

  /** Distinct single paths, for the whole demand and for parts of it. */
  const singlePaths = (): (readonly number[])[] => {
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
  };

  const bridgeSubsets = (): Set<number>[] => {
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
  };

  const branchAndBound = (rootQ: Float64Array, hopPrice: number, tolerance: number, within: Int32Array): BoundProof => {
    const state = new Uint8Array(edgeCount).fill(UNUSED);
    for (const e of within) state[e] = FREE;
    const tried = new Set<string>();
    const target = (): number => (best?.value ?? -Infinity) + tolerance;
    const liveEdges: number[] = [];

    /** Solves the relaxation of the present case from prices nearby; returns its bound. */
    const relax = (q: Float64Array): number => {
      liveEdges.length = 0;
      let usedHops = 0;
      let constant = hopPrice > 0 ? hopPrice * maxHops : 0;
      for (let e = 0; e < edgeCount; e++) {
        if (state[e] === USED) {
          usedHops += isHop[e]!;
          constant -= w.cost[e]!;
        }
      }
      const full = usedHops >= maxHops;
      for (let e = 0; e < edgeCount; e++) {
        if (state[e] === UNUSED || (full && state[e] === FREE && isHop[e] === 1)) continue;
        liveEdges.push(e);
      }
      setLive(w, liveEdges, EDGE_RELAXED);
      for (const e of glue) w.mode[e] = EDGE_ON;
      for (const e of liveEdges) if (state[e] === USED) w.mode[e] = EDGE_ON;
      openTicks();
      w.q.set(q);
      solve();
      return w.bound + constant;
    };
    const explore = (parentQ: Float64Array): BoundProof => {
      const bound = relax(parentQ);
      const q = Float64Array.from(w.q);
      const leaf: BoundProof = { kind: 'leaf', prices: squares(q), hopPrice };
      if (bound <= target() || spent()) return leaf;
      const edges = switchedOn();
      const doubt = mostUndecided(state);
      const surplus = snapshotSurplus();
      const depths = ticked.length === 0 ? undefined : edges.map((e) => (tickCost[e]! > 0 ? w.crossed[e]! : 0));
      const key = `${edges.join()}/${depths?.join() ?? ''}`;
      if (!tried.has(key)) {
        tried.add(key);
        const candidate = tryEdges(edges, q, depths);
        if (candidate.value > (best?.value ?? -Infinity)) improve(candidate);
        if (bound <= target()) return leaf;
      }
      return decide(leaf, bound, q, doubt, surplus);
    };
    const snapshotSurplus = (): Float64Array => {
      const surplus = new Float64Array(edgeCount).fill(-Infinity);
      for (let i = 0; i < w.liveCount; i++) {
        const e = w.live[i]!;
        surplus[e] = w.profit[e]! - w.cost[e]!;
      }
      return surplus;
    };
    const decide = (
      leaf: BoundProof & { kind: 'leaf' },
      bound: number,
      q: Float64Array,
      { crossed, edge }: { edge: number; crossed: number },
      surplus: Float64Array,
    ): BoundProof => {
      const out: number[] = [];
      const forced: number[] = [];
      const aim = target();
      for (let e = 0; e < edgeCount; e++) {
        if (state[e] !== FREE || isHop[e] === 0) continue;
        if (bound + Math.min(0, surplus[e]!) <= aim) out.push(e);
        else if (surplus[e]! > 0 && bound - surplus[e]! <= aim) forced.push(e);
      }
      for (const e of out) state[e] = UNUSED;
      for (const e of forced) state[e] = USED;
      let rest: BoundProof;
      if (edge < 0 || state[edge] === UNUSED || (state[edge] === USED && crossed === 0)) {
        rest = (edge < 0 && forced.length === 0) || spent() ? leaf : explore(q);
      } else if (crossed > 0) {
        const before = [state[edge]!, leastCrossed[edge]!, mostCrossed[edge]!] as const;
        leastCrossed[edge] = crossed;
        state[edge] = USED;
        const deep = explore(q);
        [state[edge], leastCrossed[edge]] = before;
        mostCrossed[edge] = crossed - 1;
        const shallow = explore(q);
        mostCrossed[edge] = before[2];
        rest = { kind: 'depth', edge, crossed, deep, shallow };
      } else {
        state[edge] = USED;
        const used = explore(q);
        state[edge] = UNUSED;
        const unused = explore(q);
        state[edge] = FREE;
        rest = { kind: 'branch', edge, used, unused };
      }
      for (const e of out) state[e] = FREE;
      for (const e of forced) state[e] = FREE;
      if (forced.length > 0) rest = { ...leaf, kind: 'forced', edges: forced, rest };
      return out.length > 0 ? { ...leaf, kind: 'fixed', edges: out, rest } : rest;
    };
    return explore(rootQ);
  };

  /**
   * The relaxed decision that matters most, half taken and costly: whether an edge is used, or (`crossed` above zero)
   * whether it goes so far. −1 when all are taken.
   */
  const mostUndecided = (state: Uint8Array): { edge: number; crossed: number } => {
    let edge = -1;
    let crossed = 0;
    let most = 0;
    for (let i = 0; i < w.activeCount; i++) {
      const e = w.active[i]!;
      if (w.mode[e] === EDGE_RELAXED && isHop[e] === 1 && state[e] === FREE) {
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
      if (isHop[e] === 1 && state[e] === FREE && w.profit[e]! > most) [most, edge] = [w.profit[e]!, e];
    }
    return { edge, crossed };
  };

  /**
   * Flows that run in a circle come only from inconsistent states, and are refused. What remains convex is the optimum
   * over edges that go forwards in an order of the nodes. The order starts from what goes against the least flow, and
   * nodes are moved where edges against it would earn most, as long as that helps.
   */
  const bestOrder = (free: Candidate): [Candidate, Int32Array] => {
    const tries = Math.max(MIN_ORDERS, Math.min(MAX_ORDERS, Math.round(ORDER_EFFORT / edgeCount)));
    const limit = Math.min(budget, solves + tries);
    let bestValue = -Infinity;
    let chosen = free;
    let within: Int32Array = all;
    let rank: Int32Array = greedyOrder(network, source, sink, free.edges, valueOf(free));
    const attempt = (order: Int32Array, q: Float64Array): boolean => {
      const edges = all.filter((e) => isHop[e] === 0 || order[nodeIn[e]!]! < order[nodeOut[e]!]!);
      setLive(w, edges, EDGE_ON);
      w.q.set(q);
      solve();
      if (!w.settled) {
        // Prices of another order can lie too far off to come back from: start anew.
        w.q.set(startQ);
        solve();
      }
      const value = read().net;
      if (!isBetter(value, bestValue)) return false;
      bestValue = value;
      rank = order;
      within = edges;
      chosen = read();
      return true;
    };
    attempt(rank, free.q);
    for (const path of singlePaths()) {
      if (solves >= limit) break;
      attempt(alongPath(rank, path), chosen.q);
    }
    for (let progress = true; progress && solves < limit;) {
      progress = false;
      for (const { from, to } of againstOrder(rank, chosen.q)) {
        if (solves >= limit) break;
        if (attempt(moved(rank, from, rank[to]!), chosen.q) || attempt(moved(rank, to, rank[from]!), chosen.q)) {
          progress = true;
          break;
        }
      }
    }
    return [chosen, within];
  };

  const valueOf = ({ edges, q }: Candidate): number[] =>
    edges.map((e) => w.flowIn[e]! * q[nodeIn[e]!]! * q[nodeIn[e]!]!);

  /** Pairs of nodes whose edges go against the order, those that would earn most at the prices first. */
  const againstOrder = (rank: Int32Array, q: Float64Array): { from: number; to: number; profit: number }[] => {
    setLive(w, all, EDGE_ON);
    w.q.set(q);
    evaluate(w);
    const pairs = new Map<number, { from: number; to: number; profit: number }>();
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
  };

  /** The order with one node moved to another's place. */
  const moved = (rank: Int32Array, node: number, to: number): Int32Array => {
    const from = rank[node]!;
    return rank.map((r, n) => {
      if (n === node) return to;
      if (from < to) return r > from && r <= to ? r - 1 : r;
      return r >= to && r < from ? r + 1 : r;
    });
  };

  /** The order with the nodes of a path brought into the path's own order, within the places that they have. */
  const alongPath = (rank: Int32Array, path: readonly number[]): Int32Array => {
    const inner = path.map((e) => nodeOut[e]!).filter((n) => n !== sink && n !== source);
    const places = inner.map((n) => rank[n]!).sort((a, b) => a - b);
    const order = Int32Array.from(rank);
    inner.forEach((n, i) => (order[n] = places[i]!));
    return order;
  };

  /** Flows of a candidate over its edges alone. Solved, not only evaluated: where straight edges bend depends on the way there. */
  const finish = (candidate: Candidate, proof: BoundProof, within: Int32Array | undefined): MixedSolution => {
    setLive(w, candidate.edges, EDGE_ON);
    fixTicks(candidate.edges, candidate.depths);
    w.q.set(candidate.q);
    solveDual(w);
    return solution(candidate.value, candidate.edges, candidate.depths, proof, within);
  };
  const solution = (
    value: number,
    edges: readonly number[],
    depths: readonly number[],
    proof: BoundProof | undefined,
    within: Int32Array | undefined,
  ): MixedSolution => {
    const prices = squares(w.q);
    balanceEnds();
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
      nodesUsed: solves,
    };
  };

  /**
   * Straight edges at par carry what the solver's last digits leave open, the more the larger their room. What joins a
   * token to the source or the sink is set to what its pools and bridges really need or bring.
   */
  const balanceEnds = (): void => {
    for (const e of glue) {
      const edge = network.sources[e]!;
      if (edge.kind !== 'linear' || !(w.flowIn[e]! > 0)) continue;
      let change = 0;
      if (edge.role.kind === 'terminal') change = w.imbalance[nodeIn[e]!]!;
      else if (edge.role.kind === 'inventory') change = -w.imbalance[nodeOut[e]!]!;
      w.flowIn[e] = Math.min(edge.capacity, Math.max(0, w.flowIn[e]! + change));
      w.flowOut[e] = w.flowIn[e] * edge.price;
    }
  };

  const again: MixedSearch['again'] = (units, earlier) => {
    solves = 0;
    amount = units;
    w.supply[other] = exactOut ? -amount : amount;
    const { depths, edges, prices, proof, within } = earlier;
    fixTicks(edges, depths);
    if (within !== undefined) {
      if (w.liveCount !== within.length || within !== lastWithin) setLive(w, within, EDGE_ON);
    } else {
      support.length = 0;
      for (const e of glue) support.push(e);
      for (const e of edges) if (isHop[e] === 1) support.push(e);
      setLive(w, support, EDGE_ON);
    }
    lastWithin = within;
    for (let n = 0; n < nodeCount; n++) w.q[n] = Math.sqrt(prices[n]!);
    solve();
    const used = carrying();
    const deep = ticked.length === 0 ? depths : used.map((e) => w.leastCrossed[e]!);
    return solution(w.value, used, deep, within === all ? undefined : proof, within);
  };

  return { workspace: w, solve: solveAll, again };
}

function squares(q: Float64Array): Float64Array {
  return q.map((x) => x * x);
}

function zeroRate({ phi, segStart, sqrtHigh, straight }: Network, e: number): number {
  const k = segStart[e]!;
  return straight[e] === 1 ? sqrtHigh[k]! : sqrtHigh[k]! ** 2 * phi[e]!;
}

/** Hops by the node they enter and leave. */
function hopLinks({ edgeCount, isHop, nodeCount, nodeIn, nodeOut }: Network): {
  into: readonly number[][];
  outOf: readonly number[][];
} {
  const into: number[][] = Array.from({ length: nodeCount }, () => []);
  const outOf: number[][] = Array.from({ length: nodeCount }, () => []);
  for (let e = 0; e < edgeCount; e++) {
    if (isHop[e] === 0) continue;
    into[nodeOut[e]!]!.push(e);
    outOf[nodeIn[e]!]!.push(e);
  }
  return { into, outOf };
}
