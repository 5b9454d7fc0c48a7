import { swapExactIn, swapExactOut } from '../model/curves/swap.js';
import type { CompiledModel, RouteBridge, RoutePool } from './model.js';
import type { LinearRole } from './network.js';

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

/** Share of the demand below which what the solver leaves unserved is its own rounding. */
const NOTHING_UNSERVED = 1e-7;
/** Binary digits of the demand to which the solver knows where a leg ends. */
const SOLVER_BITS = 25n;

interface Flow {
  readonly edge: number;
  readonly flowIn: number;
  readonly flowOut: number;
}

/** What a bridge pays out for an amount: its fee is rounded up. */
export function bridgeOutput(bridge: RouteBridge, amountIn: bigint): bigint {
  const keep = BigInt(Math.round((1e6 - bridge.feePpm) * 1e6));
  return rescale((amountIn * keep) / 10n ** 12n, bridge.from.decimals, bridge.to.decimals);
}

/** The least amount for which a bridge pays out `amountOut`. */
export function bridgeInput(bridge: RouteBridge, amountOut: bigint): bigint {
  const keep = BigInt(Math.round((1e6 - bridge.feePpm) * 1e6));
  const wanted = rescaleUp(amountOut, bridge.to.decimals, bridge.from.decimals);
  return (wanted * 10n ** 12n + keep - 1n) / keep;
}

/** Rounded down. */
export function rescale(atoms: bigint, from: number, to: number): bigint {
  return to >= from ? atoms * 10n ** BigInt(to - from) : atoms / 10n ** BigInt(from - to);
}

export function rescaleUp(atoms: bigint, from: number, to: number): bigint {
  if (to >= from) return atoms * 10n ** BigInt(to - from);
  const unit = 10n ** BigInt(from - to);
  return (atoms + unit - 1n) / unit;
}

/**
 * Replays flows exactly. Exact-in runs forwards: each node hands on all that arrived, split as the solver split it, the
 * largest leg taking the remainder. Exact-out runs backwards from what must be delivered, each hop paying the least that
 * its contract accepts, and then forwards once for the quoted outputs. A leg that has no more room passes the rest on. When the whole cannot be
 * delivered, what the solver would give is pushed forwards instead, and what does not arrive is the remainder.
 */
export function replay(
  compiled: CompiledModel,
  edges: readonly number[],
  flowIn: ArrayLike<number>,
  flowOut: ArrayLike<number>,
): Replay {
  const flows = edges.map((edge, i) => ({ edge, flowIn: flowIn[i]!, flowOut: flowOut[i]! }));
  const slack = flows.find(({ edge }) => roleOf(compiled, edge)?.kind === 'slack');
  const real = flows.filter((flow) => flow !== slack);
  const order = topologicalOrder(compiled, real);
  const { model } = compiled;
  const unserved = slack === undefined ? 0 : (model.exactOut ? slack.flowOut : slack.flowIn) / compiled.amount;
  const remainder = unserved <= NOTHING_UNSERVED ? 0n : share(model.amount, Math.min(1, unserved));
  if (!model.exactOut) {
    const known = replayForwards(compiled, real, order, model.amount - remainder, remainder);
    // A few bits more than the solver's own, so that a leg that ends (a ladder, a book) is filled to its last atom; but not
    // across a tick that the solver stopped at, for its gas.
    const bits = model.amount >> SOLVER_BITS;
    if (remainder <= bits) return withRemainder(compiled, known);
    const left = remainder - bits;
    const filled = replayForwards(compiled, real, order, model.amount - left, left);
    return withRemainder(compiled, ticksOf(filled) > ticksOf(known) ? known : filled);
  }
  const exact = remainder === 0n ? replayExactOut(compiled, real, order) : undefined;
  return withRemainder(compiled, exact ?? replayPartOfExactOut(compiled, real, order));
}

function ticksOf({ hops }: Replay): number {
  return hops.reduce((sum, hop) => sum + (hop.kind === 'pool' ? hop.ticksCrossed : 0), 0);
}

/** What is done and what remains are the whole, to the atom. */
function withRemainder({ model, nodes }: CompiledModel, played: Replay): Replay {
  let done = 0n;
  for (const [node, atoms] of model.exactOut ? played.received : played.spent) {
    done += rescale(atoms, nodes[node]!.decimals, model.amountDecimals);
  }
  return { ...played, remainder: done < model.amount ? model.amount - done : 0n };
}

