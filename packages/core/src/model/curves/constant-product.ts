import type { ConstantProductCurve } from '../curve.js';
import { noSwap, swapResult, type SwapResult } from './swap-result.js';

const PPM = 1_000_000n;

/**
 * Exact-in replay of x·y = k with the fee taken from the input, rounded as UniswapV2Library.getAmountOut (Uniswap v2
 * core whitepaper, Adams et al. 2020, §3.2.1): the output is rounded down, the fee stays in the pool.
 */
export function constantProductExactIn(
  curve: ConstantProductCurve,
  tokenInIndex: 0 | 1,
  amountIn: bigint,
): SwapResult<ConstantProductCurve> {
  const [reserveIn, reserveOut] = oriented(curve, tokenInIndex);
  if (amountIn === 0n || reserveIn === 0n || reserveOut === 0n) return noSwap(curve);
  const amountInAfterFee = amountIn * (PPM - BigInt(curve.feePpm));
  const amountOut = (amountInAfterFee * reserveOut) / (reserveIn * PPM + amountInAfterFee);
  return moved(curve, tokenInIndex, amountIn, amountOut);
}

/**
 * Exact-out replay, rounded as UniswapV2Library.getAmountIn. A pool never pays out its whole reserve: whoever asks for
 * that much is answered with one atom less than the reserve.
 */
export function constantProductExactOut(
  curve: ConstantProductCurve,
  tokenInIndex: 0 | 1,
  amountOutWanted: bigint,
): SwapResult<ConstantProductCurve> {
  const [reserveIn, reserveOut] = oriented(curve, tokenInIndex);
  const amountOut = amountOutWanted < reserveOut ? amountOutWanted : reserveOut - 1n;
  if (amountOut <= 0n || reserveIn === 0n || curve.feePpm >= Number(PPM)) return noSwap(curve);
  const afterFee = PPM - BigInt(curve.feePpm);
  const amountIn = (reserveIn * amountOut * PPM) / ((reserveOut - amountOut) * afterFee) + 1n;
  return moved(curve, tokenInIndex, amountIn, amountOut);
}

function oriented(curve: ConstantProductCurve, tokenInIndex: 0 | 1): readonly [bigint, bigint] {
  const [reserve0, reserve1] = curve.reserves;
  return tokenInIndex === 0 ? [reserve0, reserve1] : [reserve1, reserve0];
}

function moved(
  curve: ConstantProductCurve,
  tokenInIndex: 0 | 1,
  amountIn: bigint,
  amountOut: bigint,
): SwapResult<ConstantProductCurve> {
  const [reserve0, reserve1] = curve.reserves;
  const reserves: readonly [bigint, bigint] =
    tokenInIndex === 0 ? [reserve0 + amountIn, reserve1 - amountOut] : [reserve0 - amountOut, reserve1 + amountIn];
  return swapResult(
    amountIn,
    amountOut,
    0,
    Object.freeze({ kind: curve.kind, reserves: Object.freeze(reserves), feePpm: curve.feePpm }),
  );
}
