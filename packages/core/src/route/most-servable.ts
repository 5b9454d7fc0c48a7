import type { CompiledModel } from './model.js';
import type { Network } from './network.js';

/** The root of a price that has fallen to this share of where it began ends what any route takes. */
const LOWEST_ROOT = 1e-3;
/** Straight edges in a row that are followed to what limits them: an inventory, and lanes behind it. */
const MOST_STEPS = 3;

/**
 * More units of the exact side than any sensible route takes (exact-in) or brings (exact-out): what the inventories, bridges
 * and pools at that end can do before the price of each has fallen to a millionth, or they end. A demand far beyond it costs
 * the solver its digits and gets nothing for them.
 */
export function mostServable({ model, network, sink, source }: CompiledModel): number {
  const { exactOut } = model;
  const { edgeCount, nodeIn, nodeOut, sources } = network;
  const [near, far] = exactOut ? [nodeOut, nodeIn] : [nodeIn, nodeOut];
  const [start, end] = exactOut ? [sink, source] : [source, sink];
  const beyond = (node: number, steps: number): number => {
    if (node === end || steps > MOST_STEPS) return Infinity;
    let total = 0;
    for (let e = 0; e < edgeCount; e++) {
      if (near[e] !== node) continue;
      const edge = sources[e]!;
      if (edge.kind === 'pool') total += exactOut ? paysAtMost(network, e) : takesAtMost(network, e);
      else if (edge.role.kind !== 'slack') {
        const there = beyond(far[e]!, steps + 1);
        const { capacity, price } = edge;
        total += exactOut ? Math.min(capacity, there) * price : Math.min(capacity, there / price);
      }
    }
    return total;
  };
  return beyond(start, 0);
}

function takesAtMost({ liquidity, phi, segStart, sqrtHigh, sqrtLow, straight }: Network, e: number): number {
  const first = segStart[e]!;
  let total = 0;
  for (let k = first; k < segStart[e + 1]!; k++) {
    if (straight[e] === 1) total += liquidity[k]!;
    else {
      const low = Math.max(sqrtLow[k]!, sqrtHigh[first]! * LOWEST_ROOT);
      if (low < sqrtHigh[k]!) total += (liquidity[k]! * (1 / low - 1 / sqrtHigh[k]!)) / phi[e]!;
    }
  }
  return total;
}

function paysAtMost({ liquidity, segStart, sqrtHigh, sqrtLow, straight }: Network, e: number): number {
  let total = 0;
  for (let k = segStart[e]!; k < segStart[e + 1]!; k++) {
    total += liquidity[k]! * (straight[e] === 1 ? sqrtHigh[k]! : sqrtHigh[k]! - sqrtLow[k]!);
  }
  return total;
}
