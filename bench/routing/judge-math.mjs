// Integer arithmetic of the pools' contracts, written for the judge alone: it shares no line with the router.

const PPM = 1_000_000n;
const Q96 = 2n ** 96n;
const MIN_TICK = -887_272;
const MAX_TICK = 887_272;

/** UniswapV2Library.getAmountOut for any fee (Adams et al. 2020). */
export function constantProductOut(amountIn, reserveIn, reserveOut, feePpm) {
  const afterFee = amountIn * (PPM - BigInt(feePpm));
  return (afterFee * reserveOut) / (reserveIn * PPM + afterFee);
}

/** Powers of √1.0001 in Q128, one for each bit of a tick (TickMath.getSqrtRatioAtTick, Adams et al. 2021). */
const FACTORS = [
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

const ratios = new Map();

/** √(1.0001^tick) in Q96, rounded up as the contract does. */
export function sqrtRatio(tick) {
  const known = ratios.get(tick);
  if (known !== undefined) return known;
  let ratio = 2n ** 128n;
  const size = Math.abs(tick);
  for (let bit = 0; bit < FACTORS.length; bit++) if ((size >> bit) & 1) ratio = (ratio * FACTORS[bit]) >> 128n;
  if (tick > 0) ratio = (2n ** 256n - 1n) / ratio;
  const sqrt = (ratio >> 32n) + (ratio % 2n ** 32n === 0n ? 0n : 1n);
  ratios.set(tick, sqrt);
  return sqrt;
}

/** The greatest tick whose ratio is at most `sqrt`. */
export function tickAt(sqrt) {
  let low = MIN_TICK;
  let high = MAX_TICK;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (sqrtRatio(middle) <= sqrt) low = middle;
    else high = middle - 1;
  }
  return low;
}

const ceilDiv = (a, b) => (a + b - 1n) / b;

/** Amount of token 0 between two prices; `up` rounds it up twice, as SqrtPriceMath does. */
function amount0(a, b, liquidity, up) {
  const [low, high] = a < b ? [a, b] : [b, a];
  const top = liquidity * Q96 * (high - low);
  return up ? ceilDiv(ceilDiv(top, high), low) : top / high / low;
}

function amount1(a, b, liquidity, up) {
  const [low, high] = a < b ? [a, b] : [b, a];
  return up ? ceilDiv(liquidity * (high - low), Q96) : (liquidity * (high - low)) / Q96;
}

/**
 * Exact-in swap of a concentrated-liquidity pool, step by step as UniswapV3Pool.swap; a step ends at an initialised tick
 * or at the end of a bitmap word. Changes `pool`.
 *
 * @returns what was taken, what was paid, and how many initialised ticks were crossed
 */
export function concentratedSwap(pool, zeroForOne, amountIn) {
  const { feePpm, lowest, highest, tickSpacing, ticks } = pool;
  const fee = BigInt(feePpm);
  const end = zeroForOne ? lowest : highest;
  const limit = sqrtRatio(end);
  let left = amountIn;
  let out = 0n;
  let crossed = 0;
  while (left > 0n && (zeroForOne ? pool.sqrtPrice > limit : pool.sqrtPrice < limit)) {
    const compressed = Math.floor(pool.tick / tickSpacing);
    const wordEnd = zeroForOne
      ? Math.floor(compressed / 256) * 256 * tickSpacing
      : (Math.floor((compressed + 1) / 256) * 256 + 255) * tickSpacing;
    const near = zeroForOne
      ? ticks.findLast(({ index }) => index <= pool.tick)
      : ticks.find(({ index }) => index > pool.tick);
    const stop = zeroForOne ? Math.max(wordEnd, end) : Math.min(wordEnd, end);
    const initialised = near !== undefined && (zeroForOne ? near.index >= stop : near.index <= stop);
    const targetTick = initialised ? near.index : stop;
    const target = sqrtRatio(targetTick);
    const L = pool.liquidity;
    const spendable = (left * (PPM - fee)) / PPM;
    const toTarget = zeroForOne ? amount0(target, pool.sqrtPrice, L, true) : amount1(target, pool.sqrtPrice, L, true);
    const reached = spendable >= toTarget;
    let next = target;
    if (!reached) {
      next = zeroForOne
        ? ceilDiv(L * Q96 * pool.sqrtPrice, L * Q96 + spendable * pool.sqrtPrice)
        : pool.sqrtPrice + (spendable * Q96) / L;
    }
    const used = zeroForOne ? amount0(next, pool.sqrtPrice, L, true) : amount1(next, pool.sqrtPrice, L, true);
    out += zeroForOne ? amount1(next, pool.sqrtPrice, L, false) : amount0(next, pool.sqrtPrice, L, false);
    left -= reached ? used + ceilDiv(used * fee, PPM - fee) : left;
    pool.sqrtPrice = next;
    if (next === target) {
      if (initialised) {
        pool.liquidity += zeroForOne ? -near.liquidityNet : near.liquidityNet;
        crossed++;
      }
      pool.tick = zeroForOne ? targetTick - 1 : targetTick;
    } else {
      pool.tick = tickAt(next);
    }
  }
  return { amountIn: amountIn - left, amountOut: out, crossed };
}

/** Integer square root, rounded down. */
export function squareRoot(value) {
  if (value < 2n) return value;
  let guess = 1n << BigInt((value.toString(2).length + 1) >> 1);
  for (;;) {
    const next = (guess + value / guess) >> 1n;
    if (next >= guess) return guess;
    guess = next;
  }
}
