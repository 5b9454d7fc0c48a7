import { prepareConcentratedExactIn, type SteppedSwap } from '../model/curves/concentrated-steps.js';
import { swapExactIn } from '../model/curves/swap.js';
import type { CompiledModel, RoutePool } from './model.js';
import type { ReplayedHop } from './replay/collect.js';

const PPM = 1_000_000n;

/** One direction of a pool, ready to be replayed: for constant product with what does not change already multiplied. */
interface ExactLeg {
  readonly edge: number;
  readonly pool: RoutePool;
  readonly tokenInIndex: 0 | 1;
  readonly to: number;
  readonly scale: number;
  /** What a curve other than constant product does with an amount. */
  readonly swap: (amountIn: bigint) => SteppedSwap;
  /** Absent for other curves. */
  readonly keep: bigint | undefined;
  readonly reserveInPpm: bigint;
  readonly reserveOut: bigint;
  readonly gas: number;
  readonly gasPerTick: number;
  readonly gasPrice: number;
}

/** Legs in executable order, those of one node together and the one that takes the remainder last among them. */
interface Plan {
  readonly edges: readonly number[];
  readonly legs: readonly ExactLeg[];
  /** For each leg whether it takes what its node has left. */
  readonly isLast: readonly boolean[];
  readonly nodes: readonly number[];
}

/** What the legs of an exact-in route over pools alone come to. */
export interface SwiftReplay {
  readonly hops: readonly ReplayedHop[];
  readonly received: bigint;
  /** Units, ticks included, and what they cost in numeraire. */
  readonly gas: bigint;
  readonly gasCost: number;
}

export interface SwiftReplayer {
  /**
   * @param edges Pools only, without circles.
   * @param flowIn Units of input by edge of the network.
   * @returns Undefined when a leg does not take all that it is given: then the replay that redistributes has to do it.
   */
  readonly replay: (amount: bigint, edges: readonly number[], flowIn: Float64Array) => SwiftReplay | undefined;
}

/**
 * The exact replay for the commonest case, exact-in from one token to another over pools of one chain. The plan of the
 * last route is kept, so that a route over the same pools costs one exact swap for each of them and little else.
 */
export function prepareSwiftReplay({ network, nodes, sink, source, model, specs }: CompiledModel): SwiftReplayer {
  const { nodeIn, nodeOut } = network;
  const known: (ExactLeg | undefined)[] = new Array<ExactLeg | undefined>(network.edgeCount).fill(undefined);
  const held: bigint[] = new Array<bigint>(network.nodeCount).fill(0n);
  let plan: Plan | undefined;

  const legOf = (e: number): ExactLeg => {
    const cached = known[e];
    if (cached !== undefined) return cached;
    const { source: kind } = specs[e]!;
    if (kind.kind !== 'pool') throw new RangeError('The swift replay knows pools only.');
    const { curve, tokenInIndex } = kind;
    const isProduct = curve.kind === 'constant-product';
    const leg: ExactLeg = {
      edge: e,
      pool: model.pools[kind.poolIndex]!,
      tokenInIndex,
      to: nodeOut[e]!,
      scale: 10 ** nodes[nodeIn[e]!]!.decimals,
      swap:
        curve.kind === 'concentrated'
          ? prepareConcentratedExactIn(curve, tokenInIndex)
          : (amountIn) => swapExactIn(curve, tokenInIndex, amountIn),
      keep: isProduct ? PPM - BigInt(curve.feePpm) : undefined,
      reserveInPpm: isProduct ? curve.reserves[tokenInIndex] * PPM : 0n,
      reserveOut: isProduct ? curve.reserves[1 - tokenInIndex]! : 0n,
      gas: Number(model.pools[kind.poolIndex]!.gas.base),
      gasPerTick: Number(model.pools[kind.poolIndex]!.gas.perTick),
      gasPrice: model.gasCost.get(model.pools[kind.poolIndex]!.chainId) ?? 0,
    };
    known[e] = leg;
    return leg;
  };

  const planFor = (edges: readonly number[], flowIn: Float64Array): Plan => {
    const leaving = new Map<number, number[]>();
    const waiting = new Map<number, number>();
    for (const e of edges) {
      const list = leaving.get(nodeIn[e]!);
      if (list === undefined) leaving.set(nodeIn[e]!, [e]);
      else list.push(e);
      waiting.set(nodeOut[e]!, (waiting.get(nodeOut[e]!) ?? 0) + 1);
    }
    const legs: ExactLeg[] = [];
    const isLast: boolean[] = [];
    const order = [source];
    for (let i = 0; i < order.length; i++) {
      const group = leaving.get(order[i]!) ?? [];
      group.sort((a, b) => flowIn[a]! - flowIn[b]! || a - b);
      group.forEach((e, position) => {
        legs.push(legOf(e));
        isLast.push(position === group.length - 1);
        const left = waiting.get(nodeOut[e]!)! - 1;
        waiting.set(nodeOut[e]!, left);
        if (left === 0) order.push(nodeOut[e]!);
      });
    }
    return { edges: [...edges], legs, isLast, nodes: [...new Set([...order, sink])] };
  };

  const isPlanned = (edges: readonly number[]): boolean => {
    if (plan?.edges.length !== edges.length) return false;
    for (let i = 0; i < edges.length; i++) if (plan.edges[i] !== edges[i]) return false;
    return true;
  };

  return {
    replay: (amount, edges, flowIn) => {
      if (!isPlanned(edges)) plan = planFor(edges, flowIn);
      const { isLast, legs, nodes: touched } = plan!;
      if (legs.length !== edges.length) return undefined;
      for (const node of touched) held[node] = 0n;
      held[source] = amount;
      const hops: ReplayedHop[] = [];
      let gas = 0;
      let gasCost = 0;
      for (let i = 0; i < legs.length; i++) {
        const leg = legs[i]!;
        const { edge, keep, pool, tokenInIndex, to } = leg;
        const node = nodeIn[edge]!;
        const left = held[node]!;
        let amountIn = left;
        if (isLast[i]!) held[node] = 0n;
        else {
          const wanted = BigInt(Math.floor(flowIn[edge]! * leg.scale));
          if (wanted < left) amountIn = wanted;
          held[node] = left - amountIn;
        }
        if (amountIn === 0n) continue;
        let amountOut: bigint;
        let ticksCrossed = 0;
        if (keep !== undefined) {
          const afterFee = amountIn * keep;
          amountOut = (afterFee * leg.reserveOut) / (leg.reserveInPpm + afterFee);
        } else {
          const result = leg.swap(amountIn);
          if (result.amountInUsed !== amountIn) return undefined;
          ({ amountOut, ticksCrossed } = result);
        }
        held[to] = held[to]! + amountOut;
        const units = leg.gas + leg.gasPerTick * ticksCrossed;
        gas += units;
        gasCost += units * leg.gasPrice;
        hops.push({ edge, kind: 'pool', pool, tokenInIndex, amountIn, amountOut, ticksCrossed });
      }
      return { hops, received: held[sink]!, gas: BigInt(gas), gasCost };
    },
  };
}
