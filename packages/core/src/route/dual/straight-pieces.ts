import { type DualWorkspace, EDGE_RELAXED } from './workspace.js';

/**
 * An edge of straight pieces, each of which takes a share of its room: the share s that makes
 * room·(s·d − width·(s − centre)²/2) greatest, where d is what it earns per unit of input. At s = centre that is what the
 * piece really earns, so that the bend vanishes as the centres settle. Where the edge is relaxed and has one piece, its
 * cost counts in proportion to s, which is the convex hull of paying all of it or nothing. The gain is exact, and
 * without that cost. Leaves its sums in `edgeSum`.
 */
export function takeStraight(w: DualWorkspace, e: number, qi: number, qo: number): void {
  const { arcs, cost, edgeSum, mode, network } = w;
  const { centre, share, width: widths } = arcs;
  const { liquidity, segStart, sqrtHigh, unitCost } = network;
  const first = segStart[e]!;
  const end = segStart[e + 1]!;
  const isLump = mode[e] === EDGE_RELAXED && end - first === 1;
  const lump = isLump ? cost[e]! / liquidity[first]! : 0;
  const width = widths[e]!;
  const vi = qi * qi + unitCost[e]!;
  const vo = qo * qo;
  let x = 0;
  let y = 0;
  let gain = 0;
  let smooth = 0;
  let hii = 0;
  let hio = 0;
  let hoo = 0;
  for (let k = first; k < end; k++) {
    const rate = sqrtHigh[k]!;
    const room = liquidity[k]!;
    const earned = rate * vo - vi;
    if (earned > 0) gain += room * earned;
    const before = centre[k]!;
    const wanted = (earned - lump) / width + before;
    smooth -= (room * width * before * before) / 2;
    if (wanted <= 0) {
      share[k] = 0;
      continue;
    }
    if (wanted < 1) {
      share[k] = wanted;
      const part = room * wanted;
      smooth += (part * wanted * width) / 2;
      const slope = (2 * room) / width;
      hii += slope * qi * qi;
      hio -= slope * rate * qi * qo;
      hoo += slope * rate * rate * vo;
      x += part;
      y += part * rate;
    } else {
      share[k] = 1;
      smooth += room * width * (wanted - 0.5);
      x += room;
      y += room * rate;
    }
  }
  edgeSum[0] = x;
  edgeSum[1] = y;
  edgeSum[2] = gain;
  edgeSum[3] = smooth;
  edgeSum[4] = hii - x;
  edgeSum[5] = hio;
  edgeSum[6] = hoo + y;
}
