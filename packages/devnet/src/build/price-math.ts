/** Square root rounded down, by Newton's method. */
export function integerSqrt(value: bigint): bigint {
  if (value < 2n) return value;
  let guess = 1n << BigInt((value.toString(2).length + 1) >> 1);
  for (;;) {
    const next = (guess + value / guess) >> 1n;
    if (next >= guess) return guess;
    guess = next;
  }
}

/** √(atoms1 / atoms0) as a Q64.96 number: the price at which so much of one token is worth so much of the other. */
export function sqrtPriceX96(atoms0: bigint, atoms1: bigint): bigint {
  return integerSqrt((atoms1 << 192n) / atoms0);
}

const LOG_TICK_BASE = Math.log(1.0001);

/** The tick nearest to a Q64.96 root price. */
export function tickAt(sqrtPrice: bigint): number {
  return Math.round((2 * Math.log(Number(sqrtPrice) / 2 ** 96)) / LOG_TICK_BASE);
}

/** 1.0001^(tick/2), by multiplication alone so that it is the same on every machine. */
export function sqrtRatioAt(tick: number): number {
  let ratio = 1;
  let factor = Math.sqrt(1.0001);
  for (let rest = Math.abs(tick); rest > 0; rest >>= 1) {
    if (rest & 1) ratio *= factor;
    factor *= factor;
  }
  return tick < 0 ? 1 / ratio : ratio;
}

/**
 * The liquidity that at most `atoms0` and `atoms1` can pay for between two ticks.
 * Source: Uniswap v3 whitepaper (Adams et al. 2021), equations 6.29 and 6.30.
 */
export function liquidityFor(
  sqrtPrice: bigint,
  range: { readonly lower: number; readonly upper: number },
  atoms0: bigint,
  atoms1: bigint,
): bigint {
  const low = sqrtRatioAt(range.lower);
  const high = sqrtRatioAt(range.upper);
  const current = Math.min(Math.max(Number(sqrtPrice) / 2 ** 96, low), high);
  const by0 = current < high ? (Number(atoms0) * current * high) / (high - current) : Infinity;
  const by1 = current > low ? Number(atoms1) / (current - low) : Infinity;
  return BigInt(Math.floor(Math.min(by0, by1) * (1 - 1e-9)));
}
