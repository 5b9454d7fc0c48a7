import { edgeInput, edgeOutput, type Network } from './network.js';

/** A simple path as edges from source to sink, and what it pays or costs. */
export interface Path {
  readonly edges: readonly number[];
  readonly amount: number;
}

/**
 * For every length up to `maxEdges`, the best single path that carries the whole amount: exact-in from `source`, or
 * exact-out towards `sink`. Label-correcting over (length, node); a label keeps the best amount only.
 *
 * @param allowed 1 where an edge may be used.
 */
export function bestPaths(
  network: Network,
  source: number,
  sink: number,
  amount: number,
  exactOut: boolean,
  maxEdges: number,
  allowed: Uint8Array,
): readonly Path[] {
  const { edgeCount, nodeCount, nodeIn, nodeOut } = network;
  const start = exactOut ? sink : source;
  const goal = exactOut ? source : sink;
  const none = exactOut ? Infinity : 0;
  const amounts: Float64Array[] = [new Float64Array(nodeCount).fill(none)];
  const edgeInto: Int32Array[] = [new Int32Array(nodeCount).fill(-1)];
  amounts[0]![start] = amount;
  const paths: Path[] = [];

  const trace = (layer: number, node: number): number[] => {
    const edges: number[] = [];
    for (let k = layer, at = node; k > 0; k--) {
      const e = edgeInto[k]![at]!;
      edges.push(e);
      at = exactOut ? nodeOut[e]! : nodeIn[e]!;
    }
    return edges;
  };
  const visits = (layer: number, node: number, wanted: number): boolean => {
    for (let k = layer, at = node; k > 0; k--) {
      if (at === wanted) return true;
      const e = edgeInto[k]![at]!;
      at = exactOut ? nodeOut[e]! : nodeIn[e]!;
    }
    return wanted === start;
  };

  for (let layer = 1; layer <= maxEdges; layer++) {
    const before = amounts[layer - 1]!;
    const now = new Float64Array(nodeCount).fill(none);
    const into = new Int32Array(nodeCount).fill(-1);
    amounts.push(now);
    edgeInto.push(into);
    for (let e = 0; e < edgeCount; e++) {
      if (allowed[e] === 0) continue;
      const at = exactOut ? nodeOut[e]! : nodeIn[e]!;
      const next = exactOut ? nodeIn[e]! : nodeOut[e]!;
      const held = before[at]!;
      if (held === none || at === goal) continue;
      const moved = exactOut ? edgeInput(network, e, held) : edgeOutput(network, e, held);
      const better = exactOut ? moved < now[next]! : moved > now[next]!;
      if (!better || visits(layer - 1, at, next)) continue;
      now[next] = moved;
      into[next] = e;
    }
    if (now[goal] !== none) {
      const edges = trace(layer, goal);
      paths.push({ edges: exactOut ? edges : edges.reverse(), amount: now[goal]! });
    }
  }
  return paths;
}
