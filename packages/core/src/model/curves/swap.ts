import type { Curve } from '../curve.js';
import { concentratedExactIn, concentratedExactOut } from './concentrated.js';
import { constantProductExactIn, constantProductExactOut } from './constant-product.js';
import { ladderExactIn, ladderExactOut } from './ladder.js';
import { levelsExactIn, levelsExactOut } from './levels.js';
import { stableSwapExactIn, stableSwapExactOut } from './stable-swap.js';
import { assertAmount, type SwapResult } from './swap-result.js';

/**
 * Replays a swap of `amountIn` atoms of the pool's token `tokenInIndex`, to the atom as the pool itself would do it.
 * Pure: the curve is not changed, the result is frozen, and `after` is where the next swap continues.
 *
 * @param amountIn Atoms, fee included, zero or more.
 * @returns `amountInUsed` is less than `amountIn` only where the known range of the curve ends.
 * @throws InvalidInputError for a negative amount, CurveInconsistentError and StableSwapDivergedError for a state in which
 *   no pool can be.
 * @example
 * ```ts
 * const pool = { kind: 'constant-product', reserves: [1_000_000n, 1_000_000n], feePpm: 3000 } as const
 * swapExactIn(pool, 0, 1000n).amountOut // 996n
 * ```
 */
export function swapExactIn(curve: Curve, tokenInIndex: 0 | 1, amountIn: bigint): SwapResult {
  assertAmount(amountIn, 'amountIn');
  switch (curve.kind) {
    case 'constant-product':
      return constantProductExactIn(curve, tokenInIndex, amountIn);
    case 'concentrated':
      return concentratedExactIn(curve, tokenInIndex, amountIn);
    case 'stable-swap':
      return stableSwapExactIn(curve, tokenInIndex, amountIn);
    case 'levels':
      return levelsExactIn(curve, tokenInIndex, amountIn);
    case 'ladder':
      return ladderExactIn(curve, tokenInIndex, amountIn);
  }
}

/**
 * Replays the swap that pays `amountOut` atoms for an input of the pool's token `tokenInIndex`.
 *
 * @param amountOut Atoms to be received, zero or more.
 * @returns `amountInUsed` is the input that it takes; `amountOut` is less than asked for only where the known range of
 *   the curve, or the pool itself, ends.
 * @throws InvalidInputError for a negative amount, CurveInconsistentError and StableSwapDivergedError for a state in which
 *   no pool can be.
 * @example
 * ```ts
 * const pool = { kind: 'constant-product', reserves: [1_000_000n, 1_000_000n], feePpm: 3000 } as const
 * swapExactOut(pool, 0, 996n).amountInUsed // 1000n
 * ```
 */
export function swapExactOut(curve: Curve, tokenInIndex: 0 | 1, amountOut: bigint): SwapResult {
  assertAmount(amountOut, 'amountOut');
  switch (curve.kind) {
    case 'constant-product':
      return constantProductExactOut(curve, tokenInIndex, amountOut);
    case 'concentrated':
      return concentratedExactOut(curve, tokenInIndex, amountOut);
    case 'stable-swap':
      return stableSwapExactOut(curve, tokenInIndex, amountOut);
    case 'levels':
      return levelsExactOut(curve, tokenInIndex, amountOut);
    case 'ladder':
      return ladderExactOut(curve, tokenInIndex, amountOut);
  }
}
