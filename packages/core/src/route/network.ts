import type { Curve } from '../model/curve.js';
import { linearSegments, segmentsOf, type Segments } from './segments.js';

/** What an edge really is, for the certificate and the replay; never read by the dual solver. */
export type EdgeSource =
  | {
      readonly kind: 'pool';
      readonly poolIndex: number;
      readonly curve: Curve;
      readonly tokenInIndex: 0 | 1;
      readonly decimals: readonly [number, number];
    }
  | {
      readonly kind: 'linear';
      /** Units of output per unit of input. */
      readonly price: number;
      /** Units of input. */
      readonly capacity: number;
      readonly role: LinearRole;
    };

/** `bridge` counts as a hop; the others only join inventories and markets to the source and the sink. */
export type LinearRole =
  | { readonly kind: 'bridge'; readonly bridgeIndex: number }
  | { readonly kind: 'inventory'; readonly node: number }
  | { readonly kind: 'terminal'; readonly node: number }
  | { readonly kind: 'slack' };

/** One direction of a venue or bridge, as it is put into a network. */
export interface EdgeSpec {
  readonly from: number;
  readonly to: number;
  readonly source: EdgeSource;
  /** Numeraire, paid once when the edge is used at all. */
  readonly fixedCost: number;
  /** Numeraire for each further tick that a swap crosses. */
  readonly tickCost: number;
  /** Numeraire per unit of input on top of what the flow itself costs: the price of time at risk. */
  readonly unitCost: number;
}

/**
 * A generalised-flow network over nodes (chain, token), as typed arrays. Edge e runs `nodeIn[e]` → `nodeOut[e]` and owns
 * the segments `segStart[e]` to `segStart[e+1]`, best price first, with what flowed before each of them.
 */
export interface Network {
  readonly nodeCount: number;
  readonly edgeCount: number;
  readonly nodeIn: Int32Array;
  readonly nodeOut: Int32Array;
  readonly phi: Float64Array;
  readonly sqrtPhi: Float64Array;
  readonly unitCost: Float64Array;
  readonly fixedCost: Float64Array;
  readonly tickCost: Float64Array;
  /** 1 where the edge counts as a hop. */
  readonly isHop: Uint8Array;
  /** 1 where a segment is so narrow that the flow all but jumps at its price. */
  readonly stiff: Uint8Array;
  readonly hasStiffEdges: boolean;
  readonly segStart: Int32Array;
  readonly liquidity: Float64Array;
  readonly sqrtHigh: Float64Array;
  readonly sqrtLow: Float64Array;
  readonly inBefore: Float64Array;
  readonly outBefore: Float64Array;
  readonly sources: readonly EdgeSource[];
}

export function buildNetwork(nodeCount: number, specs: readonly EdgeSpec[]): Network {
  const segments = specs.map((spec) => segmentsOfSource(spec.source));
  const total = segments.reduce((sum, { liquidity }) => sum + liquidity.length, 0);
  const edgeCount = specs.length;
  const network = {
    nodeCount,
    edgeCount,
    nodeIn: Int32Array.from(specs, ({ from }) => from),
    nodeOut: Int32Array.from(specs, ({ to }) => to),
    phi: Float64Array.from(segments, ({ phi }) => phi),
    sqrtPhi: Float64Array.from(segments, ({ phi }) => Math.sqrt(phi)),
    unitCost: Float64Array.from(specs, ({ unitCost }) => unitCost),
    fixedCost: Float64Array.from(specs, ({ fixedCost }) => fixedCost),
    tickCost: Float64Array.from(specs, ({ tickCost }) => tickCost),
    isHop: Uint8Array.from(specs, ({ source }) => (source.kind === 'pool' || source.role.kind === 'bridge' ? 1 : 0)),
    stiff: Uint8Array.from(segments, isStiff),
    hasStiffEdges: segments.some((item) => isStiff(item) === 1),
    segStart: new Int32Array(edgeCount + 1),
    liquidity: new Float64Array(total),
    sqrtHigh: new Float64Array(total),
    sqrtLow: new Float64Array(total),
    inBefore: new Float64Array(total),
    outBefore: new Float64Array(total),
    sources: specs.map(({ source }) => source),
  };
  let at = 0;
  for (let e = 0; e < edgeCount; e++) {
    const { phi, liquidity, sqrtHigh, sqrtLow } = segments[e]!;
    network.segStart[e] = at;
    let input = 0;
    let output = 0;
    for (let k = 0; k < liquidity.length; k++, at++) {
      const l = liquidity[k]!;
      const high = sqrtHigh[k]!;
      const low = sqrtLow[k]!;
      network.liquidity[at] = l;
      network.sqrtHigh[at] = high;
      network.sqrtLow[at] = low;
      network.inBefore[at] = input;
      network.outBefore[at] = output;
      input += (l * (1 / low - 1 / high)) / phi;
      output += l * (high - low);
    }
  }
  network.segStart[edgeCount] = at;
  return network;
}

