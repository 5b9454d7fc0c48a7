import { type Network, spotRate } from './network.js';

const MAX_ROUNDS = 8;

/**
 * Prices to start the dual from: what one unit of each node's token fetches at the sink by the best rates at zero size
 * (or, exact-out, costs from the source). Each price is that of a way without circles, so that
 * inconsistent rates cannot run away.
 *
 * @param shade Relative loss an edge, so that a solver starts where edges carry something and so have curvature.
 * @returns For each node the edge that gave it its price, −1 where there is none: it cannot be reached.
 */
export function initialPrices(
  network: Network,
  pinned: number,
  exactOut: boolean,
  price: Float64Array,
  shade: number = 0,
): Int32Array {
  const { edgeCount, nodeIn, nodeOut, unitCost } = network;
  const through = new Int32Array(network.nodeCount).fill(-1);
  price.fill(0);
  price[pinned] = 1;
  /** Whether the way that gives node `at` its price leads over `node`. */
  const leadsOver = (at: number, node: number): boolean => {
    for (let n = at; ;) {
      if (n === node) return true;
      const e = through[n]!;
      if (e < 0) return false;
      n = exactOut ? nodeIn[e]! : nodeOut[e]!;
    }
  };
  for (let round = 0, changed = true; changed && round < MAX_ROUNDS; round++) {
    changed = false;
    for (let e = 0; e < edgeCount; e++) {
      const rate = spotRate(network, e);
      if (rate === 0) continue;
      const a = nodeIn[e]!;
      const b = nodeOut[e]!;
      if (exactOut) {
        if (price[a] === 0 || b === pinned) continue;
        const cost = ((price[a]! + unitCost[e]!) / rate) * (1 + shade);
        if (price[b] !== 0 && (cost >= price[b]! * (1 - 1e-12) || leadsOver(a, b))) continue;
        price[b] = cost;
        through[b] = e;
      } else {
        if (price[b] === 0 || a === pinned) continue;
        const worth = rate * price[b]! * (1 - shade) - unitCost[e]!;
        if (worth <= price[a]! * (1 + 1e-12) || (price[a] !== 0 && leadsOver(b, a))) continue;
        price[a] = worth;
        through[a] = e;
      }
      changed = true;
    }
  }
  for (let n = 0; n < price.length; n++) if (!(price[n]! > 0)) price[n] = 1e-12;
  return through;
}
