import { bestPaths } from '../paths.js';
import { tryEdges } from './candidates.js';
import type { Candidate, SearchState } from './state.js';

/** Shares of the demand for which single paths are sought as building blocks. */
const PATH_SHARES = [1, 0.3, 0.1] as const;
const LONGEST_PATH = 5;
const MAX_BRIDGE_SUBSETS = 32;

/** Distinct single paths, for the whole demand and for parts of it. */
export function singlePaths(
  { amount, exactOut, maxHops, network, sink, source }: SearchState,
  shares: readonly number[] = PATH_SHARES,
): (readonly number[])[] {
  const allowed = Uint8Array.from(network.sources, (edge) =>
    edge.kind === 'linear' && edge.role.kind === 'slack' ? 0 : 1,
  );
  // A path enters by an inventory, leaves by a terminal, and passes a stock after a bridge.
  const longest = Math.min(maxHops, LONGEST_PATH) + 3;
  const found = new Map<string, readonly number[]>();
  for (const part of shares) {
    for (const { edges } of bestPaths(network, source, sink, amount * part, exactOut, longest, allowed)) {
      found.set(edges.join(), edges);
    }
  }
  return [...found.values()];
}

/** The single path that serves the whole demand best. */
export function bestAlone(state: SearchState, q: Float64Array): Candidate | undefined {
  let bestPath: Candidate | undefined;
  for (const path of singlePaths(state)) {
    const alone = tryEdges(state, path, q);
    if (bestPath === undefined || alone.value > bestPath.value) bestPath = alone;
  }
  return bestPath;
}

/** Sets of bridges to close: all of them while they are few; else all, all but one, and each alone. */
export function bridgeSubsets({ network }: SearchState): Set<number>[] {
  const bridges: number[] = [];
  for (let e = 0; e < network.edgeCount; e++) {
    const edge = network.sources[e]!;
    if (edge.kind === 'linear' && edge.role.kind === 'bridge') bridges.push(e);
  }
  if (bridges.length === 0) return [];
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
