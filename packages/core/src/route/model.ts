import type { Pool } from '../model/curve.js';
import { type Token, tokenKey } from '../model/token.js';
import { RouteDisconnectedError } from './errors.js';
import { initialPrices } from './initial-prices.js';
import { buildNetwork, type EdgeSpec, type Network } from './network.js';

/** What the router needs of a pool; a {@link Pool} is one. */
export type RoutePool = Pick<Pool, 'id' | 'adapter' | 'chainId' | 'tokens' | 'curve' | 'gas'>;

/** A lane between chains as the router sees it: a proportional fee, a fixed cost, limits and a delay. */
export interface RouteBridge {
  readonly id: string;
  readonly adapter: string;
  readonly from: Token;
  readonly to: Token;
  /** Kept from the amount on the way, in parts per million. */
  readonly feePpm: number;
  /** Numeraire for one transfer, paid beside the amount: message fees. */
  readonly messageCost: number;
  /** Gas of the origin transaction. */
  readonly gasUnits: bigint;
  readonly minAtoms: bigint;
  readonly maxAtoms: bigint;
  readonly timeSeconds: number;
  /** Index among the model's stocks: what pays this bridge's amounts out; undefined: one of its own, without limit. */
  readonly stock?: number | undefined;
  /** Least received per amount sent, relative to what is expected; 1 where the bridge pays exactly what it says. */
  readonly minReceivedRatio: number;
}

/** What several bridges pay out from on one chain, and together no more than there is. */
export interface RouteStock {
  readonly token: Token;
  readonly atoms: bigint;
}

/** A token that may be given or taken, with the most of it there is. `atoms` undefined: no limit. */
export interface RouteTerminal {
  readonly token: Token;
  readonly atoms: bigint | undefined;
}

/** A problem in the router's own terms: everything resolved, nothing checked any more. */
export interface RouteModel {
  readonly pools: readonly RoutePool[];
  readonly bridges: readonly RouteBridge[];
  readonly stocks?: readonly RouteStock[];
  readonly inputs: readonly RouteTerminal[];
  readonly outputs: readonly Token[];
  readonly exactOut: boolean;
  /** Atoms at `amountDecimals` of the side that is exact. */
  readonly amount: bigint;
  readonly amountDecimals: number;
  /** Numeraire per unit of gas, by chain. The numeraire is a unit of the side that is not exact. */
  readonly gasCost: ReadonlyMap<number, number>;
  /** Numeraire per unit of a token that waits one second on a bridge. */
  readonly waitCost: (token: Token) => number;
  /** Numeraire that a unit of a token is worth where it lies, beyond its price; absent: nothing anywhere. */
  readonly keepValue?: (token: Token) => number;
  /** Numeraire per unit of the exact side, beyond which the rest had better stay undone; undefined: take all. */
  readonly limitPrice: number | undefined;
  readonly maxHops: number;
  /** Share of each limit that an exact-out solution leaves free, so that rounding up never breaks it. */
  readonly limitMargin: number;
}

export type RouteNode =
  | { readonly kind: 'token'; readonly token: Token; readonly decimals: number }
  | { readonly kind: 'source' | 'sink'; readonly decimals: number }
  | { readonly kind: 'stock'; readonly token: Token; readonly decimals: number };

/** The model as a network. Edges of `network` are `specs`, in the same order. */
export interface CompiledModel {
  readonly model: RouteModel;
  readonly nodes: readonly RouteNode[];
  readonly specs: readonly EdgeSpec[];
  readonly network: Network;
  readonly source: number;
  readonly sink: number;
  /** Units of the exact side. */
  readonly amount: number;
  /** Numeraire per unit of the exact side at zero size, after fees. */
  readonly spotPrice: number;
  /** The same before fees. */
  readonly midPrice: number;
}

/**
 * How much worse than the price at zero size the rest of an unlimited demand may be served before it counts as unserved.
 * What is sold is gone either way, so that almost any price is taken for it; what is bought can be left.
 */
