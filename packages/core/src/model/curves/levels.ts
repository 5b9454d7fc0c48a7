import type { BookLevel, LevelsCurve } from '../curve.js';
import { divideRoundingUp, noSwap, swapResult, type SwapResult } from './swap-result.js';

/** What walking a book takes from it. */
export interface BookWalk {
  readonly amountIn: bigint;
  readonly amountOut: bigint;
  readonly emptied: number;
  readonly rest: readonly BookLevel[];
}

/** Walks levels, best first, spending at most `amountIn`. A part of a level pays pro rata, rounded down. */
export function walkExactIn(levels: readonly BookLevel[], amountIn: bigint): BookWalk {
  return walk(levels, amountIn, (level, left) => {
    const part = left < level.amountIn ? left : level.amountIn;
    return { amountIn: part, amountOut: (level.amountOut * part) / level.amountIn, spent: part };
  });
}

/** Walks levels, best first, until `amountOut` is received. A part of a level costs pro rata, rounded up. */
export function walkExactOut(levels: readonly BookLevel[], amountOut: bigint): BookWalk {
  return walk(levels, amountOut, (level, left) => {
    const part = left < level.amountOut ? left : level.amountOut;
    return { amountIn: divideRoundingUp(level.amountIn * part, level.amountOut), amountOut: part, spent: part };
  });
}

/** Exact-in replay of order-book levels. The direction that the book does not serve has nothing to give. */
export function levelsExactIn(curve: LevelsCurve, tokenInIndex: 0 | 1, amountIn: bigint): SwapResult<LevelsCurve> {
  return tokenInIndex === curve.tokenInIndex ? settled(curve, walkExactIn(curve.levels, amountIn)) : noSwap(curve);
}

/** Exact-out replay of order-book levels. */
export function levelsExactOut(curve: LevelsCurve, tokenInIndex: 0 | 1, amountOut: bigint): SwapResult<LevelsCurve> {
  return tokenInIndex === curve.tokenInIndex ? settled(curve, walkExactOut(curve.levels, amountOut)) : noSwap(curve);
}

function settled(curve: LevelsCurve, { amountIn, amountOut, emptied, rest }: BookWalk): SwapResult<LevelsCurve> {
  return swapResult(amountIn, amountOut, emptied, Object.freeze({ ...curve, levels: rest }));
}

function walk(
  levels: readonly BookLevel[],
  amount: bigint,
  take: (level: BookLevel, left: bigint) => { amountIn: bigint; amountOut: bigint; spent: bigint },
): BookWalk {
  let left = amount;
  let amountIn = 0n;
  let amountOut = 0n;
  for (const [index, level] of levels.entries()) {
    if (left === 0n) return { amountIn, amountOut, emptied: index, rest: Object.freeze(levels.slice(index)) };
    // A level that takes or gives nothing is no offer.
    if (level.amountIn <= 0n || level.amountOut <= 0n) continue;
    const taken = take(level, left);
    amountIn += taken.amountIn;
    amountOut += taken.amountOut;
    left -= taken.spent;
    const rest = { amountIn: level.amountIn - taken.amountIn, amountOut: level.amountOut - taken.amountOut };
    if (rest.amountIn > 0n && rest.amountOut > 0n) {
      const remaining = Object.freeze([Object.freeze(rest), ...levels.slice(index + 1)]);
      return { amountIn, amountOut, emptied: index, rest: remaining };
    }
  }
  return { amountIn, amountOut, emptied: levels.length, rest: Object.freeze([]) };
}