/** Relative width of a segment in √price below which an edge counts as stiff. */
const STIFF_WIDTH = 1e-5;

function isStiff({ sqrtHigh, sqrtLow }: Segments): 0 | 1 {
  return sqrtHigh.some((high, k) => sqrtLow[k]! > high * (1 - STIFF_WIDTH)) ? 1 : 0;
}

function segmentsOfSource(source: EdgeSource): Segments {
  switch (source.kind) {
    case 'pool':
      return segmentsOf(source.curve, source.tokenInIndex, source.decimals);
    case 'linear':
      return linearSegments([{ price: source.price, amountIn: source.capacity }]);
  }
}

/** Marginal output per unit of input of edge e at zero size, after its fee; 0 where it cannot trade. */
export function spotRate(network: Network, e: number): number {
  const first = network.segStart[e]!;
  if (first === network.segStart[e + 1]!) return 0;
  return network.sqrtHigh[first]! ** 2 * network.phi[e]!;
}

/** Most that edge e can take in, in units; infinite for a constant product. */
export function edgeCapacity(network: Network, e: number): number {
  const last = network.segStart[e + 1]! - 1;
  if (last < network.segStart[e]!) return 0;
  const low = network.sqrtLow[last]!;
  if (low === 0) return Infinity;
  return (
    network.inBefore[last]! + (network.liquidity[last]! * (1 / low - 1 / network.sqrtHigh[last]!)) / network.phi[e]!
  );
}

/** Output of edge e for an input, in units; what exceeds its capacity adds nothing. */
export function edgeOutput(network: Network, e: number, amountIn: number): number {
  const { segStart, liquidity, sqrtHigh, sqrtLow, inBefore, outBefore, phi } = network;
  for (let k = segStart[e + 1]! - 1; k >= segStart[e]!; k--) {
    const rest = amountIn - inBefore[k]!;
    if (rest < 0) continue;
    const l = liquidity[k]!;
    const high = sqrtHigh[k]!;
    const s = Math.max(sqrtLow[k]!, 1 / (1 / high + (rest * phi[e]!) / l));
    return outBefore[k]! + l * (high - s);
  }
  return 0;
}

/** Input of edge e for an output, in units; infinite where it cannot pay that much. */
export function edgeInput(network: Network, e: number, amountOut: number): number {
  const { segStart, liquidity, sqrtHigh, sqrtLow, inBefore, outBefore, phi } = network;
  for (let k = segStart[e + 1]! - 1; k >= segStart[e]!; k--) {
    const rest = amountOut - outBefore[k]!;
    if (rest < 0) continue;
    const l = liquidity[k]!;
    const high = sqrtHigh[k]!;
    const s = high - rest / l;
    if (!(s > 0) || s < sqrtLow[k]! * (1 - 1e-12)) return Infinity;
    return inBefore[k]! + (l * (1 / s - 1 / high)) / phi[e]!;
  }
  return Infinity;
}

/** Initialised prices that edge e crosses for an input: one less than the segments it reaches. */
export function segmentsCrossed(network: Network, e: number, amountIn: number): number {
  const { segStart, inBefore } = network;
  let crossed = 0;
  for (let k = segStart[e]! + 1; k < segStart[e + 1]! && inBefore[k]! < amountIn; k++) crossed++;
  return crossed;
}
