import { sameToken } from '../model/token.js';
import type { CompiledModel } from './model.js';
import { edgeOutput, spotRate } from './network.js';
import type { Replay, ReplayedHop } from './replay/collect.js';

/**
 * Where the cost of a route comes from, in numeraire. Each kind is computed on its own, and together they are exactly
 * what was given less what was received at the reference price, plus what was paid beside the flows. `spread` is how far
 * a pool's own middle price stands off the reference; it is negative where the pool is the better market.
 */
export interface CostsByKind {
  readonly 'liquidity-provider': number;
  readonly spread: number;
  readonly 'price-impact': number;
  readonly gas: number;
  readonly bridge: number;
  readonly message: number;
  readonly 'time-at-risk': number;
  readonly rounding: number;
  /** What inventories that are spent would have been worth where they lay, less what arrives is worth where it will lie. */
  readonly inventory: number;
}

export type CostKind = keyof CostsByKind;

export const NO_COSTS: CostsByKind = Object.freeze({
  'liquidity-provider': 0,
  spread: 0,
  'price-impact': 0,
  gas: 0,
  bridge: 0,
  message: 0,
  'time-at-risk': 0,
  rounding: 0,
  inventory: 0,
});

export function totalCost(costs: CostsByKind): number {
  return (Object.keys(costs) as CostKind[]).reduce((sum, kind) => sum + costs[kind], 0);
}

/** What one hop costs, with its tokens valued at `valueOf(node)` numeraire per unit. */
export function hopCosts(compiled: CompiledModel, hop: ReplayedHop, valueOf: (node: number) => number): CostsByKind {
  const { model, network, nodes } = compiled;
  const from = network.nodeIn[hop.edge]!;
  const to = network.nodeOut[hop.edge]!;
  const x = Number(hop.amountIn) / 10 ** nodes[from]!.decimals;
  const y = Number(hop.amountOut) / 10 ** nodes[to]!.decimals;
  if (hop.kind === 'bridge') {
    const gasCost = model.gasCost.get(hop.bridge.from.chainId) ?? 0;
    return {
      ...NO_COSTS,
      gas: Number(hop.bridge.gasUnits) * gasCost,
      bridge: valueOf(from) * x - valueOf(to) * y,
      message: hop.bridge.messageCost,
      'time-at-risk': network.unitCost[hop.edge]! * x,
    };
  }
  const feePpm = poolFeePpm(hop);
  const keep = 1 - feePpm / 1e6;
  const mid = spotRate(network, hop.edge) / keep;
  const exact = edgeOutput(network, hop.edge, x);
  return {
    ...NO_COSTS,
    'liquidity-provider': valueOf(from) * x * (feePpm / 1e6),
    spread: keep * x * (valueOf(from) - valueOf(to) * mid),
    'price-impact': valueOf(to) * (keep * x * mid - exact),
    rounding: valueOf(to) * (exact - y),
    gas: Number(gasOfHop(hop)) * (model.gasCost.get(hop.pool.chainId) ?? 0),
  };
}

/** Gas of a hop in units, ticks included. */
export function gasOfHop(hop: ReplayedHop): bigint {
  if (hop.kind === 'bridge') return hop.bridge.gasUnits;
  return hop.pool.gas.base + hop.pool.gas.perTick * BigInt(hop.ticksCrossed);
}

function poolFeePpm(hop: Extract<ReplayedHop, { kind: 'pool' }>): number {
  const { curve } = hop.pool;
  switch (curve.kind) {
    case 'constant-product':
    case 'stable-swap':
      return curve.feePpm;
    case 'concentrated':
      return hop.tokenInIndex === 1 ? (curve.feePpmToken1In ?? curve.feePpm) : curve.feePpm;
    case 'levels':
    case 'ladder':
      return 0;
  }
}

export function addCosts(a: CostsByKind, b: CostsByKind): CostsByKind {
  const sum: Record<CostKind, number> = { ...a };
  for (const kind of Object.keys(sum) as CostKind[]) sum[kind] += b[kind];
  return sum;
}

/** All hops of a replay by kind, against `referencePrice` (numeraire per unit of the exact side). */
export function routeCosts(
  compiled: CompiledModel,
  replay: Replay,
  prices: ArrayLike<number>,
  referencePrice: number,
): { readonly total: CostsByKind; readonly perHop: readonly CostsByKind[] } {
  const valueOf = nodeValues(compiled, prices, referencePrice);
  const perHop = replay.hops.map((hop) => hopCosts(compiled, hop, valueOf));
  const inventory = inventoryCost(compiled, replay);
  return { total: perHop.reduce(addCosts, { ...NO_COSTS, inventory }), perHop };
}

/** Numeraire; zero where no inventory has a value beyond its price. */
export function inventoryCost({ model, nodes }: CompiledModel, { received, spent }: Replay): number {
  const { keepValue } = model;
  if (keepValue === undefined) return 0;
  let cost = 0;
  for (const [sign, flows] of [
    [1, spent],
    [-1, received],
  ] as const) {
    for (const [node, atoms] of flows) {
      const at = nodes[node]!;
      if (at.kind === 'token') cost += (sign * keepValue(at.token) * Number(atoms)) / 10 ** at.decimals;
    }
  }
  return cost;
}

/** Par for the numeraire's tokens, the reference for the exact side's, the solver's own price for what lies between. */
function nodeValues(
  compiled: CompiledModel,
  prices: ArrayLike<number>,
  referencePrice: number,
): (node: number) => number {
  const { model, nodes, sink, source } = compiled;
  const values = nodes.map((node, n) => {
    if (!('token' in node)) return (node.kind === 'source') === model.exactOut ? 1 : referencePrice;
    const isInput = n === source || model.inputs.some(({ token }) => sameToken(token, node.token));
    const isOutput = n === sink || model.outputs.some((token) => sameToken(token, node.token));
    if (isInput) return model.exactOut ? 1 : referencePrice;
    if (isOutput) return model.exactOut ? referencePrice : 1;
    return prices[n]!;
  });
  return (node) => values[node]!;
}
