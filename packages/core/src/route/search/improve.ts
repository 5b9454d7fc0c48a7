import { additions } from './additions.js';
import { tryEdges } from './candidates.js';
import { type Candidate, isBetter, isSpent, offer, type SearchState } from './state.js';

const TRIED_SWAPS = 16;
const TRIED_DROPS = 4;

/**
 * Drops edges whose dual profit is below their cost, adds those whose profit is above, goes a tick further or less far,
 * and swaps, as long as any of it helps. The result is offered as the best of the search.
 */
export function improve(state: SearchState, start: Candidate): Candidate {
  const { maxHops, network } = state;
  let current = withinHops(state, start);
  const accept = (next: Candidate): boolean => {
    if (!isBetter(next.value, current.value)) return false;
    current = next;
    return true;
  };
  const dropOne = (): boolean => {
    for (const { e, surplus } of weakest(state, current)) {
      if (surplus >= 0 || isSpent(state)) return false;
      const without = current.edges.filter((x) => x !== e);
      if (accept(tryEdges(state, without, current.q))) return true;
    }
    return false;
  };
  const addOne = (add: ReturnType<typeof additions>): boolean => {
    for (const { edges, surplus } of add) {
      if (surplus <= 0 || isSpent(state)) return false;
      if (current.hops + edges.length > maxHops) continue;
      if (accept(tryEdges(state, [...current.edges, ...edges], current.q))) return true;
    }
    return false;
  };
  const goOtherwise = (): boolean => {
    for (const depths of otherDepths(state, current)) {
      if (isSpent(state)) return false;
      if (accept(tryEdges(state, current.edges, current.q, depths))) return true;
    }
    return false;
  };
  const swapOne = (add: ReturnType<typeof additions>): boolean => {
    const swaps: { out: number; edges: readonly number[]; gain: number }[] = [];
    for (const { e: out, surplus: lost } of weakest(state, current)) {
      for (const { edges, surplus } of add) {
        const gain = surplus - lost;
        if (gain > 0 || maxHops < network.edgeCount) swaps.push({ out, edges, gain });
      }
    }
    swaps.sort((a, b) => b.gain - a.gain);
    for (const { edges, out } of swaps.slice(0, TRIED_SWAPS)) {
      if (isSpent(state)) return false;
      const without = current.edges.filter((x) => x !== out);
      if (accept(withinHops(state, tryEdges(state, [...without, ...edges], current.q)))) return true;
    }
    return false;
  };
  while (!isSpent(state)) {
    if (dropOne()) continue;
    const add = additions(state, current);
    if (!addOne(add) && !goOtherwise() && !swapOne(add)) break;
  }
  offer(state, current);
  return current;
}

/** Takes hops out, each time the one whose loss is least among those of least profit, until they are few enough. */
function withinHops(state: SearchState, candidate: Candidate): Candidate {
  let current = candidate;
  while (current.hops > state.maxHops && !isSpent(state)) {
    let next: Candidate | undefined;
    let least = Infinity;
    for (const { e } of weakest(state, current).slice(0, TRIED_DROPS)) {
      const without = tryEdges(
        state,
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
}

/** Hops of a candidate, those first that earn least beyond their cost. */
function weakest({ network }: SearchState, { edges, surplus }: Candidate): { e: number; surplus: number }[] {
  return edges
    .map((e, i) => ({ e, surplus: surplus[i]! }))
    .filter(({ e }) => network.isHop[e] === 1)
    .sort((a, b) => a.surplus - b.surplus || a.e - b.e);
}

/** One tick more or less over one edge. */
function otherDepths({ network, ticked }: SearchState, { depths, edges }: Candidate): (readonly number[])[] {
  if (ticked.length === 0) return [];
  const { segStart, tickCost } = network;
  return edges.flatMap((e, i) => {
    if (!(tickCost[e]! > 0)) return [];
    const most = segStart[e + 1]! - segStart[e]! - 1;
    return [depths[i]! - 1, depths[i]! + 1]
      .filter((depth) => depth >= 0 && depth <= most)
      .map((depth) => depths.with(i, depth));
  });
}
