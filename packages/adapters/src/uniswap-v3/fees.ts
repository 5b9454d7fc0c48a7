const UINT256 = 256;
const UINT128 = 128;

/** Fee growth of one token, as a pool holds it: per unit of liquidity, Q128.128, wrapping at 2^256. */
export interface FeeGrowth {
  readonly global: bigint;
  readonly outsideLower: bigint;
  readonly outsideUpper: bigint;
}

/**
 * Fee growth inside of a range since the pool began, wrapping (Adams et al. 2021, "Uniswap v3 Core", §6.3, equations
 * 6.17 to 6.19). Only differences of it mean something.
 */
export function feeGrowthInside(
  { global, outsideLower, outsideUpper }: FeeGrowth,
  tick: number,
  tickLower: number,
  tickUpper: number,
): bigint {
  const below = tick >= tickLower ? outsideLower : global - outsideLower;
  const above = tick < tickUpper ? outsideUpper : global - outsideUpper;
  return BigInt.asUintN(UINT256, global - below - above);
}

/** Fees that a position has earned since `insideLast`, atoms. */
export function feesEarned(inside: bigint, insideLast: bigint, liquidity: bigint): bigint {
  return BigInt.asUintN(UINT128, (BigInt.asUintN(UINT256, inside - insideLast) * liquidity) >> 128n);
}
