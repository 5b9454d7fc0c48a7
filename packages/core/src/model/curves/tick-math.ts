import { InvalidInputError } from '@evenkeel/intents';

/** The lowest and highest tick of Uniswap V3 and V4: prices from about 2^-128 to 2^128. */
export const MIN_TICK: number = -887_272;
export const MAX_TICK: number = 887_272;
/** `sqrtRatioAtTick(MIN_TICK)` and `sqrtRatioAtTick(MAX_TICK)`; a pool's price stays strictly between them. */
export const MIN_SQRT_RATIO: bigint = 4_295_128_739n;
export const MAX_SQRT_RATIO: bigint = 1_461_446_703_485_210_103_287_273_052_203_988_822_378_723_970_342n;

const MAX_UINT256 = (1n << 256n) - 1n;
const LOW_32_BITS = 0xffff_ffffn;
const Q128 = 1n << 128n;
const Q96_AS_NUMBER = 2 ** 96;
const LOG_SQRT_TICK_BASE = Math.log(1.0001) / 2;

/** 2^128 / √1.0001^(2^i) for each bit i of a tick, as the contracts hold them. */
const BIT_RATIOS: readonly bigint[] = [
  0xfffcb933bd6fad37aa2d162d1a594001n,
  0xfff97272373d413259a46990580e213an,
  0xfff2e50f5f656932ef12357cf3c7fdccn,
  0xffe5caca7e10e4e61c3624eaa0941cd0n,
  0xffcb9843d60f6159c9db58835c926644n,
  0xff973b41fa98c081472e6896dfb254c0n,
  0xff2ea16466c96a3843ec78b326b52861n,
  0xfe5dee046a99a2a811c461f1969c3053n,
  0xfcbe86c7900a88aedcffc83b479aa3a4n,
  0xf987a7253ac413176f2b074cf7815e54n,
  0xf3392b0822b70005940c7a398e4b70f3n,
  0xe7159475a2c29b7443b29c7fa6e889d9n,
  0xd097f3bdfd2022b8845ad8f792aa5825n,
  0xa9f746462d870fdf8a65dc1f90e061e5n,
  0x70d869a156d2a1b890bb3df62baf32f7n,
  0x31be135f97d08fd981231505542fcfa6n,
  0x9aa508b5b7a84e1c677de54f3e99bc9n,
  0x5d6af8dedb81196699c329225ee604n,
  0x2216e584f5fa1ea926041bedfe98n,
  0x48a170391f7dc42444e8fa2n,
];

/**
 * √(1.0001^tick) as a Q64.96 number, to the bit as TickMath of Uniswap V3 and V4 computes it (Adams et al. 2021,
 * "Uniswap v3 Core", §6.1).
 *
 * @throws InvalidInputError for a tick that is no integer between MIN_TICK and MAX_TICK.
 * @example
 * ```ts
 * sqrtRatioAtTick(0) // 79228162514264337593543950336n, that is 2^96
 * ```
 */
export function sqrtRatioAtTick(tick: number): bigint {
  if (!Number.isInteger(tick) || tick < MIN_TICK || tick > MAX_TICK) {
    throw new InvalidInputError('tick', tick, 'is not a tick', `Give an integer from ${MIN_TICK} to ${MAX_TICK}.`);
  }
  let ratio = Q128;
  for (let bits = Math.abs(tick), i = 0; bits !== 0; bits >>>= 1, i++) {
    if ((bits & 1) === 1) ratio = i === 0 ? BIT_RATIOS[0]! : (ratio * BIT_RATIOS[i]!) >> 128n;
  }
  if (tick > 0) ratio = MAX_UINT256 / ratio;
  return (ratio >> 32n) + ((ratio & LOW_32_BITS) === 0n ? 0n : 1n);
}

/**
 * The greatest tick whose ratio is at most `sqrtPriceX96`. A floating-point guess, corrected with exact ratios, so that
 * the answer does not depend on how the platform rounds a logarithm.
 *
 * @throws InvalidInputError for a price outside of [MIN_SQRT_RATIO, MAX_SQRT_RATIO).
 */
export function tickAtSqrtRatio(sqrtPriceX96: bigint): number {
  if (sqrtPriceX96 < MIN_SQRT_RATIO || sqrtPriceX96 >= MAX_SQRT_RATIO) {
    throw new InvalidInputError('sqrtPriceX96', sqrtPriceX96, 'is not a price of a pool', 'Read the pool again.');
  }
  const guess = Math.floor(Math.log(Number(sqrtPriceX96) / Q96_AS_NUMBER) / LOG_SQRT_TICK_BASE);
  let tick = Math.min(Math.max(guess, MIN_TICK), MAX_TICK - 1);
  while (sqrtRatioAtTick(tick) > sqrtPriceX96) tick--;
  while (tick < MAX_TICK - 1 && sqrtRatioAtTick(tick + 1) <= sqrtPriceX96) tick++;
  return tick;
}
