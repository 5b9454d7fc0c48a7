import { takeStraight } from './straight-pieces.js';
import { crossTicks } from './tick-crossings.js';
import { type DualWorkspace, EDGE_RELAXED } from './workspace.js';

/** g at `w.q`; leaves flows, profits, second derivatives and the gradient in ν (`imbalance`) behind. */
export function evaluate(w: DualWorkspace): void {
  const { active, arcs, cost, flowIn, flowOut, hessianIn, hessianMixed, hessianOut, imbalance, live, mode } = w;
  const { network, profit, q, supply, edgeSum, weight } = w;
  const { inBefore, liquidity, nodeIn, nodeOut, outBefore, segStart, sqrtHigh, sqrtLow, straight, tickCost } = network;
  const { inverseRootPhi, reach, share } = arcs;
  const { liveCount, switchWidth } = w;
  let value = 0;
  let bound = 0;
  let count = 0;
  for (let n = 0; n < supply.length; n++) {
    const s = supply[n]!;
    imbalance[n] = s;
    if (s !== 0) value += s * q[n]! * q[n]!;
  }
  bound = value;
  for (let i = 0; i < liveCount; i++) {
    const e = live[i]!;
    const a = nodeIn[e]!;
    const b = nodeOut[e]!;
    const qi = q[a]!;
    const qo = q[b]!;
    let x: number;
    let y: number;
    let gain: number;
    let smooth: number;
    let hii: number;
    let hio: number;
    let hoo: number;
    let h = 1;
    let charge = 0;
    let isSwitched = mode[e] === EDGE_RELAXED && cost[e]! > 0;
    if (straight[e] === 0) {
      if (qo * reach[e]! <= qi) {
        flowIn[e] = 0;
        flowOut[e] = 0;
        weight[e] = 0;
        profit[e] = 0;
        continue;
      }
      const c = inverseRootPhi[e]!;
      if (tickCost[e]! > 0) {
        crossTicks(w, e, qi, qo, c);
        x = edgeSum[0]!;
        y = edgeSum[1]!;
        gain = edgeSum[2]!;
        smooth = edgeSum[3]!;
        hii = edgeSum[4]!;
        hio = edgeSum[5]!;
        hoo = edgeSum[6]!;
      } else {
        let k = segStart[e]!;
        let end = segStart[e + 1]!;
        if (end - k > 1) {
          // The last segment that begins above the stopping price.
          const stop = (qi * c) / qo;
          while (end - k > 1) {
            const middle = (k + end) >> 1;
            if (sqrtHigh[middle]! > stop) k = middle;
            else end = middle;
          }
        }
        const high = sqrtHigh[k]!;
        const low = sqrtLow[k]!;
        const l = liquidity[k]!;
        const before = outBefore[k]!;
        const paid = inBefore[k]!;
        if (qo * low < qi * c) {
          const t = high * qo - c * qi;
          x = paid + (l * c * t) / (qi * high);
          y = before + (l * t) / qo;
          gain = (l / high) * t * t + qo * qo * before - qi * qi * paid;
          hii = (l * c * c) / high - paid;
          hio = -l * c;
          hoo = l * high + before;
        } else {
          x = paid + l * (1 / low - 1 / high) * c * c;
          y = before + l * (high - low);
          gain = qo * qo * y - qi * qi * x;
          hii = -x;
          hio = 0;
          hoo = y;
        }
        if (!(gain > 0)) gain = 0;
        smooth = gain;
      }
    } else {
      takeStraight(w, e, qi, qo);
      x = edgeSum[0]!;
      y = edgeSum[1]!;
      gain = edgeSum[2]!;
      smooth = edgeSum[3]!;
      hii = edgeSum[4]!;
      hio = edgeSum[5]!;
      hoo = edgeSum[6]!;
      if (isSwitched && segStart[e + 1]! - segStart[e]! === 1) {
        // The cost is in the price already, in proportion to the share that is taken.
        isSwitched = false;
        charge = gain < cost[e]! ? gain : cost[e]!;
        h = share[segStart[e]!]!;
      }
      if (x === 0) {
        flowIn[e] = 0;
        flowOut[e] = 0;
        weight[e] = 0;
        profit[e] = gain;
        if (!isSwitched) {
          value += smooth;
          bound += gain - charge;
        }
        continue;
      }
    }
    if (isSwitched) {
      if (gain > cost[e]!) bound += gain - cost[e]!;
      const width = cost[e]! * switchWidth;
      const excess = smooth - cost[e]! + width / 2;
      if (excess <= 0) {
        flowIn[e] = 0;
        flowOut[e] = 0;
        weight[e] = 0;
        profit[e] = gain;
        continue;
      }
      if (excess < width) {
        h = excess / width;
        value += (excess * excess) / (2 * width);
        // The gradient of the profit in q is (−2·q_in·x, 2·q_out·y); half of its square over the width bends g.
        const gi = qi * x;
        const go = qo * y;
        hii = hii * h + (2 * gi * gi) / width;
        hio = hio * h - (2 * gi * go) / width;
        hoo = hoo * h + (2 * go * go) / width;
        x *= h;
        y *= h;
      } else value += excess - width / 2;
    } else {
      value += smooth;
      bound += gain - charge;
    }
    weight[e] = h;
    profit[e] = gain;
    flowIn[e] = x;
    flowOut[e] = y;
    hessianIn[e] = hii;
    hessianMixed[e] = hio;
    hessianOut[e] = hoo;
    imbalance[a] = imbalance[a]! - x;
    imbalance[b] = imbalance[b]! + y;
    active[count++] = e;
  }
  w.evaluations++;
  w.activeCount = count;
  w.value = value;
  w.bound = bound;
}
