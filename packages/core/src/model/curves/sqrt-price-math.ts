import { divideRoundingUp } from './swap-result.js';

const UINT256_RANGE = 1n << 256n;

/*
 * Amounts and prices of one stretch of constant liquidity, rounded as SqrtPriceMath of Uniswap V3 and V4 does it: always
 * in favour of the pool (Adams et al. 2021, "Uniswap v3 Core", §6.2.3, equations 6.13 to 6.16).
 */

/** Atoms of token 0 between two prices: L·(√b − √a) / (√a·√b). Any order of the two. */
export function amount0Delta(sqrtA: bigint, sqrtB: bigint, liquidity: bigint, roundUp: boolean): bigint {
  const [low, high] = sqrtA < sqrtB ? [sqrtA, sqrtB] : [sqrtB, sqrtA];
  const scaled = (liquidity << 96n) * (high - low);
  return roundUp ? divideRoundingUp(divideRoundingUp(scaled, high), low) : scaled / high / low;
}

/** Atoms of token 1 between two prices: L·(√b − √a). Any order of the two. */
export function amount1Delta(sqrtA: bigint, sqrtB: bigint, liquidity: bigint, roundUp: boolean): bigint {
  const scaled = liquidity * (sqrtA < sqrtB ? sqrtB - sqrtA : sqrtA - sqrtB);
  return roundUp ? -(-scaled >> 96n) : scaled >> 96n;
}

/** The price after `amountIn` atoms, net of the fee, went in. */
export function nextSqrtPriceFromInput(
  sqrtPriceX96: bigint,
  liquidity: bigint,
  amountIn: bigint,
  tokenInIndex: 0 | 1,
): bigint {
  if (tokenInIndex === 1) return sqrtPriceX96 + (amountIn << 96n) / liquidity;
  if (amountIn === 0n) return sqrtPriceX96;
  const numerator = liquidity << 96n;
  const product = amountIn * sqrtPriceX96;
  const denominator = numerator + product;
  // Where 256 bits would overflow the contract falls back to a less precise quotient, and so does the replay.
  if (product >= UINT256_RANGE || denominator >= UINT256_RANGE) {
    return divideRoundingUp(numerator, numerator / sqrtPriceX96 + amountIn);
  }
  return divideRoundingUp(numerator * sqrtPriceX96, denominator);
}

/** The price after `amountOut` atoms came out. The stretch must hold more than that. */
export function nextSqrtPriceFromOutput(
  sqrtPriceX96: bigint,
  liquidity: bigint,
  amountOut: bigint,
  tokenInIndex: 0 | 1,
): bigint {
  if (tokenInIndex === 0) return sqrtPriceX96 - divideRoundingUp(amountOut << 96n, liquidity);
  const numerator = liquidity << 96n;
  return divideRoundingUp(numerator * sqrtPriceX96, numerator - amountOut * sqrtPriceX96);
}
