import type { Curve } from '../model/curve.js';
import { segmentsOf, type Segments } from './segments.js';

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

/** `bridge` counts as a hop; the others only join inventories and markets to the source and the sink, and stocks to tokens. */
export type LinearRole =
  | { readonly kind: 'bridge'; readonly bridgeIndex: number }
  | { readonly kind: 'stock'; readonly stockIndex: number }
  | { readonly kind: 'inventory' }
  | { readonly kind: 'terminal' }
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
  /** 1 where the edge consists of straight pieces; then `liquidity` holds the rooms and `sqrtHigh` the prices. */
  readonly straight: Uint8Array;
  readonly segStart: Int32Array;
  readonly liquidity: Float64Array;
  readonly sqrtHigh: Float64Array;
  readonly sqrtLow: Float64Array;
  readonly inBefore: Float64Array;
  readonly outBefore: Float64Array;
  readonly sources: readonly EdgeSource[];
}

/** Share of a segment that a flow leaves at its end, so that rounding never makes it cross the tick there. */
const SHY = 1e-7;

export function buildNetwork(nodeCount: number, specs: readonly EdgeSpec[]): Network {
  const segments = specs.map((spec) => segmentsOfSource(spec.source));
  const total = segments.reduce((sum, item) => sum + countOf(item), 0);
  const edgeCount = specs.length;
  const network = {
    nodeCount,
    edgeCount,
    nodeIn: Int32Array.from(specs, ({ from }) => from),
    nodeOut: Int32Array.from(specs, ({ to }) => to),
    phi: Float64Array.from(segments, phiOf),
    sqrtPhi: Float64Array.from(segments, (item) => Math.sqrt(phiOf(item))),
    unitCost: Float64Array.from(specs, ({ unitCost }) => unitCost),
    fixedCost: Float64Array.from(specs, ({ fixedCost }) => fixedCost),
    tickCost: Float64Array.from(specs, ({ tickCost }) => tickCost),
    isHop: Uint8Array.from(specs, ({ source }) => (source.kind === 'pool' || source.role.kind === 'bridge' ? 1 : 0)),
    straight: Uint8Array.from(segments, ({ kind }) => (kind === 'straight' ? 1 : 0)),
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
    const item = segments[e]!;
    network.segStart[e] = at;
    let input = 0;
    let output = 0;
    for (let k = 0; k < countOf(item); k++, at++) {
      network.inBefore[at] = input;
      network.outBefore[at] = output;
      if (item.kind === 'straight') {
        const { amountIn, price } = item.pieces[k]!;
        network.liquidity[at] = amountIn;
        network.sqrtHigh[at] = price;
        input += amountIn;
        output += amountIn * price;
      } else {
        const l = item.liquidity[k]!;
        const high = item.sqrtHigh[k]!;
        const low = item.sqrtLow[k]!;
        network.liquidity[at] = l;
        network.sqrtHigh[at] = high;
        network.sqrtLow[at] = low + (high - low) * SHY;
        input += (l * (1 / low - 1 / high)) / item.phi;
        output += l * (high - low);
      }
    }
  }
  network.segStart[edgeCount] = at;
  return network;
}

function countOf(item: Segments): number {
  return item.kind === 'straight' ? item.pieces.length : item.liquidity.length;
}

function phiOf(item: Segments): number {
  return item.kind === 'straight' ? 1 : item.phi;
}

function segmentsOfSource(source: EdgeSource): Segments {
  switch (source.kind) {
    case 'pool':
      return segmentsOf(source.curve, source.tokenInIndex, source.decimals);
    case 'linear':
      return { kind: 'straight', pieces: [{ price: source.price, amountIn: source.capacity }] };
  }
}

/** Marginal output per unit of input of edge e at zero size, after its fee; 0 where it cannot trade. */
export function spotRate(network: Network, e: number): number {
  const first = network.segStart[e]!;
  if (first === network.segStart[e + 1]!) return 0;
  if (network.straight[e] === 1) return network.sqrtHigh[first]!;
  return network.sqrtHigh[first]! ** 2 * network.phi[e]!;
}

/** Output of edge e for an input, in units; what exceeds its capacity adds nothing. */
export function edgeOutput(network: Network, e: number, amountIn: number): number {
  const { segStart, liquidity, sqrtHigh, sqrtLow, inBefore, outBefore, phi } = network;
  for (let k = segStart[e + 1]! - 1; k >= segStart[e]!; k--) {
    const rest = amountIn - inBefore[k]!;
    if (rest < 0) continue;
    const l = liquidity[k]!;
    const high = sqrtHigh[k]!;
    if (network.straight[e] === 1) return outBefore[k]! + Math.min(rest, l) * high;
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
    if (network.straight[e] === 1) return rest > l * high * (1 + 1e-12) ? Infinity : inBefore[k]! + rest / high;
    const s = high - rest / l;
    if (!(s > 0) || s < sqrtLow[k]! * (1 - 1e-12)) return Infinity;
    return inBefore[k]! + (l * (1 / s - 1 / high)) / phi[e]!;
  }
  return Infinity;
}
