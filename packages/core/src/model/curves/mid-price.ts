import { InvalidInputError } from '@evenkeel/intents';
import type { BookLevel, Curve, StableSwapCurve } from '../curve.js';
import { Decimal, type DecimalString } from '../decimal.js';
import { stableSwapInvariant } from './stable-swap.js';

const A_PRECISION = 100n;

/** A positive fraction of atoms. */
interface Ratio {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/**
 * The price of an infinitesimal swap without its fee: units of token 1 for one unit of token 0. Levels and ladders serve
 * one direction and have no middle: theirs is the price of the best offer, with whatever fee the offer contains.
 *
 * @param decimals Of the pool's tokens, in the pool's order.
 * @returns A decimal string, to 40 places.
 * @throws InvalidInputError when the curve is empty and so has no price.
 * @example
 * ```ts
 * // 2,000,000 USDC (6 decimals) against 1,000 WETH (18 decimals)
 * midPrice({ kind: 'constant-product', reserves: [2_000_000_000_000n, 10n ** 21n], feePpm: 3000 }, [6, 18]) // "0.0005"
 * ```
 */
export function midPrice(curve: Curve, decimals: readonly [number, number]): DecimalString {
  const { numerator, denominator } = ratio(curve);
  if (numerator <= 0n || denominator <= 0n) {
    throw new InvalidInputError('curve', curve.kind, 'is empty and has no price', 'Leave the pool out.');
  }
  return new Decimal(numerator.toString())
    .shiftedBy(decimals[0] - decimals[1])
    .div(denominator.toString())
    .toFixed();
}

function ratio(curve: Curve): Ratio {
  switch (curve.kind) {
    case 'constant-product':
      return { numerator: curve.reserves[1], denominator: curve.reserves[0] };
    case 'concentrated':
      return { numerator: curve.sqrtPriceX96 ** 2n, denominator: 1n << 192n };
    case 'stable-swap':
      return stableSwapRatio(curve);
    case 'levels':
      return bestOffer(curve.levels[0], curve.tokenInIndex);
    case 'ladder':
      return bestOffer(curve.points[0], curve.tokenInIndex);
  }
}

/** −dy/dx on the invariant (Egorov 2019), from the partial derivatives of A·n^n·Σx + D = A·D·n^n + D³/(4xy). */
function stableSwapRatio(curve: StableSwapCurve): Ratio {
  const [x, y] = curve.balances;
  if (x === 0n || y === 0n) return { numerator: 0n, denominator: 0n };
  const d = stableSwapInvariant(curve);
  const slope = 2n * curve.amplification * 4n * x * x * y * y;
  const cube = A_PRECISION * d ** 3n;
  return {
    numerator: (slope + cube * y) * curve.rates[0],
    denominator: (slope + cube * x) * curve.rates[1],
  };
}

function bestOffer(offer: BookLevel | undefined, tokenInIndex: 0 | 1): Ratio {
  const { amountIn, amountOut } = offer ?? { amountIn: 0n, amountOut: 0n };
  return tokenInIndex === 0
    ? { numerator: amountOut, denominator: amountIn }
    : { numerator: amountIn, denominator: amountOut };
}
