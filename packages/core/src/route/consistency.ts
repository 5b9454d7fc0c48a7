import type { RoutePool } from './model.js';
import { tokenKey } from '../model/token.js';
import { buildNetwork, type EdgeSpec, spotRate } from './network.js';

/** A circle of pools that returns more than it takes at zero size, fees paid: at least one of them is stale. */
export interface Inconsistency {
  readonly code: 'ARBITRAGE_CYCLE';
  readonly chainId: number;
  readonly poolIds: readonly string[];
  /** Gain of an infinitesimal trade around the circle. */
  readonly gainBps: number;
  readonly sentence: string;
}

/** Gains below this are rounding of the pools' own fixed-point prices. */
const NOTICEABLE_BPS = 0.01;
const MAX_REPORTED = 16;

/**
 * Circles of two or more pools on one chain that pay more than their fees at zero size. In a consistent market there are
 * none, so that each is a sign of stale or false state. They are reported; the router never trades in a circle.
 * Bellman–Ford on −log rates; each circle found is taken out at its most generous edge before the next is sought.
 *
 * @returns Widest gain first, at most 16.
 */
export function findInconsistencies(pools: readonly RoutePool[]): readonly Inconsistency[] {
  const nodes = new Map<string, number>();
  const node = (key: string): number => {
    const known = nodes.get(key);
    if (known !== undefined) return known;
    nodes.set(key, nodes.size);
    return nodes.size - 1;
  };
  const specs: EdgeSpec[] = pools.flatMap((pool, poolIndex) => {
    const ends = pool.tokens.map((token) => node(tokenKey(token))) as [number, number];
    const decimals = [pool.tokens[0].decimals, pool.tokens[1].decimals] as const;
    return ([0, 1] as const).map((tokenInIndex) => ({
      from: ends[tokenInIndex],
      to: ends[(1 - tokenInIndex) as 0 | 1],
      source: { kind: 'pool', poolIndex, curve: pool.curve, tokenInIndex, decimals } as const,
      fixedCost: 0,
      tickCost: 0,
      unitCost: 0,
    }));
  });
  const network = buildNetwork(nodes.size, specs);
  const weight = Float64Array.from(specs, (_, e) => {
    const rate = spotRate(network, e);
    return rate > 0 ? -Math.log(rate) : Infinity;
  });
  const found: Inconsistency[] = [];
  while (found.length < MAX_REPORTED) {
    const cycle = negativeCycle(nodes.size, specs, weight);
    if (cycle === undefined) break;
    const gainBps = Math.expm1(-cycle.reduce((sum, e) => sum + weight[e]!, 0)) * 1e4;
    const involved = cycle.map((e) => pools[Math.floor(e / 2)]!);
    if (gainBps >= NOTICEABLE_BPS) {
      const names = involved.map(({ adapter, id }) => `${adapter} ${id}`).join(', ');
      found.push(
        Object.freeze({
          code: 'ARBITRAGE_CYCLE',
          chainId: involved[0]!.chainId,
          poolIds: Object.freeze(involved.map(({ id }) => id)),
          gainBps,
          sentence: `A circle through ${names} pays ${gainBps.toFixed(2)} bp more than its fees: one of them is stale.`,
        }),
      );
    }
    let generous = cycle[0]!;
    for (const e of cycle) if (weight[e]! < weight[generous]!) generous = e;
    weight[generous] = Infinity;
  }
  return Object.freeze(found.sort((a, b) => b.gainBps - a.gainBps));
}

const EPSILON = 1e-12;

/** Edges of a circle of negative total weight, or undefined. */
function negativeCycle(
  nodeCount: number,
  specs: readonly EdgeSpec[],
  weight: Float64Array,
): readonly number[] | undefined {
  const distance = new Float64Array(nodeCount);
  const into = new Int32Array(nodeCount).fill(-1);
  for (let round = 0; round < nodeCount; round++) {
    let touched = -1;
    for (let e = 0; e < specs.length; e++) {
      const { from, to } = specs[e]!;
      const through = distance[from]! + weight[e]!;
      if (through >= distance[to]! - EPSILON) continue;
      distance[to] = through;
      into[to] = e;
      touched = to;
    }
    if (touched < 0) return undefined;
    // A circle shows in the edges that lead to each node long before as many rounds are over as there are nodes.
    const at = nodeOnCircle(nodeCount, specs, into);
    if (at >= 0) return circleAt(at, specs, into);
  }
  return undefined;
}

function nodeOnCircle(nodeCount: number, specs: readonly EdgeSpec[], into: Int32Array): number {
  const walk = new Int32Array(nodeCount);
  for (let start = 0; start < nodeCount; start++) {
    for (let n = start; walk[n] === 0; n = specs[into[n]!]!.from) {
      walk[n] = start + 1;
      if (into[n]! < 0) break;
      const before = specs[into[n]!]!.from;
      if (walk[before] === start + 1) return before;
    }
  }
  return -1;
}

function circleAt(at: number, specs: readonly EdgeSpec[], into: Int32Array): readonly number[] {
  const cycle: number[] = [];
  for (let node = at, first = true; first || node !== at; first = false) {
    const e = into[node]!;
    cycle.push(e);
    node = specs[e]!.from;
  }
  return cycle.reverse();
}
