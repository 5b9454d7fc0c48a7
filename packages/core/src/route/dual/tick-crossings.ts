import type { DualWorkspace } from './workspace.js';

/**
 * An edge whose further segments cost `tickCost` each: every segment is an arc of its own, switched on as a relaxed edge
 * is, except those that must be reached. One that does not pay for its tick is switched on together with those behind it
 * that make up for it, as nobody can pass it by. The gain is exact, the most over all depths.
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
  // What is not switched on yet: its excess, flows and second derivatives.
  let excess = width / 2;
  let ticks = 0;
  let dx = 0;
  let dy = 0;
  let ii = 0;
  let io = 0;
  let oo = 0;
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
    let won: number;
    if (qo * low < qi * c) {
      const t = high * qo - c * qi;
      dx += (l * c * t) / (qi * high);
      dy += (l * t) / qo;
      won = (l / high) * t * t;
      ii += (l * c * c) / high;
      io -= l * c;
      oo += l * high;
    } else {
      const soldOut = l * (1 / low - 1 / high) * c * c;
      const bought = l * (high - low);
      dx += soldOut;
      dy += bought;
      won = qo * qo * bought - qi * qi * soldOut;
      ii -= soldOut;
      oo += bought;
    }
    won -= extra;
    run += won;
    excess += won;
    ticks++;
    let h = 1;
    if (j <= least || run > gain) gain = run;
    if (j <= least) smooth += won;
    else {
      if (excess <= 0) continue;
      if (excess < width) {
        h = excess / width;
        const open = ticks * price * Math.min(h, 1 - h);
        if (open > doubt) {
          doubt = open;
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
    excess = width / 2;
    ticks = 0;
    dx = dy = ii = io = oo = 0;
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