const UNSOLD_FACTOR = 1e6;
const UNBOUGHT_FACTOR = 100;
/** No straight edge needs more room than this multiple of the whole trade; more would only cost precision. */
const AMPLE = 16;

/**
 * Lays the network: a node for each (chain, token) that can lie between source and sink, an edge for each direction of
 * each pool and each bridge. Several inputs (outputs) hang on one source (sink) by edges at par whose capacity is the
 * inventory, so that delta is bought wherever it is cheapest. One more edge serves at a price beyond all sense, and what
 * flows over it is what remains unserved.
 *
 * @throws RouteDisconnectedError when nothing leads from the inputs to the outputs.
 */
export function compileModel(model: RouteModel): CompiledModel {
  const { nodes, specs, source, sink } = layEdges(model);
  const kept = keepConnected(nodes.length, specs, source, sink);
  if (kept.edges.length === 0) throw disconnected(model);
  const used = kept.edges.map((e) => specs[e]!);
  const renumbered = used.map((spec) => ({ ...spec, from: kept.index[spec.from]!, to: kept.index[spec.to]! }));
  const keptNodes = nodes.filter((_, n) => kept.index[n]! >= 0);
  const from = kept.index[source]!;
  const to = kept.index[sink]!;
  const amount = Number(model.amount) / 10 ** model.amountDecimals;
  const bare = buildNetwork(keptNodes.length, renumbered);
  const { midPrice, spotPrice } = zeroSizePrices(bare, from, to, model.exactOut);
  if (!(spotPrice > 0)) throw disconnected(model);
  const slack = slackEdge(model, from, to, amount, spotPrice);
  const all = [...withAmpleRoom(renumbered, bare, amount, model.exactOut ? to : from, model.exactOut), slack];
  const network = buildNetwork(keptNodes.length, all);
  return { model, nodes: keptNodes, specs: all, network, source: from, sink: to, amount, spotPrice, midPrice };
}

function disconnected({ inputs, outputs }: RouteModel): RouteDisconnectedError {
  const names = (tokens: readonly Token[]): string => tokens.map((t) => `${t.symbol} on chain ${t.chainId}`).join(', ');
  return new RouteDisconnectedError(names(inputs.map(({ token }) => token)), names(outputs));
}

function layEdges(model: RouteModel): { nodes: RouteNode[]; specs: EdgeSpec[]; source: number; sink: number } {
  const nodes: RouteNode[] = [];
  const indexOf = new Map<string, number>();
  const node = (token: Token): number => {
    const key = tokenKey(token);
    let index = indexOf.get(key);
    if (index === undefined) {
      index = nodes.push({ kind: 'token', token, decimals: token.decimals }) - 1;
      indexOf.set(key, index);
    }
    return index;
  };
  const specs: EdgeSpec[] = [];
  model.pools.forEach((pool, poolIndex) => {
    const gasCost = model.gasCost.get(pool.chainId) ?? 0;
    const ends = [node(pool.tokens[0]), node(pool.tokens[1])] as const;
    const decimals = [pool.tokens[0].decimals, pool.tokens[1].decimals] as const;
    for (const tokenInIndex of [0, 1] as const) {
      specs.push({
        from: ends[tokenInIndex],
        to: ends[(1 - tokenInIndex) as 0 | 1],
        source: { kind: 'pool', poolIndex, curve: pool.curve, tokenInIndex, decimals },
        fixedCost: Number(pool.gas.base) * gasCost,
        tickCost: Number(pool.gas.perTick) * gasCost,
        unitCost: 0,
      });
    }
  });
  const stockNodes = (model.stocks ?? []).map(({ atoms, token }, stockIndex) => {
    const at = nodes.push({ kind: 'stock', token, decimals: token.decimals }) - 1;
    const capacity = withMargin(model, atoms, token);
    if (capacity > 0) {
      const source = { kind: 'linear', price: 1, capacity, role: { kind: 'stock', stockIndex } } as const;
      specs.push({ from: at, to: node(token), source, fixedCost: 0, tickCost: 0, unitCost: 0 });
    }
    return at;
  });
  model.bridges.forEach((bridge, bridgeIndex) => {
    const capacity = roomOf(model, bridge.maxAtoms, bridge.from);
    if (!(capacity > 0)) return;
    specs.push({
      from: node(bridge.from),
      to: bridge.stock === undefined ? node(bridge.to) : stockNodes[bridge.stock]!,
      source: {
        kind: 'linear',
        price: 1 - bridge.feePpm / 1e6,
        capacity,
        role: { kind: 'bridge', bridgeIndex },
      },
      fixedCost: bridge.messageCost + Number(bridge.gasUnits) * (model.gasCost.get(bridge.from.chainId) ?? 0),
      tickCost: 0,
      unitCost: model.waitCost(bridge.from) * bridge.timeSeconds,
    });
  });
  const only = model.inputs[0]!;
  const source =
    model.inputs.length === 1 && only.atoms === undefined && model.keepValue === undefined
      ? node(only.token)
      : joinInputs(model, nodes, specs, node);
  const isJoined = model.outputs.length > 1 || model.keepValue !== undefined;
  const sink = isJoined ? joinOutputs(model, nodes, specs, node) : node(model.outputs[0]!);
  return { nodes, specs, source, sink };
}

