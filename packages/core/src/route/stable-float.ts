import type { StableSwapCurve } from '../model/curve.js';

/** A_PRECISION of the StableSwap contracts: `amplification` is A·100. */
const A_PRECISION = 100;

/** One direction of a two-coin StableSwap pool in floating point, in whole units, net of its fee. */
export interface StableFloat {
  /** The pool's balance of the token paid in. */
  readonly balanceIn: number;
  /** Output for an input. */
  readonly out: (amountIn: number) => number;
  /** Marginal output per further unit after an input. */
  readonly marginal: (amountIn: number) => number;
}

/**
 * A·n·Σx + D = A·n·D + D³/(4·x·y) for n = 2 (Egorov 2019, with the contracts' Ann = A·n). y is the positive root of
 * y² + (b − D)·y = c; the marginal price follows from the implicit function theorem.
 */
export function stableSwapCurve(
  curve: StableSwapCurve,
  tokenInIndex: 0 | 1,
  decimals: readonly [number, number],
): StableFloat {
  const outIndex = (1 - tokenInIndex) as 0 | 1;
  // `rates` turn atoms into 18-decimal terms; the balances are in those terms already.
  const x0 = Number(curve.balances[tokenInIndex]) / 1e18;
  const y0 = Number(curve.balances[outIndex]) / 1e18;
  const perIn = (Number(curve.rates[tokenInIndex]) / 1e18) * 10 ** decimals[tokenInIndex] * 1e-18;
  const perOut = (Number(curve.rates[outIndex]) / 1e18) * 10 ** decimals[outIndex] * 1e-18;
  const ann = (Number(curve.amplification) / A_PRECISION) * 2;
  const keep = 1 - curve.feePpm / 1e6;

  let d = x0 + y0;
  for (let i = 0; i < 255; i++) {
    const p = (d * d * d) / (4 * x0 * y0);
    const next = ((ann * (x0 + y0) + 2 * p) * d) / ((ann - 1) * d + 3 * p);
    const settled = Math.abs(next - d) <= d * 1e-15;
    d = next;
    if (settled) break;
  }

  const yAt = (x: number): number => {
    const c = (d * d * d) / (4 * x * ann);
    const b = x + d / ann - d;
    return (2 * c) / (b + Math.sqrt(b * b + 4 * c));
  };
  const marginal = (amountIn: number): number => {
    const x = x0 + amountIn * perIn;
    const y = yAt(x);
    const cubic = (d * d * d) / 4;
    const slope = (ann + cubic / (x * x * y)) / (ann + cubic / (x * y * y));
    return (slope * keep * perIn) / perOut;
  };
  return {
    balanceIn: x0 / perIn,
    marginal,
    out: (amountIn) => ((y0 - yAt(x0 + amountIn * perIn)) * keep) / perOut,
  };
}
