import type { ConcentratedCurve } from '../curve.js';
import {
  clamp,
  computeSwapStep,
  CurveInconsistentError,
  endOfWord,
  feePpmOf,
  knowsItsPrice,
  lastAtOrBelow,
  sqrtLimitAt,
} from './concentrated.js';
import { MAX_TICK, MIN_TICK, sqrtRatioAtTick } from './tick-math.js';

const PPM = 1_000_000n;

/** What an exact-in swap from the curve's own state moves; the state after it is not computed. */
export interface SteppedSwap {
  readonly amountInUsed: bigint;
  readonly amountOut: bigint;
  readonly ticksCrossed: number;
}

/** One step that is walked to its end, with what all steps before it moved. */
interface WholeStep {
  readonly sqrtStart: bigint;
  readonly sqrtTarget: bigint;
  readonly liquidity: bigint;
  /** Without the fee. */
  readonly amountIn: bigint;
  readonly usedBefore: bigint;
  readonly outBefore: bigint;
  readonly crossedBefore: number;
}

/**
 * The same as `concentratedExactIn`, to the atom, for many swaps from one state: steps between prices are the same in each
 * of them up to the last, so that they are computed once, and only as far as any swap has come.
 *
 * @throws CurveInconsistentError when called, as `concentratedExactIn`.
 */
export function prepareConcentratedExactIn(
  curve: ConcentratedCurve,
  tokenInIndex: 0 | 1,
): (amountIn: bigint) => SteppedSwap {
  const feePpm = BigInt(feePpmOf(curve, tokenInIndex));
  if (feePpm >= PPM || !knowsItsPrice(curve)) return () => ({ amountInUsed: 0n, amountOut: 0n, ticksCrossed: 0 });
  const keep = PPM - feePpm;
  const down = tokenInIndex === 0;
  const rangeEnd = down ? Math.max(curve.tickRange.low, MIN_TICK) : Math.min(curve.tickRange.high, MAX_TICK);
  const sqrtLimit = sqrtLimitAt(rangeEnd, down);
  const steps: WholeStep[] = [];
  let { liquidity, sqrtPriceX96, tick } = curve;
  let nextIndex = down ? lastAtOrBelow(curve.ticks, tick) : lastAtOrBelow(curve.ticks, tick) + 1;
  let used = 0n;
  let out = 0n;
  let crossed = 0;

  const stepAt = (i: number): WholeStep | undefined => {
    while (steps.length <= i && (down ? sqrtPriceX96 > sqrtLimit : sqrtPriceX96 < sqrtLimit)) addStep();
    return steps[i];
  };
  const addStep = (): void => {
    const candidate = curve.ticks[nextIndex];
    const wordEnd = clamp(endOfWord(tick, curve.tickSpacing, down), rangeEnd, down);
    const initialized = candidate !== undefined && (down ? candidate.index >= wordEnd : candidate.index <= wordEnd);
    const targetTick = initialized ? candidate.index : wordEnd;
    const sqrtTickX96 = sqrtRatioAtTick(targetTick);
    const sqrtTarget = (down ? sqrtTickX96 < sqrtLimit : sqrtTickX96 > sqrtLimit) ? sqrtLimit : sqrtTickX96;
    if ((down ? sqrtTarget > sqrtPriceX96 : sqrtTarget < sqrtPriceX96) || liquidity < 0n) {
      throw new CurveInconsistentError(curve);
    }
    // More than any step can take, so that it is walked to its end.
    const whole = computeSwapStep(sqrtPriceX96, sqrtTarget, liquidity, ENDLESS, feePpm, true);
    steps.push({
      sqrtStart: sqrtPriceX96,
      sqrtTarget,
      liquidity,
      amountIn: whole.amountIn,
      usedBefore: used,
      outBefore: out,
      crossedBefore: crossed,
    });
    used += whole.amountIn + whole.fee;
    out += whole.amountOut;
    sqrtPriceX96 = sqrtTarget;
    if (sqrtTarget === sqrtTickX96) {
      if (initialized) {
        liquidity += down ? -candidate.liquidityNet : candidate.liquidityNet;
        nextIndex += down ? -1 : 1;
        crossed++;
      }
      tick = down ? targetTick - 1 : targetTick;
    }
  };

  return (amount) => {
    for (let i = 0; ; i++) {
      const step = stepAt(i);
      if (step === undefined) return { amountInUsed: used, amountOut: out, ticksCrossed: crossed };
      const { crossedBefore, outBefore, usedBefore } = step;
      const remaining = amount - usedBefore;
      if (remaining === 0n) return { amountInUsed: usedBefore, amountOut: outBefore, ticksCrossed: crossedBefore };
      if ((remaining * keep) / PPM >= step.amountIn) continue;
      const last = computeSwapStep(step.sqrtStart, step.sqrtTarget, step.liquidity, remaining, feePpm, true);
      const amountInUsed = usedBefore + last.amountIn + last.fee;
      return { amountInUsed, amountOut: outBefore + last.amountOut, ticksCrossed: crossedBefore };
    }
  };
}

const ENDLESS = 2n ** 255n;