function roleOf(compiled: CompiledModel, edge: number): LinearRole | undefined {
  const { source } = compiled.specs[edge]!;
  return source.kind === 'linear' ? source.role : undefined;
}

/** ⌊amount · fraction⌋ with the 53 bits that a fraction has. */
function share(amount: bigint, fraction: number): bigint {
  return (amount * BigInt(Math.round(fraction * 2 ** 52))) >> 52n;
}

function topologicalOrder(compiled: CompiledModel, flows: readonly Flow[]): number[] {
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

interface Leg {
  readonly amountIn: bigint;
  readonly amountOut: bigint;
  readonly ticksCrossed: number;
}

const NOTHING: Leg = { amountIn: 0n, amountOut: 0n, ticksCrossed: 0 };

/** Atoms that the stock behind a bridge has left for it, after what other legs take; undefined: no limit. */
function stockLeft(
  compiled: CompiledModel,
  edge: number,
  { stock }: RouteBridge,
  legs: ReadonlyMap<number, Leg>,
): bigint | undefined {
  if (stock === undefined) return undefined;
  const { model, network } = compiled;
  let left = model.stocks![stock]!.atoms;
  for (const [other, { amountOut }] of legs) {
    const isOther = other !== edge && network.nodeOut[other] === network.nodeOut[edge];
    if (isOther && isBridge(compiled, other)) left -= amountOut;
  }
  return left > 0n ? left : 0n;
}

function isBridge(compiled: CompiledModel, edge: number): boolean {
  return roleOf(compiled, edge)?.kind === 'bridge';
}

/** Where what is paid out of a stock lies; any other node itself. */
function behindStock(compiled: CompiledModel, flows: readonly Flow[], node: number): number {
  if (compiled.nodes[node]!.kind !== 'stock') return node;
  const { nodeIn, nodeOut } = compiled.network;
  return nodeOut[flows.find(({ edge }) => nodeIn[edge] === node)!.edge]!;
}

/** The most that may be sent so that no more than `atoms` are paid out. */
function mostFor(bridge: RouteBridge, atoms: bigint): bigint {
  const enough = bridgeInput(bridge, atoms);
  return bridgeOutput(bridge, enough) > atoms ? enough - 1n : enough;
}

/** Pushes up to `amountIn` through an edge; uses less where the edge has no more room. */
function forward(compiled: CompiledModel, edge: number, amountIn: bigint, legs: ReadonlyMap<number, Leg>): Leg {
  const { model, network, nodes, specs } = compiled;
  const { source } = specs[edge]!;
  if (source.kind === 'pool') {
    const result = swapExactIn(source.curve, source.tokenInIndex, amountIn);
    return { amountIn: result.amountInUsed, amountOut: result.amountOut, ticksCrossed: result.ticksCrossed };
  }
  switch (source.role.kind) {
    case 'bridge': {
      const bridge = model.bridges[source.role.bridgeIndex]!;
      const left = stockLeft(compiled, edge, bridge, legs);
      let sent = amountIn < bridge.maxAtoms ? amountIn : bridge.maxAtoms;
      if (left !== undefined && bridgeOutput(bridge, sent) > left) sent = mostFor(bridge, left);
      if (sent < bridge.minAtoms || sent === 0n) return NOTHING;
      return { amountIn: sent, amountOut: bridgeOutput(bridge, sent), ticksCrossed: 0 };
    }
    case 'inventory': {
      const from = nodes[network.nodeIn[edge]!]!.decimals;
      const to = nodes[network.nodeOut[edge]!]!.decimals;
      const most = inventoryOf(compiled, network.nodeOut[edge]!);
      const wanted = rescale(amountIn, from, to);
      const given = most !== undefined && most < wanted ? most : wanted;
      return { amountIn: rescale(given, to, from), amountOut: given, ticksCrossed: 0 };
    }
    case 'stock':
      return { amountIn, amountOut: amountIn, ticksCrossed: 0 };
    case 'terminal':
    case 'slack': {
      const from = nodes[network.nodeIn[edge]!]!.decimals;
      const to = nodes[network.nodeOut[edge]!]!.decimals;
      return { amountIn, amountOut: rescale(amountIn, from, to), ticksCrossed: 0 };
    }
  }
}

/** What an edge takes to pay `amountOut`; pays less where it has no more room. */
function backward(compiled: CompiledModel, edge: number, amountOut: bigint): Leg {
  const { model, network, nodes, specs } = compiled;
  const { source } = specs[edge]!;
  if (source.kind === 'pool') {
    const result = swapExactOut(source.curve, source.tokenInIndex, amountOut);
    return { amountIn: result.amountInUsed, amountOut: result.amountOut, ticksCrossed: result.ticksCrossed };
  }
  switch (source.role.kind) {
    case 'bridge': {
      const bridge = model.bridges[source.role.bridgeIndex]!;
      let needed = bridgeInput(bridge, amountOut);
      if (needed < bridge.minAtoms) needed = bridge.minAtoms;
      if (needed > bridge.maxAtoms) needed = bridge.maxAtoms;
      const paid = bridgeOutput(bridge, needed);
      return { amountIn: needed, amountOut: paid < amountOut ? paid : amountOut, ticksCrossed: 0 };
    }
    case 'inventory': {
      const most = inventoryOf(compiled, network.nodeOut[edge]!);
      const given = most !== undefined && most < amountOut ? most : amountOut;
      const from = nodes[network.nodeOut[edge]!]!.decimals;
      const to = nodes[network.nodeIn[edge]!]!.decimals;
      return { amountIn: rescale(given, from, to), amountOut: given, ticksCrossed: 0 };
    }
    case 'stock': {
      const { atoms } = model.stocks![source.role.stockIndex]!;
      const paid = amountOut < atoms ? amountOut : atoms;
      return { amountIn: paid, amountOut: paid, ticksCrossed: 0 };
    }
    case 'terminal':
    case 'slack': {
      const from = nodes[network.nodeIn[edge]!]!.decimals;
      const to = nodes[network.nodeOut[edge]!]!.decimals;
      return { amountIn: rescaleUp(amountOut, to, from), amountOut, ticksCrossed: 0 };
    }
  }
}

function inventoryOf(compiled: CompiledModel, node: number): bigint | undefined {
  const at = compiled.nodes[node]!;
  if (at.kind !== 'token') return undefined;
  return compiled.model.inputs.find(({ token }) => token === at.token || sameNode(token, at.token))?.atoms;
}

function sameNode(a: { chainId: number; address: string }, b: { chainId: number; address: string }): boolean {
  return a.chainId === b.chainId && a.address.toLowerCase() === b.address.toLowerCase();
}

/**
 * Splits `total` over legs in proportion to `weights`, smallest first; `push` says what a leg really takes, and what it
 * does not take goes on to the next. A second round offers what the largest could not take to those before it.
 */
function distribute(total: bigint, weights: readonly number[], push: (leg: number, amount: bigint) => bigint): bigint {
  const order = weights.map((_, i) => i).sort((a, b) => weights[a]! - weights[b]!);
  const taken = new Array<bigint>(weights.length).fill(0n);
  let weightLeft = weights.reduce((sum, weight) => sum + weight, 0);
  let left = total;
  order.forEach((leg, position) => {
    const last = position === order.length - 1;
    const amount = last || !(weightLeft > 0) ? left : share(left, Math.min(1, weights[leg]! / weightLeft));
    weightLeft -= weights[leg]!;
    taken[leg] = push(leg, amount);
    left -= taken[leg];
  });
  for (const leg of order) {
    if (left <= 0n) break;
    const more = push(leg, taken[leg]! + left);
    left -= more - taken[leg]!;
  }
  return left > 0n ? left : 0n;
}

/** `total` is what the source places, at the decimals of the exact side when selling and of the source when buying. */
function replayForwards(
  compiled: CompiledModel,
  flows: readonly Flow[],
  order: readonly number[],
  total: bigint,
  remainder: bigint,
): Replay {
  const { model, network, nodes, sink, source } = compiled;
  const held = new Map<number, bigint>();
  const sourceDecimals = nodes[source]!.decimals;
  const totalDecimals = model.exactOut ? sourceDecimals : model.amountDecimals;
  held.set(source, rescale(total, totalDecimals, sourceDecimals));
  const legs = new Map<number, Leg>();
  const dust = new Map<number, bigint>();
  let unplaced = remainder;
  for (const node of order) {
    const leaving = flows.filter(({ edge }) => network.nodeIn[edge] === node);
    const total = held.get(node) ?? 0n;
    if (node === sink || leaving.length === 0) continue;
    const left = distribute(
      total,
      leaving.map(({ flowIn }) => flowIn),
      (leg, amount) => {
        const done = forward(compiled, leaving[leg]!.edge, amount, legs);
        legs.set(leaving[leg]!.edge, done);
        return done.amountIn;
      },
    );
    if (left > 0n) {
      if (node === source) unplaced += rescale(left, sourceDecimals, totalDecimals);
      else dust.set(node, left);
    }
    for (const { edge } of leaving) {
      const to = network.nodeOut[edge]!;
      held.set(to, (held.get(to) ?? 0n) + legs.get(edge)!.amountOut);
    }
  }
  keepUnspent(compiled, flows, legs, dust);
  return collect(compiled, flows, order, legs, dust, unplaced);
}

/** What an inventory gave and nothing took was never spent. */
function keepUnspent(
  { nodes, network, specs }: CompiledModel,
  flows: readonly Flow[],
  legs: Map<number, Leg>,
  dust: Map<number, bigint>,
): void {
  for (const { edge } of flows) {
    const { source } = specs[edge]!;
    if (source.kind !== 'linear' || source.role.kind !== 'inventory') continue;
    const node = network.nodeOut[edge]!;
    const leg = legs.get(edge);
    const left = dust.get(node) ?? 0n;
    if (leg === undefined || left === 0n) continue;
    const kept = left < leg.amountOut ? left : leg.amountOut;
    const amountOut = leg.amountOut - kept;
    const amountIn = rescale(amountOut, nodes[node]!.decimals, nodes[network.nodeIn[edge]!]!.decimals);
    legs.set(edge, { ...leg, amountIn, amountOut });
    if (kept === left) dust.delete(node);
    else dust.set(node, left - kept);
  }
}

function replayPartOfExactOut(compiled: CompiledModel, flows: readonly Flow[], order: readonly number[]): Replay {
  const { model, network, nodes, source } = compiled;
  let units = 0;
  for (const { edge, flowIn } of flows) if (network.nodeIn[edge] === source) units += flowIn;
  const total = BigInt(Math.floor(units * 10 ** nodes[source]!.decimals));
  const played = replayForwards(compiled, flows, order, total, 0n);
  let delivered = 0n;
  for (const [node, atoms] of played.received) {
    delivered += rescale(atoms, nodes[node]!.decimals, model.amountDecimals);
  }
  return { ...played, remainder: delivered < model.amount ? model.amount - delivered : 0n };
}

/** Undefined when some leg cannot give what is needed of it. */
function replayExactOut(compiled: CompiledModel, flows: readonly Flow[], order: readonly number[]): Replay | undefined {
  const { model, network, nodes, sink, source } = compiled;
  const need = new Map<number, bigint>();
  need.set(sink, rescaleUp(model.amount, model.amountDecimals, nodes[sink]!.decimals));
  const asked = new Map<number, Leg>();
  for (const node of [...order].reverse()) {
    const wanted = need.get(node) ?? 0n;
    const arriving = flows.filter(({ edge }) => network.nodeOut[edge] === node);
    if (node === source || wanted === 0n) continue;
    const left = distribute(
      wanted,
      arriving.map(({ flowOut }) => flowOut),
      (leg, amount) => {
        const done = backward(compiled, arriving[leg]!.edge, amount);
        asked.set(arriving[leg]!.edge, done);
        return done.amountOut;
      },
    );
    if (left > 0n) return undefined;
    for (const { edge } of arriving) {
      const from = network.nodeIn[edge]!;
      need.set(from, (need.get(from) ?? 0n) + (asked.get(edge)?.amountIn ?? 0n));
    }
  }
  const legs = new Map<number, Leg>();
  const dust = new Map<number, bigint>();
  for (const { edge } of flows) {
    const before = asked.get(edge);
    if (before === undefined || before.amountIn === 0n) continue;
    const done = forward(compiled, edge, before.amountIn, legs);
    // A bridge that must send more than is asked of it can leave another too little of the stock that both pay out from.
    if (isBridge(compiled, edge) && done.amountOut < before.amountOut) return undefined;
    legs.set(edge, done);
    const to = network.nodeOut[edge]!;
    const extra = done.amountOut - before.amountOut;
    if (extra > 0n && to !== sink) {
      const at = behindStock(compiled, flows, to);
      dust.set(at, (dust.get(at) ?? 0n) + extra);
    }
  }
  return collect(compiled, flows, order, legs, dust, 0n);
}

function collect(
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
