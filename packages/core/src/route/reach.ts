import type { Network } from './network.js';

/** Edges by the node they leave and by the node they enter, for walks in either direction. */
export interface Adjacency {
  readonly leavingStart: Int32Array;
  readonly leaving: Int32Array;
  readonly enteringStart: Int32Array;
  readonly entering: Int32Array;
}

export function adjacency({ edgeCount, nodeCount, nodeIn, nodeOut }: Network): Adjacency {
  const [leavingStart, leaving] = bucket(nodeCount, edgeCount, nodeIn);
  const [enteringStart, entering] = bucket(nodeCount, edgeCount, nodeOut);
  return { leavingStart, leaving, enteringStart, entering };
}

function bucket(nodeCount: number, edgeCount: number, at: Int32Array): [Int32Array, Int32Array] {
  const start = new Int32Array(nodeCount + 1);
  for (let e = 0; e < edgeCount; e++) start[at[e]! + 1]!++;
  for (let n = 0; n < nodeCount; n++) start[n + 1] = start[n + 1]! + start[n]!;
  const next = start.slice();
  const edges = new Int32Array(edgeCount);
  for (let e = 0; e < edgeCount; e++) edges[next[at[e]!]!++] = e;
  return [start, edges];
}

/** Marks in `seen` what can be reached from `from` (or, backwards, what can reach it) over edges that are not off. */
export function markReach(
  network: Network,
  links: Adjacency,
  mode: Uint8Array,
  from: number,
  backwards: boolean,
  seen: Uint8Array,
  stack: Int32Array,
): void {
  const start = backwards ? links.enteringStart : links.leavingStart;
  const edges = backwards ? links.entering : links.leaving;
  const ends = backwards ? network.nodeIn : network.nodeOut;
  seen.fill(0);
  seen[from] = 1;
  stack[0] = from;
  for (let top = 1; top > 0;) {
    const node = stack[--top]!;
    for (let i = start[node]!; i < start[node + 1]!; i++) {
      const e = edges[i]!;
      const next = ends[e]!;
      if (mode[e] === 0 || seen[next] === 1) continue;
      seen[next] = 1;
      stack[top++] = next;
    }
  }
}