/** A limit in units, less what an exact-out solution leaves free for rounding up. */
function roomOf(model: RouteModel, atoms: bigint, token: Token): number {
  return model.exactOut ? withMargin(model, atoms, token) : Number(atoms) / 10 ** token.decimals;
}

function withMargin({ limitMargin }: RouteModel, atoms: bigint, token: Token): number {
  return (Number(atoms) * (1 - limitMargin) - 8) / 10 ** token.decimals;
}

function atPar(from: number, to: number, capacity: number, role: 'inventory' | 'terminal', unitCost: number): EdgeSpec {
  const source = { kind: 'linear', price: 1, capacity, role: { kind: role } } as const;
  return { from, to, source, fixedCost: 0, tickCost: 0, unitCost };
}

function joinInputs(model: RouteModel, nodes: RouteNode[], specs: EdgeSpec[], node: (t: Token) => number): number {
  const ends = model.inputs.map(({ token }) => node(token));
  const decimals = Math.max(...model.inputs.map(({ token }) => token.decimals));
  const source = nodes.push({ kind: 'source', decimals }) - 1;
  model.inputs.forEach(({ atoms, token }, i) => {
    const capacity = atoms === undefined ? Infinity : roomOf(model, atoms, token);
    if (capacity > 0) specs.push(atPar(source, ends[i]!, capacity, 'inventory', model.keepValue?.(token) ?? 0));
  });
  return source;
}

function joinOutputs(model: RouteModel, nodes: RouteNode[], specs: EdgeSpec[], node: (t: Token) => number): number {
  const ends = model.outputs.map(node);
  const decimals = Math.max(...model.outputs.map((token) => token.decimals));
  const sink = nodes.push({ kind: 'sink', decimals }) - 1;
  ends.forEach((end, i) => {
    specs.push(atPar(end, sink, Infinity, 'terminal', -(model.keepValue?.(model.outputs[i]!) ?? 0)));
  });
  return sink;
}

/** Cuts the room of straight edges to a multiple of what of the whole trade could come by, at the rates of zero size. */
function withAmpleRoom(
  specs: readonly EdgeSpec[],
  network: Network,
  amount: number,
  exactEnd: number,
  exactOut: boolean,
): readonly EdgeSpec[] {
  // Units of the exact side that a unit of each node comes from, or goes to, at best.
  const price = new Float64Array(network.nodeCount);
  initialPrices(network, exactEnd, !exactOut, price);
  return specs.map((spec) => {
    const { source } = spec;
    if (source.kind !== 'linear') return spec;
    const capacity = Math.min(source.capacity, (AMPLE * amount) / price[exactOut ? spec.to : spec.from]!);
    return { ...spec, source: { ...source, capacity } };
  });
}

