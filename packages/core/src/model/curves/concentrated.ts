import { EvenkeelError } from '@evenkeel/intents';
import type { ConcentratedCurve, TickLiquidity } from '../curve.js';
import { amount0Delta, amount1Delta, nextSqrtPriceFromInput, nextSqrtPriceFromOutput } from './sqrt-price-math.js';
import { divideRoundingUp, noSwap, swapResult, type SwapResult } from './swap-result.js';
import { MAX_SQRT_RATIO, MAX_TICK, MIN_SQRT_RATIO, MIN_TICK, sqrtRatioAtTick, tickAtSqrtRatio } from './tick-math.js';

const PPM = 1_000_000n;
/** The contracts look for the next tick in words of 256 tick spacings, and a step ends at the end of a word. */
const WORD_SHIFT = 8;
const WORD_LAST = 255;

/** Price, ticks and liquidity of a curve contradict each other, so that no pool can be in that state. */
export class CurveInconsistentError extends EvenkeelError {
  constructor({ liquidity, sqrtPriceX96, tick }: ConcentratedCurve) {
    super('CURVE_INCONSISTENT', `A concentrated-liquidity curve contradicts itself near tick ${tick}.`, {
      hint: 'Check its adapter: the tick must be that of the price, and ticks must ascend.',
      details: { tick, sqrtPriceX96: sqrtPriceX96.toString(), liquidity: liquidity.toString() },
    });
  }
}

/** What one step within constant liquidity moves, in atoms. */
export interface SwapStep {
  readonly sqrtPriceX96: bigint;
  /** Without the fee. */
  readonly amountIn: bigint;
  readonly amountOut: bigint;
  readonly fee: bigint;
}

/**
 * One step of a concentrated-liquidity swap towards `sqrtTargetX96`, to the atom as SwapMath.computeSwapStep of Uniswap
 * V3 and V4 (Adams et al. 2021, "Uniswap v3 Core", §6.2.3). `feePpm` must be less than 1,000,000.
 *
 * @param remaining Atoms still to be spent (exact-in) or to be received (exact-out).
 */
export function computeSwapStep(
  sqrtPriceX96: bigint,
  sqrtTargetX96: bigint,
  liquidity: bigint,
  remaining: bigint,
  feePpm: bigint,
  exactIn: boolean,
): SwapStep {
  const tokenInIndex = sqrtPriceX96 >= sqrtTargetX96 ? 0 : 1;
  const amountInTo = (sqrt: bigint): bigint =>
    tokenInIndex === 0
      ? amount0Delta(sqrt, sqrtPriceX96, liquidity, true)
      : amount1Delta(sqrtPriceX96, sqrt, liquidity, true);
  const amountOutTo = (sqrt: bigint): bigint =>
    tokenInIndex === 0
      ? amount1Delta(sqrt, sqrtPriceX96, liquidity, false)
      : amount0Delta(sqrtPriceX96, sqrt, liquidity, false);
  const feeOn = (amountIn: bigint): bigint => divideRoundingUp(amountIn * feePpm, PPM - feePpm);

  if (exactIn) {
    const spendable = (remaining * (PPM - feePpm)) / PPM;
    const amountInToTarget = amountInTo(sqrtTargetX96);
    if (spendable >= amountInToTarget) {
      return {
        sqrtPriceX96: sqrtTargetX96,
        amountIn: amountInToTarget,
        amountOut: amountOutTo(sqrtTargetX96),
        fee: feeOn(amountInToTarget),
      };
    }
    const next = nextSqrtPriceFromInput(sqrtPriceX96, liquidity, spendable, tokenInIndex);
    const amountIn = amountInTo(next);
    return { sqrtPriceX96: next, amountIn, amountOut: amountOutTo(next), fee: remaining - amountIn };
  }

  const amountOutToTarget = amountOutTo(sqrtTargetX96);
  const reached = remaining >= amountOutToTarget;
  const next = reached ? sqrtTargetX96 : nextSqrtPriceFromOutput(sqrtPriceX96, liquidity, remaining, tokenInIndex);
  const amountIn = amountInTo(next);
  return { sqrtPriceX96: next, amountIn, amountOut: reached ? amountOutToTarget : remaining, fee: feeOn(amountIn) };
}

/**
 * Exact-in replay of a Uniswap V3 or V4 pool without a price limit; stops where the known ticks end.
 * @throws CurveInconsistentError
 */
export function concentratedExactIn(
  curve: ConcentratedCurve,
  tokenInIndex: 0 | 1,
  amountIn: bigint,
): SwapResult<ConcentratedCurve> {
  return replay(curve, tokenInIndex, amountIn, true);
}

/**
 * Exact-out replay of a Uniswap V3 or V4 pool without a price limit; stops where the known ticks end.
 * @throws CurveInconsistentError
 */
export function concentratedExactOut(
  curve: ConcentratedCurve,
  tokenInIndex: 0 | 1,
  amountOut: bigint,
): SwapResult<ConcentratedCurve> {
  return replay(curve, tokenInIndex, amountOut, false);
}

