import type { DualWorkspace } from './workspace.js';

/**
 * An edge whose further segments cost `tickCost` each: every segment is an arc of its own, switched on as a relaxed edge
 * is, except those that must be reached. The gain is exact, the most over all depths.
 */
export function crossTicks(w: DualWorkspace, e: number, qi: number, qo: number, c: number): void {
  const { leastCrossed, mostCrossed, network, switchWidth, edgeSum } = w;
  const { liquidity, segStart, sqrtHigh, sqrtLow, tickCost } = network;
  const first = segStart[e]!;
  const end = segStart[e + 1]!;
  const least = leastCrossed[e]!;
  const most = mostCrossed[e]!;
  const price = tickCost[e]!;
  const width = price * switchWidth;
  let x = 0;
  let y = 0;
  let smooth = 0;
  let run = 0;
  let gain = 0;
  let hii = 0;
  let hio = 0;
  let hoo = 0;
  let deepest = 0;
  let doubt = 0;
  let doubtful = 0;
  for (let j = 0; first + j < end && j <= most; j++) {
    const k = first + j;
    const high = sqrtHigh[k]!;
    const isReached = qo * high > qi * c;
    if (!isReached && j > least) break;
    const extra = j === 0 ? 0 : price;
    if (!isReached) {
      run -= extra;
      smooth -= extra;
      gain = run;
      deepest = j;
      continue;
    }
    const l = liquidity[k]!;
    const low = sqrtLow[k]!;
    let dx: number;
    let dy: number;
    let won: number;
    let ii: number;
    let io = 0;
    let oo: number;
    if (qo * low < qi * c) {
      const t = high * qo - c * qi;
      dx = (l * c * t) / (qi * high);
      dy = (l * t) / qo;
      won = (l / high) * t * t;
      ii = (l * c * c) / high;
      io = -l * c;
      oo = l * high;
    } else {
      dx = l * (1 / low - 1 / high) * c * c;
      dy = l * (high - low);
      won = qo * qo * dy - qi * qi * dx;
      ii = -dx;
      oo = dy;
    }
    run += won - extra;
    if (j <= least) gain = run;
    else if (run > gain) gain = run;
    let h = 1;
    if (j <= least) smooth += won - extra;
    else {
      const excess = won - extra + width / 2;
      const sure = excess / width;
      if (excess <= 0) continue;
      if (sure < 1) {
        h = sure;
        if (price * Math.min(h, 1 - h) > doubt) {
          doubt = price * Math.min(h, 1 - h);
          doubtful = j;
        }
        smooth += (excess * excess) / (2 * width);
        const gi = qi * dx;
        const go = qo * dy;
        ii = ii * h + (2 * gi * gi) / width;
        io = io * h - (2 * gi * go) / width;
        oo = oo * h + (2 * go * go) / width;
      } else smooth += excess - width / 2;
    }
    if (h > 0.5) deepest = j;
    x += dx * h;
    y += dy * h;
    hii += ii;
    hio += io;
    hoo += oo;
  }
  w.crossed[e] = deepest;
  w.doubtful[e] = doubtful;
  w.tickDoubt[e] = doubt;
  edgeSum[0] = x;
  edgeSum[1] = y;
  edgeSum[2] = gain;
  edgeSum[3] = smooth;
  edgeSum[4] = hii;
  edgeSum[5] = hio;
  edgeSum[6] = hoo;
}
