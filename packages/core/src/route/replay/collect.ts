import type { CompiledModel, RouteBridge, RoutePool } from '../model.js';
import type { Leg } from './legs.js';

/** One executable hop with exact amounts in atoms. */
export type ReplayedHop = {
  readonly edge: number;
  readonly amountIn: bigint;
  readonly amountOut: bigint;
} & (
  | { readonly kind: 'pool'; readonly pool: RoutePool; readonly tokenInIndex: 0 | 1; readonly ticksCrossed: number }
  | { readonly kind: 'bridge'; readonly bridge: RouteBridge }
);

/** What the chosen flows come to when every hop is rounded as its contract rounds. */
export interface Replay {
  /** In executable order. */
  readonly hops: readonly ReplayedHop[];
  /** Taken from each input token, given to each output token: atoms by node. */
  readonly spent: ReadonlyMap<number, bigint>;
  readonly received: ReadonlyMap<number, bigint>;
  /** Atoms of the exact side, at its decimals, that could not be served. */
  readonly remainder: bigint;
  /** Atoms by node that arrive but are not needed: rounding. */
  readonly dust: ReadonlyMap<number, bigint>;
}

/** What the solver found that an edge carries, in units. */
export interface Flow {
  readonly edge: number;
  readonly flowIn: number;
  readonly flowOut: number;
}

export function topologicalOrder(compiled: CompiledModel, flows: readonly Flow[]): number[] {
  const { network, source } = compiled;
  const waiting = new Map<number, number>();
  for (const { edge } of flows) {
    const to = network.nodeOut[edge]!;
    waiting.set(to, (waiting.get(to) ?? 0) + 1);
  }
  const order: number[] = [];
  const ready = [source, ...new Set(flows.map(({ edge }) => network.nodeIn[edge]!))].filter(
    (node, i, all) => !waiting.has(node) && all.indexOf(node) === i,
  );
  for (let node = ready.shift(); node !== undefined; node = ready.shift()) {
    order.push(node);
    for (const { edge } of flows) {
      if (network.nodeIn[edge] !== node) continue;
      const to = network.nodeOut[edge]!;
      const left = waiting.get(to)! - 1;
      waiting.set(to, left);
      if (left === 0) ready.push(to);
    }
  }
  return order;
}

/** The legs as hops in executable order, and what they come to at the ends. */
export function collect(
  compiled: CompiledModel,
  flows: readonly Flow[],
  order: readonly number[],
  legs: ReadonlyMap<number, Leg>,
  dust: ReadonlyMap<number, bigint>,
  remainder: bigint,
): Replay {
  const { model, network, nodes, sink, source, specs } = compiled;
  const hops: ReplayedHop[] = [];
  const spent = new Map<number, bigint>();
  const received = new Map<number, bigint>();
  const add = (map: Map<number, bigint>, node: number, atoms: bigint): void => {
    if (atoms > 0n) map.set(node, (map.get(node) ?? 0n) + atoms);
  };
  for (const node of order) {
    for (const { edge } of flows) {
      if (network.nodeIn[edge] !== node) continue;
      const leg = legs.get(edge);
      if (leg === undefined || leg.amountIn === 0n) continue;
      const { source: kind } = specs[edge]!;
      const { amountIn, amountOut, ticksCrossed } = leg;
      if (kind.kind === 'pool') {
        const pool = model.pools[kind.poolIndex]!;
        hops.push({ edge, kind: 'pool', pool, tokenInIndex: kind.tokenInIndex, amountIn, amountOut, ticksCrossed });
      } else if (kind.role.kind === 'bridge') {
        hops.push({ edge, kind: 'bridge', bridge: model.bridges[kind.role.bridgeIndex]!, amountIn, amountOut });
      } else if (kind.role.kind === 'inventory') {
        add(spent, network.nodeOut[edge]!, amountOut);
      } else if (kind.role.kind === 'terminal') {
        add(received, network.nodeIn[edge], amountIn);
      }
      if (nodes[source]!.kind === 'token' && network.nodeIn[edge] === source) add(spent, source, amountIn);
      if (nodes[sink]!.kind === 'token' && network.nodeOut[edge] === sink) add(received, sink, amountOut);
    }
  }
  return { hops, spent, received, remainder, dust };
}
