import type { Network } from './network.js';

/** Whether the edges can be brought into an order in which every one starts where those before it have arrived. */
export function isAcyclic(edges: readonly number[], { nodeCount, nodeIn, nodeOut }: Network): boolean {
  const arriving = new Int32Array(nodeCount);
  for (const e of edges) arriving[nodeOut[e]!]!++;
  let left: readonly number[] = edges;
  for (let before = left.length + 1; left.length > 0 && left.length < before;) {
    before = left.length;
    const next: number[] = [];
    for (const e of left) {
      // An edge goes once nothing arrives any more where it starts.
      if (arriving[nodeIn[e]!] === 0) arriving[nodeOut[e]!]!--;
      else next.push(e);
    }
    left = next;
  }
  return left.length === 0;
}

/**
 * Says whether an edge from `a` to `b` would close a circle with the edges given.
 */
export function circleTest(edges: readonly number[], { nodeIn, nodeOut }: Network): (a: number, b: number) => boolean {
  const leaving = new Map<number, number[]>();
  for (const e of edges) {
    const list = leaving.get(nodeIn[e]!);
    if (list === undefined) leaving.set(nodeIn[e]!, [nodeOut[e]!]);
    else list.push(nodeOut[e]!);
  }
  const reached = new Map<number, ReadonlySet<number>>();
  const reachOf = (node: number): ReadonlySet<number> => {
    const known = reached.get(node);
    if (known !== undefined) return known;
    const seen = new Set([node]);
    for (const n of seen) for (const next of leaving.get(n) ?? []) seen.add(next);
    reached.set(node, seen);
    return seen;
  };
  return (a, b) => reachOf(b).has(a);
}

/**
 * An order of the nodes, as the rank of each, that goes against as little flow as a greedy pass can (Eades, Lin and Smyth
 * 1993): source first, sink last, and in between again and again a node that sends nothing or to which nothing arrives,
 * or else that with the largest excess of what it sends over what it receives.
 */
export function greedyOrder(
  network: Network,
  source: number,
  sink: number,
  edges: readonly number[],
  worth: ArrayLike<number>,
): Int32Array {
  const { nodeCount, nodeIn, nodeOut } = network;
  const sent = new Float64Array(nodeCount);
  const received = new Float64Array(nodeCount);
  const out: number[][] = Array.from({ length: nodeCount }, () => []);
  const into: number[][] = Array.from({ length: nodeCount }, () => []);
  edges.forEach((e, i) => {
    const a = nodeIn[e]!;
    const b = nodeOut[e]!;
    if (b === source || a === sink) return;
    sent[a] = sent[a]! + worth[i]!;
    received[b] = received[b]! + worth[i]!;
    out[a]!.push(i);
    into[b]!.push(i);
  });
  const left = new Set<number>();
  for (let n = 0; n < nodeCount; n++) if (n !== source && n !== sink) left.add(n);
  const first: number[] = [];
  const last: number[] = [];
  const remove = (node: number): void => {
    left.delete(node);
    for (const i of out[node]!) received[nodeOut[edges[i]!]!] = received[nodeOut[edges[i]!]!]! - worth[i]!;
    for (const i of into[node]!) sent[nodeIn[edges[i]!]!] = sent[nodeIn[edges[i]!]!]! - worth[i]!;
  };
  remove(source);
  remove(sink);
  while (left.size > 0) {
    let chosen = -1;
    let most = -Infinity;
    let isSink = false;
    for (const n of left) {
      const tiny = 1e-12 * (sent[n]! + received[n]!) + 1e-300;
      if (sent[n]! <= tiny) {
        [chosen, isSink] = [n, true];
        break;
      }
      const excess = received[n]! <= tiny ? Infinity : sent[n]! - received[n]!;
      if (excess > most) [chosen, most] = [n, excess];
    }
    remove(chosen);
    (isSink ? last : first).push(chosen);
  }
  const rank = new Int32Array(nodeCount);
  [source, ...first, ...last.reverse(), sink].forEach((node, position) => (rank[node] = position));
  return rank;
}