function slackEdge(model: RouteModel, from: number, to: number, amount: number, spotPrice: number): EdgeSpec {
  const { exactOut, limitPrice } = model;
  const worst = limitPrice ?? (exactOut ? spotPrice * UNBOUGHT_FACTOR : spotPrice / UNSOLD_FACTOR);
  const source = {
    kind: 'linear',
    price: exactOut ? 1 / worst : worst,
    // Twice the whole, so that a narrow smoothing never leaves it short.
    capacity: exactOut ? 2 * amount * worst : 2 * amount,
    role: { kind: 'slack' },
  } as const;
  return { from, to, source, fixedCost: 0, tickCost: 0, unitCost: 0 };
}

/** Leaves out what cannot lie on a simple path from source to sink: unreachable nodes and tokens with one neighbour. */
function keepConnected(
  nodeCount: number,
  specs: readonly EdgeSpec[],
  source: number,
  sink: number,
): { edges: number[]; index: Int32Array } {
  const reached = reach(nodeCount, specs, source, true);
  const reaching = reach(nodeCount, specs, sink, false);
  const alive = Uint8Array.from({ length: nodeCount }, (_, n) => reached[n]! & reaching[n]!);
  const neighbours: Set<number>[] = Array.from({ length: nodeCount }, () => new Set());
  for (const { from, to } of specs) {
    if (!alive[from] || !alive[to]) continue;
    neighbours[from]!.add(to);
    neighbours[to]!.add(from);
  }
  const ends: number[] = [];
  for (let n = 0; n < nodeCount; n++) if (alive[n] && neighbours[n]!.size <= 1) ends.push(n);
  for (let n = ends.pop(); n !== undefined; n = ends.pop()) {
    if (n === source || n === sink || !alive[n]) continue;
    alive[n] = 0;
    for (const other of neighbours[n]!) {
      neighbours[other]!.delete(n);
      if (neighbours[other]!.size === 1) ends.push(other);
    }
  }
  const index = new Int32Array(nodeCount).fill(-1);
  let next = 0;
  for (let n = 0; n < nodeCount; n++) if (alive[n] || n === source || n === sink) index[n] = next++;
  const edges = [...specs.keys()].filter((e) => alive[specs[e]!.from] && alive[specs[e]!.to]);
  return { edges, index };
}

function reach(nodeCount: number, specs: readonly EdgeSpec[], start: number, forward: boolean): Uint8Array {
  const leaving: number[][] = Array.from({ length: nodeCount }, () => []);
  for (const { from, to } of specs) {
    if (forward) leaving[from]!.push(to);
    else leaving[to]!.push(from);
  }
  const seen = new Uint8Array(nodeCount);
  seen[start] = 1;
  const open = [start];
  for (let n = open.pop(); n !== undefined; n = open.pop()) {
    for (const next of leaving[n]!) {
      if (seen[next]) continue;
      seen[next] = 1;
      open.push(next);
    }
  }
  return seen;
}

function zeroSizePrices(
  network: Network,
  source: number,
  sink: number,
  exactOut: boolean,
): { spotPrice: number; midPrice: number } {
  const price = new Float64Array(network.nodeCount);
  const pinned = exactOut ? source : sink;
  const other = exactOut ? sink : source;
  const through = initialPrices(network, pinned, exactOut, price);
  if (through[other]! < 0) return { spotPrice: 0, midPrice: 0 };
  let feeFactor = 1;
  for (let n = other, steps = 0; n !== pinned && steps < network.nodeCount; steps++) {
    const e = through[n]!;
    const edge = network.sources[e]!;
    const kept = edge.kind === 'linear' ? edge.price : (poolKeeps(edge.curve) ?? network.phi[e]!);
    feeFactor *= kept;
    n = exactOut ? network.nodeIn[e]! : network.nodeOut[e]!;
  }
  const spotPrice = price[other]!;
  return { spotPrice, midPrice: exactOut ? spotPrice * feeFactor : spotPrice / feeFactor };
}

/** The fee factor of a curve whose segments have it folded into their price. */
function poolKeeps(curve: RoutePool['curve']): number | undefined {
  return curve.kind === 'stable-swap' ? 1 - curve.feePpm / 1e6 : undefined;
}
