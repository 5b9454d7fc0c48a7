import { solveDualOrAnew } from '../dual/newton.js';
import { createWorkspace, type DualWorkspace, LOWEST, NO_LIMIT } from '../dual/workspace.js';
import { initialPrices } from '../initial-prices.js';
import type { Network } from '../network.js';
import type { MixedProblem } from './mixed.js';

/** A support with its optimal flows' prices. */
export interface Candidate {
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

/** Hops by the node they enter and leave. */
interface HopLinks {
  readonly into: readonly (readonly number[])[];
  readonly outOf: readonly (readonly number[])[];
}

/** What all parts of one search read, and how far it has come. */
export interface SearchState {
  readonly network: Network;
  readonly source: number;
  readonly sink: number;
  /** The end that is the numeraire, and the one where the amount is exact. */
  readonly pinned: number;
  readonly exactEnd: number;
  readonly exactOut: boolean;
  readonly maxHops: number;
  readonly workspace: DualWorkspace;
  /** Roots of prices to start from where none are known. */
  readonly startQ: Float64Array;
  /** The same where a problem is solved anew: what the scope leaves out must not come to be worth trading. */
  anewQ: Float64Array;
  readonly all: Int32Array;
  /** Edges that are no hops: always there, at no cost. */
  readonly glue: Int32Array;
  /** Edges of which every tick costs. */
  readonly ticked: Int32Array;
  /** How many ticks branch and bound has decided that each edge crosses at least and at most. */
  readonly leastCrossed: Int32Array;
  readonly mostCrossed: Int32Array;
  readonly hasCosts: boolean;
  /** The edges that the search looks at: all of them, or those that {@link narrow} leaves. */
  scope: Int32Array;
  /** Hops of the scope. */
  links: HopLinks;
  readonly arriving: Int32Array;
  readonly leaving: Int32Array;
  readonly support: number[];
  amount: number;
  budget: number;
  solves: number;
  best: Candidate | undefined;
  /** Edges that are live since the last solve at another amount, so that they need not be set anew. */
  lastWithin: Int32Array | undefined;
}

const STARTING_SHADE = 1e-3;
/** Progress below this share of the value is none. */
const PROGRESS = 1e-12;

export function createState({ exactOut, maxHops, network, sink, source }: MixedProblem): SearchState {
  const { edgeCount, fixedCost, isHop, nodeCount, segStart, tickCost } = network;
  const pinned = exactOut ? source : sink;
  const shaded = new Float64Array(nodeCount);
  initialPrices(network, pinned, exactOut, shaded, STARTING_SHADE);
  const startQ = Float64Array.from(shaded, Math.sqrt);
  const workspace = createWorkspace(network, pinned);
  for (let n = 0; n < nodeCount; n++) if (n !== pinned) workspace.lowest[n] = startQ[n]! * LOWEST;
  const all = Int32Array.from({ length: edgeCount }, (_, e) => e);
  const hasCosts = fixedCost.some((cost) => cost > 0) || tickCost.some((cost) => cost > 0);
  return {
    network,
    source,
    sink,
    pinned,
    exactEnd: exactOut ? sink : source,
    exactOut,
    maxHops,
    workspace,
    startQ,
    anewQ: startQ,
    all,
    glue: all.filter((e) => isHop[e] === 0),
    ticked: all.filter((e) => tickCost[e]! > 0 && segStart[e + 1]! - segStart[e]! > 1),
    leastCrossed: new Int32Array(edgeCount),
    mostCrossed: new Int32Array(edgeCount).fill(NO_LIMIT),
    hasCosts,
    scope: new Int32Array(0),
    links: { into: [], outOf: [] },
    arriving: new Int32Array(nodeCount),
    leaving: new Int32Array(nodeCount),
    support: [],
    amount: 0,
    budget: 0,
    solves: 0,
    best: undefined,
    lastWithin: undefined,
  };
}

/** Sets the edges that the search looks at, and prices at which none of the others is worth trading. */
export function narrow(state: SearchState, scope: Int32Array, q: Float64Array): void {
  state.anewQ = q;
  if (scope === state.scope) return;
  state.scope = scope;
  state.links = hopLinks(state.network, scope);
}

function hopLinks({ isHop, nodeCount, nodeIn, nodeOut }: Network, edges: Int32Array): HopLinks {
  const into: number[][] = Array.from({ length: nodeCount }, () => []);
  const outOf: number[][] = Array.from({ length: nodeCount }, () => []);
  for (const e of edges) {
    if (isHop[e] === 0) continue;
    into[nodeOut[e]!]!.push(e);
    outOf[nodeIn[e]!]!.push(e);
  }
  return { into, outOf };
}

/** Sets the demand of the workspace. */
export function demand(state: SearchState, amount: number): void {
  state.amount = amount;
  state.workspace.supply[state.exactEnd] = state.exactOut ? -amount : amount;
}

export function isSpent({ budget, solves }: SearchState): boolean {
  return solves >= budget;
}

/** Solves what is live, counted against the budget. */
export function solve(state: SearchState): void {
  state.solves++;
  solveDualOrAnew(state.workspace, state.anewQ);
}

/** Leaves open how many ticks an edge crosses, but for what branch and bound has decided. */
export function openTicks({ leastCrossed, mostCrossed, ticked, workspace }: SearchState): void {
  if (ticked.length === 0) return;
  workspace.leastCrossed.set(leastCrossed);
  workspace.mostCrossed.set(mostCrossed);
}

export function fixTicks(
  { ticked, workspace: { leastCrossed, mostCrossed } }: SearchState,
  edges: ArrayLike<number>,
  depths: ArrayLike<number>,
): void {
  if (ticked.length === 0) return;
  for (const e of ticked) leastCrossed[e] = mostCrossed[e] = 0;
  for (let i = 0; i < edges.length; i++) leastCrossed[edges[i]!] = mostCrossed[edges[i]!] = depths[i]!;
}

export function isBetter(a: number, b: number): boolean {
  return a > (b === -Infinity ? b : b + Math.abs(b) * PROGRESS);
}

export function offer(state: SearchState, candidate: Candidate): void {
  const { best } = state;
  if (candidate.value > -Infinity && (best === undefined || candidate.value > best.value)) state.best = candidate;
}

export function squares(q: Float64Array): Float64Array {
  return q.map((x) => x * x);
}
