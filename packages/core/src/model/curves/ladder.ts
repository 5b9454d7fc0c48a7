import type { BookLevel, LadderCurve } from '../curve.js';
import { type BookWalk, walkExactIn, walkExactOut } from './levels.js';
import { noSwap, swapResult, type SwapResult } from './swap-result.js';

/**
 * Exact-in replay of sampled quotes: a straight line between two samples, and from nothing to the first. Of a concave
 * offer that promises at most what the venue would; nothing is known beyond the last sample.
 */
export function ladderExactIn(curve: LadderCurve, tokenInIndex: 0 | 1, amountIn: bigint): SwapResult<LadderCurve> {
  return tokenInIndex === curve.tokenInIndex ? settled(curve, walkExactIn(rungs(curve), amountIn)) : noSwap(curve);
}

/** Exact-out replay of sampled quotes. */
export function ladderExactOut(curve: LadderCurve, tokenInIndex: 0 | 1, amountOut: bigint): SwapResult<LadderCurve> {
  return tokenInIndex === curve.tokenInIndex ? settled(curve, walkExactOut(rungs(curve), amountOut)) : noSwap(curve);
}

/** Cumulative samples as increments, up to the first sample that does not ascend: behind it nothing is trusted. */
function rungs(curve: LadderCurve): readonly BookLevel[] {
  const increments: BookLevel[] = [];
  let before: BookLevel = { amountIn: 0n, amountOut: 0n };
  for (const point of curve.points) {
    if (point.amountIn <= before.amountIn || point.amountOut <= before.amountOut) break;
    increments.push({
      amountIn: point.amountIn - before.amountIn,
      amountOut: point.amountOut - before.amountOut,
    });
    before = point;
  }
  return increments;
}

function settled(curve: LadderCurve, walk: BookWalk): SwapResult<LadderCurve> {
  let total: BookLevel = { amountIn: 0n, amountOut: 0n };
  const points = walk.rest.map(({ amountIn, amountOut }) => {
    total = Object.freeze({ amountIn: total.amountIn + amountIn, amountOut: total.amountOut + amountOut });
    return total;
  });
  const after = Object.freeze({ ...curve, points: Object.freeze(points) });
  return swapResult(walk.amountIn, walk.amountOut, 0, after);
}
