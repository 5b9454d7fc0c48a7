import type { BookLevel, ConcentratedCurve, Curve } from '../model/curve.js';
import { MAX_SQRT_RATIO, MIN_SQRT_RATIO, sqrtRatioAtTick } from '../model/curves/tick-math.js';

/** What is wrong with a curve: a stable code and the sentence's predicate ("has a reserve of zero"). */
export interface CurveProblem {
  readonly code: 'RESERVES' | 'FEE' | 'TICKS' | 'LIQUIDITY' | 'PRICE' | 'LEVELS' | 'AMPLIFICATION';
  readonly problem: string;
}

const MAX_UINT128 = 2n ** 128n - 1n;

/**
 * Whether a curve can be the state of a working pool. Curves are claims by strangers: whatever passes here can be
 * replayed without a division by zero, an endless loop or a negative amount.
 *
 * @returns Undefined when nothing is wrong.
 */
export function checkCurve(curve: Curve): CurveProblem | undefined {
  switch (curve.kind) {
    case 'constant-product':
      return checkReserves(curve.reserves) ?? checkFee(curve.feePpm);
    case 'concentrated':
      return (
        checkFee(curve.feePpm) ??
        (curve.feePpmToken1In === undefined ? undefined : checkFee(curve.feePpmToken1In)) ??
        checkTicks(curve) ??
        checkPrice(curve) ??
        checkLiquidity(curve)
      );
    case 'stable-swap':
      if (curve.amplification <= 0n) {
        return { code: 'AMPLIFICATION', problem: `has the amplification ${curve.amplification}` };
      }
      return checkReserves(curve.balances) ?? checkReserves(curve.rates) ?? checkFee(curve.feePpm);
    case 'levels':
      return checkLevels(curve.levels) ?? checkFalling(curve.levels);
    case 'ladder':
      return checkLevels(curve.points) ?? checkAscending(curve.points);
  }
}

function checkReserves(reserves: readonly [bigint, bigint]): CurveProblem | undefined {
  if (reserves[0] <= 0n || reserves[1] <= 0n)
    return { code: 'RESERVES', problem: 'has a reserve that is not positive' };
  if (reserves[0] > MAX_UINT128 || reserves[1] > MAX_UINT128) {
    return { code: 'RESERVES', problem: 'has a reserve above 2^128' };
  }
  return undefined;
}

function checkFee(feePpm: number): CurveProblem | undefined {
  if (Number.isInteger(feePpm) && feePpm >= 0 && feePpm < 1_000_000) return undefined;
  return { code: 'FEE', problem: `has a fee of ${feePpm} ppm, not a whole number below a million` };
}

function checkTicks({ tick, ticks, tickRange, tickSpacing }: ConcentratedCurve): CurveProblem | undefined {
  if (![tick, tickRange.low, tickRange.high, tickSpacing].every(Number.isSafeInteger) || tickSpacing <= 0) {
    return { code: 'TICKS', problem: 'has a tick, range or spacing that is not whole' };
  }
  if (tickRange.low > tick || tickRange.high < tick) {
    return { code: 'TICKS', problem: 'has its tick outside of the range that was read' };
  }
  for (let i = 0; i < ticks.length; i++) {
    const { index } = ticks[i]!;
    if (!Number.isSafeInteger(index) || index % tickSpacing !== 0) {
      return { code: 'TICKS', problem: `has a tick at ${index}, off its spacing of ${tickSpacing}` };
    }
    if (i > 0 && index <= ticks[i - 1]!.index) return { code: 'TICKS', problem: 'has ticks that do not ascend' };
    if (index < tickRange.low || index > tickRange.high) {
      return { code: 'TICKS', problem: `has a tick at ${index}, outside of the range that was read` };
    }
  }
  return undefined;
}

function checkPrice({ sqrtPriceX96, tick }: ConcentratedCurve): CurveProblem | undefined {
  if (sqrtPriceX96 < MIN_SQRT_RATIO || sqrtPriceX96 >= MAX_SQRT_RATIO) {
    return { code: 'PRICE', problem: 'has a price outside of what a pool can have' };
  }
  const low = sqrtRatioAtTick(tick);
  // A pool that has just crossed downwards onto a tick says the tick below.
  if (sqrtPriceX96 < low || sqrtPriceX96 > sqrtRatioAtTick(tick + 1)) {
    return { code: 'PRICE', problem: `has a price that does not belong to its tick ${tick}` };
  }
  return undefined;
}

/** Walks both ways from the price: liquidity must stay non-negative wherever a swap can get. */
function checkLiquidity({ liquidity, tick, ticks }: ConcentratedCurve): CurveProblem | undefined {
  const problem: CurveProblem = { code: 'LIQUIDITY', problem: 'has negative liquidity somewhere in its ticks' };
  if (liquidity < 0n || liquidity > MAX_UINT128) return problem;
  let active = liquidity;
  for (const { index, liquidityNet } of ticks) {
    if (index <= tick) continue;
    active += liquidityNet;
    if (active < 0n) return problem;
  }
  active = liquidity;
  for (let i = ticks.length - 1; i >= 0; i--) {
    const { index, liquidityNet } = ticks[i]!;
    if (index > tick) continue;
    active -= liquidityNet;
    if (active < 0n) return problem;
  }
  return undefined;
}

function checkLevels(levels: readonly BookLevel[]): CurveProblem | undefined {
  if (levels.every(({ amountIn, amountOut }) => amountIn > 0n && amountOut > 0n)) return undefined;
  return { code: 'LEVELS', problem: 'has a level whose amount is not positive' };
}

function checkFalling(levels: readonly BookLevel[]): CurveProblem | undefined {
  for (let i = 1; i < levels.length; i++) {
    const a = levels[i - 1]!;
    const b = levels[i]!;
    if (b.amountOut * a.amountIn > a.amountOut * b.amountIn) {
      return { code: 'LEVELS', problem: 'has levels that are not sorted best first' };
    }
  }
  return undefined;
}

function checkAscending(points: readonly BookLevel[]): CurveProblem | undefined {
  for (let i = 1; i < points.length; i++) {
    const a = points[i - 1]!;
    const b = points[i]!;
    if (b.amountIn <= a.amountIn || b.amountOut <= a.amountOut) {
      return { code: 'LEVELS', problem: 'has samples that do not ascend' };
    }
  }
  return undefined;
}
