import { swapExactIn, swapExactOut } from '../../model/curves/swap.js';
import type { CompiledModel, RouteBridge } from '../model.js';
import type { LinearRole } from '../network.js';

/** What one edge does: takes so much, pays so much. Atoms. */
export interface Leg {
  readonly amountIn: bigint;
  readonly amountOut: bigint;
  readonly ticksCrossed: number;
}

const NOTHING: Leg = { amountIn: 0n, amountOut: 0n, ticksCrossed: 0 };

/** What a bridge pays out for an amount: its fee is rounded up. */
export function bridgeOutput(bridge: RouteBridge, amountIn: bigint): bigint {
  const keep = BigInt(Math.round((1e6 - bridge.feePpm) * 1e6));
  return rescale((amountIn * keep) / 10n ** 12n, bridge.from.decimals, bridge.to.decimals);
}

/** The least amount for which a bridge pays out `amountOut`. */
function bridgeInput(bridge: RouteBridge, amountOut: bigint): bigint {
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

export function roleOf(compiled: CompiledModel, edge: number): LinearRole | undefined {
  const { source } = compiled.specs[edge]!;
  return source.kind === 'linear' ? source.role : undefined;
}

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

export function isBridge(compiled: CompiledModel, edge: number): boolean {
  return roleOf(compiled, edge)?.kind === 'bridge';
}

/** The most that may be sent so that no more than `atoms` are paid out. */
function mostFor(bridge: RouteBridge, atoms: bigint): bigint {
  const enough = bridgeInput(bridge, atoms);
  return bridgeOutput(bridge, enough) > atoms ? enough - 1n : enough;
}

/** Pushes up to `amountIn` through an edge; uses less where the edge has no more room. */
export function forward(compiled: CompiledModel, edge: number, amountIn: bigint, legs: ReadonlyMap<number, Leg>): Leg {
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
export function backward(compiled: CompiledModel, edge: number, amountOut: bigint): Leg {
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