/** Fee on the input for a direction, in parts per million. */
export function feePpmOf(curve: ConcentratedCurve, tokenInIndex: 0 | 1): number {
  return tokenInIndex === 1 ? (curve.feePpmToken1In ?? curve.feePpm) : curve.feePpm;
}

function replay(
  curve: ConcentratedCurve,
  tokenInIndex: 0 | 1,
  amount: bigint,
  exactIn: boolean,
): SwapResult<ConcentratedCurve> {
  const feePpm = BigInt(feePpmOf(curve, tokenInIndex));
  // A pool that keeps the whole input gives no liquidity.
  if (amount === 0n || feePpm >= PPM || !knowsItsPrice(curve)) return noSwap(curve);
  const down = tokenInIndex === 0;
  const rangeEnd = down ? Math.max(curve.tickRange.low, MIN_TICK) : Math.min(curve.tickRange.high, MAX_TICK);
  const sqrtLimit = sqrtLimitAt(rangeEnd, down);
  let { sqrtPriceX96, tick, liquidity } = curve;
  let nextIndex = down ? lastAtOrBelow(curve.ticks, tick) : lastAtOrBelow(curve.ticks, tick) + 1;
  let remaining = amount;
  let amountInUsed = 0n;
  let amountOut = 0n;
  let ticksCrossed = 0;

  while (remaining !== 0n && (down ? sqrtPriceX96 > sqrtLimit : sqrtPriceX96 < sqrtLimit)) {
    const candidate = curve.ticks[nextIndex];
    const wordEnd = clamp(endOfWord(tick, curve.tickSpacing, down), rangeEnd, down);
    const initialized = candidate !== undefined && (down ? candidate.index >= wordEnd : candidate.index <= wordEnd);
    const targetTick = initialized ? candidate.index : wordEnd;
    const sqrtTickX96 = sqrtRatioAtTick(targetTick);
    const sqrtTarget = (down ? sqrtTickX96 < sqrtLimit : sqrtTickX96 > sqrtLimit) ? sqrtLimit : sqrtTickX96;
    if ((down ? sqrtTarget > sqrtPriceX96 : sqrtTarget < sqrtPriceX96) || liquidity < 0n) {
      throw new CurveInconsistentError(curve);
    }
    const sqrtStart = sqrtPriceX96;
    const step = computeSwapStep(sqrtPriceX96, sqrtTarget, liquidity, remaining, feePpm, exactIn);

    sqrtPriceX96 = step.sqrtPriceX96;
    amountInUsed += step.amountIn + step.fee;
    amountOut += step.amountOut;
    remaining -= exactIn ? step.amountIn + step.fee : step.amountOut;
    if (sqrtPriceX96 === sqrtTickX96) {
      if (initialized) {
        liquidity += down ? -candidate.liquidityNet : candidate.liquidityNet;
        nextIndex += down ? -1 : 1;
        ticksCrossed++;
      }
      tick = down ? targetTick - 1 : targetTick;
    } else if (sqrtPriceX96 !== sqrtStart) {
      tick = tickAtSqrtRatio(sqrtPriceX96);
    }
  }
  return swapResult(amountInUsed, amountOut, ticksCrossed, Object.freeze({ ...curve, sqrtPriceX96, tick, liquidity }));
}

/** Whether the ticks around the current price were read; a swap down to the low end leaves the tick one below it. */
export function knowsItsPrice({ tick, tickRange, tickSpacing }: ConcentratedCurve): boolean {
  return tick >= tickRange.low - 1 && Math.floor(tick / tickSpacing) * tickSpacing <= tickRange.high;
}

/** The price at which a replay stops; the ends of the whole price range are exclusive, as in the contracts. */
export function sqrtLimitAt(tick: number, down: boolean): bigint {
  if (down && tick === MIN_TICK) return MIN_SQRT_RATIO + 1n;
  if (!down && tick === MAX_TICK) return MAX_SQRT_RATIO - 1n;
  return sqrtRatioAtTick(tick);
}

/** Where the search for the next initialised tick ends when its word has none (TickBitmap.nextInitializedTickWithinOneWord). */
export function endOfWord(tick: number, tickSpacing: number, down: boolean): number {
  const compressed = Math.floor(tick / tickSpacing);
  if (down) return ((compressed >> WORD_SHIFT) << WORD_SHIFT) * tickSpacing;
  return ((((compressed + 1) >> WORD_SHIFT) << WORD_SHIFT) + WORD_LAST) * tickSpacing;
}

export function clamp(tick: number, rangeEnd: number, down: boolean): number {
  return down ? Math.max(tick, rangeEnd) : Math.min(tick, rangeEnd);
}

/** Index of the last element whose tick is at most `tick`, or −1. */
export function lastAtOrBelow(ticks: readonly TickLiquidity[], tick: number): number {
  let low = 0;
  let high = ticks.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ticks[middle]!.index <= tick) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
