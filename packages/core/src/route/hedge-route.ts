import type { Pool } from '../model/curve.js';
import { Decimal, decimalFromNumber, type DecimalString } from '../model/decimal.js';
import type { TokenAmount } from '../model/token.js';
import { alternatives } from './alternatives.js';
import { findInconsistencies } from './consistency.js';
import { type CostKind, type CostsByKind, gasOfHop, totalCost } from './costs.js';
import type { HedgeHop, HedgeRequest, HedgeRoute } from './hedge.js';
import { bridgeId } from './hedge-model.js';
import type { RouteModel } from './model.js';
import type { ReplayedHop } from './replay/collect.js';
import type { SolvedModel } from './solve-model.js';

/** A solved hedge with all that is told of it, frozen. */
export function hedgeRouteOf(
  request: HedgeRequest,
  model: RouteModel,
  kept: readonly Pool[],
  solved: SolvedModel,
): HedgeRoute {
  const { compiled, costs, replay } = solved;
  const { nodes } = compiled;
  const amounts = (flows: ReadonlyMap<number, bigint>): TokenAmount[] =>
    [...flows].flatMap(([node, atoms]) => {
      const at = nodes[node]!;
      return at.kind === 'token' ? [Object.freeze({ token: at.token, atoms })] : [];
    });
  const units = (atoms: bigint): string => new Decimal(atoms.toString()).shiftedBy(-model.amountDecimals).toFixed();
  const served = model.amount - replay.remainder;
  const hops = replay.hops.map((hop, i) =>
    toHop(request, kept, compiled.specs[hop.edge]!.source, hop, solved.costsPerHop[i]!),
  );
  return Object.freeze({
    status: replay.remainder > 0n ? 'partial' : 'complete',
    side: request.side,
    servedUnits: units(served),
    remainderUnits: units(replay.remainder),
    hops: Object.freeze(hops),
    spent: Object.freeze(amounts(replay.spent)),
    received: Object.freeze(amounts(replay.received)),
    dust: Object.freeze(amounts(replay.dust)),
    gas: Object.freeze(gasByChain(request, hops)),
    timeSeconds: longestWait(solved),
    costs: costStrings(costs),
    cost: decimalFromNumber(totalCost(costs), 'cost'),
    costBps: solved.costBps,
    marginalPrice: decimalFromNumber(solved.marginalPrice, 'marginalPrice'),
    inventoryPrices: Object.freeze(inventoryPrices(solved)),
    optimalityGapBps: solved.gapBps,
    alternatives: Object.freeze(alternatives(request, model, solved)),
    inconsistencies: findInconsistencies(kept),
    nodesUsed: solved.mixed.nodesUsed,
  });
}

function toHop(
  request: HedgeRequest,
  kept: readonly Pool[],
  source: SolvedModel['compiled']['specs'][number]['source'],
  hop: ReplayedHop,
  costs: CostsByKind,
): HedgeHop {
  const shared = {
    amountIn: hop.amountIn,
    amountOut: hop.amountOut,
    gasUnits: gasOfHop(hop),
    costs: costStrings(costs),
  };
  if (hop.kind === 'pool' && source.kind === 'pool') {
    const pool = kept[source.poolIndex]!;
    return Object.freeze({
      ...shared,
      kind: 'swap',
      adapter: pool.adapter,
      chainId: pool.chainId,
      poolId: pool.id,
      pool,
      tokenIn: pool.tokens[hop.tokenInIndex],
      tokenOut: pool.tokens[(1 - hop.tokenInIndex) as 0 | 1],
      minReceived: (hop.amountOut * BigInt(10_000 - request.slippageBps)) / 10_000n,
    });
  }
  if (hop.kind !== 'bridge') throw new RangeError('A pool hop has a pool as its source.');
  const bridge = request.bridges.find((item) => bridgeId(item) === hop.bridge.id)!;
  return Object.freeze({
    ...shared,
    kind: 'bridge',
    adapter: bridge.adapter,
    chainId: bridge.from.chainId,
    toChainId: bridge.to.chainId,
    bridgeId: hop.bridge.id,
    bridge,
    timeSeconds: bridge.timeSeconds,
    tokenIn: bridge.from,
    tokenOut: bridge.to,
    minReceived: (hop.amountOut * BigInt(Math.floor(hop.bridge.minReceivedRatio * 1e9))) / 1_000_000_000n,
  });
}

export function costStrings(costs: CostsByKind): Readonly<Record<CostKind, DecimalString>> {
  const kinds = Object.keys(costs) as CostKind[];
  const entries = kinds.map((kind) => [kind, decimalFromNumber(costs[kind], kind)] as const);
  return Object.freeze(Object.fromEntries(entries) as Record<CostKind, DecimalString>);
}

function gasByChain(request: HedgeRequest, hops: readonly HedgeHop[]): HedgeRoute['gas'][number][] {
  const units = new Map<number, bigint>();
  for (const hop of hops) units.set(hop.chainId, (units.get(hop.chainId) ?? 0n) + hop.gasUnits);
  return [...units].map(([chainId, total]) =>
    Object.freeze({ chainId, units: total, wei: total * request.gasPriceWei[chainId]! }),
  );
}

/** Transfers that follow one another add up; those side by side do not. */
function longestWait({ compiled: { network }, replay: { hops } }: SolvedModel): number {
  const readyAt = new Map<number, number>();
  let longest = 0;
  for (const hop of hops) {
    const start = readyAt.get(network.nodeIn[hop.edge]!) ?? 0;
    const end = start + (hop.kind === 'bridge' ? hop.bridge.timeSeconds : 0);
    const to = network.nodeOut[hop.edge]!;
    readyAt.set(to, Math.max(readyAt.get(to) ?? 0, end));
    longest = Math.max(longest, end);
  }
  return longest;
}

/** The shadow price of an inventory is its node's price above (selling: below) what the source counts it at. */
function inventoryPrices({ compiled, mixed }: SolvedModel): HedgeRoute['inventoryPrices'][number][] {
  const { model, network, nodes, source, specs } = compiled;
  return specs.flatMap((spec, e) => {
    if (spec.source.kind !== 'linear' || spec.source.role.kind !== 'inventory') return [];
    const node = nodes[network.nodeOut[e]!]!;
    if (node.kind !== 'token' || !mixed.edges.includes(e)) return [];
    const premium = Math.max(0, mixed.prices[network.nodeOut[e]!]! - mixed.prices[source]! - spec.unitCost);
    // Below the smoothing of straight edges there is no premium to speak of.
    const shown = premium <= mixed.prices[source]! * 1e-6 ? 0 : premium;
    return model.inputs.length > 0
      ? [Object.freeze({ token: node.token, premium: decimalFromNumber(shown, 'premium') })]
      : [];
  });
}
