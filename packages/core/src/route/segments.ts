import { ladderHull, levelPieces } from './hull.js';
import { stableSwapCurve } from './stable-float.js';
import type { Curve } from '../model/curve.js';

/**
 * One direction of a source of liquidity as a chain of constant-product arcs, best price first. An arc gives
 * `L·(high − s)` for `L·(1/s − 1/high)/φ`, where s falls from `high` to `low` and s² is the marginal price (output per
 * input, before the fee factor φ). Everything is in whole units of the tokens. Straight pieces are arcs of a relative
 * price width of {@link LINEAR_WIDTH}, so that the dual stays smooth.
 */
export interface Segments {
  /** Fee factor on the input, 1 − fee. */
  readonly phi: number;
  readonly liquidity: readonly number[];
  readonly sqrtHigh: readonly number[];
  readonly sqrtLow: readonly number[];
}

/** Relative width of the price over which a straight piece is bent: 10⁻⁷ is a thousandth of a basis point. */
export const LINEAR_WIDTH = 1e-7;

const NO_SEGMENTS: Segments = { phi: 1, liquidity: [], sqrtHigh: [], sqrtLow: [] };

/** Segments of `curve` when its token `tokenInIndex` is paid in; empty when it cannot trade that way. */
export function segmentsOf(curve: Curve, tokenInIndex: 0 | 1, decimals: readonly [number, number]): Segments {
  switch (curve.kind) {
    case 'constant-product': {
      const reserveIn = Number(curve.reserves[tokenInIndex]) / 10 ** decimals[tokenInIndex];
      const reserveOut = Number(curve.reserves[1 - tokenInIndex]!) / 10 ** decimals[1 - tokenInIndex]!;
      return {
        phi: 1 - curve.feePpm / 1e6,
        liquidity: [Math.sqrt(reserveIn) * Math.sqrt(reserveOut)],
        sqrtHigh: [Math.sqrt(reserveOut / reserveIn)],
        sqrtLow: [0],
      };
    }
    case 'concentrated':
      return concentratedSegments(curve, tokenInIndex, decimals);
    case 'stable-swap':
      return stableSegments(curve, tokenInIndex, decimals);
    case 'levels':
      if (curve.tokenInIndex !== tokenInIndex) return NO_SEGMENTS;
      return linearSegments(levelPieces(curve.levels, tokenInIndex, decimals));
    case 'ladder':
      if (curve.tokenInIndex !== tokenInIndex) return NO_SEGMENTS;
      return linearSegments(ladderHull(curve.points, tokenInIndex, decimals));
  }
}

/** A straight piece: up to `amountIn` units at `price` units of output each. */
export interface LinearPiece {
  readonly price: number;
  readonly amountIn: number;
}

export function linearSegments(pieces: readonly LinearPiece[], width: number = LINEAR_WIDTH): Segments {
  const liquidity: number[] = [];
  const sqrtHigh: number[] = [];
  const sqrtLow: number[] = [];
  let ceiling = Infinity;
  for (const { price, amountIn } of pieces) {
    if (!(price > 0) || !(amountIn > 0)) continue;
    const high = Math.min(ceiling, Math.sqrt(price * (1 + width / 2)));
    const low = Math.min(high * (1 - width / 4), Math.sqrt(price * (1 - width / 2)));
    liquidity.push(amountIn / (1 / low - 1 / high));
    sqrtHigh.push(high);
    sqrtLow.push(low);
    ceiling = low;
  }
  return { phi: 1, liquidity, sqrtHigh, sqrtLow };
}

function concentratedSegments(
  curve: Extract<Curve, { kind: 'concentrated' }>,
  tokenInIndex: 0 | 1,
  decimals: readonly [number, number],
): Segments {
  const unit = 10 ** ((decimals[0] - decimals[1]) / 2);
  const scale = 10 ** (-(decimals[0] + decimals[1]) / 2);
  const down = tokenInIndex === 0;
  const liquidity: number[] = [];
  const sqrtHigh: number[] = [];
  const sqrtLow: number[] = [];
  let active = curve.liquidity;
  let from = (Number(curve.sqrtPriceX96) / 2 ** 96) * unit;

  const arcTo = (to: number): void => {
    if (active > 0n && (down ? to < from : to > from)) {
      liquidity.push(Number(active) * scale);
      sqrtHigh.push(down ? from : 1 / from);
      sqrtLow.push(down ? to : 1 / to);
    }
    from = to;
  };

  const path = down
    ? curve.ticks.filter(({ index }) => index <= curve.tick && index >= curve.tickRange.low).reverse()
    : curve.ticks.filter(({ index }) => index > curve.tick && index <= curve.tickRange.high);
  for (const { index, liquidityNet } of path) {
    arcTo(sqrtRatio(index) * unit);
    active += down ? -liquidityNet : liquidityNet;
  }
  arcTo(sqrtRatio(down ? curve.tickRange.low : curve.tickRange.high) * unit);
  return {
    phi: 1 - (down ? curve.feePpm : (curve.feePpmToken1In ?? curve.feePpm)) / 1e6,
    liquidity,
    sqrtHigh,
    sqrtLow,
  };
}

/** √(1.0001^tick), raw token 1 per token 0. */
export function sqrtRatio(tick: number): number {
  return Math.pow(1.0001, tick / 2);
}

const STABLE_SAMPLES = 192;

/**
 * A stable-swap curve between marginal prices sampled at geometrically growing inputs; within an arc the error is of
 * third order in its relative price width. The fee is taken from the output and so folded into the price.
 */
function stableSegments(
  curve: Extract<Curve, { kind: 'stable-swap' }>,
  tokenInIndex: 0 | 1,
  decimals: readonly [number, number],
): Segments {
  const { balanceIn, marginal } = stableSwapCurve(curve, tokenInIndex, decimals);
  const liquidity: number[] = [];
  const sqrtHigh: number[] = [];
  const sqrtLow: number[] = [];
  let paid = 0;
  let high = Math.sqrt(marginal(0));
  for (let k = 0; k <= STABLE_SAMPLES; k++) {
    const next = balanceIn * 1e-5 * Math.pow(10, (k / STABLE_SAMPLES) * 7);
    const low = Math.min(high * (1 - 1e-10), Math.sqrt(marginal(next)));
    if (!(low > 0)) break;
    liquidity.push((next - paid) / (1 / low - 1 / high));
    sqrtHigh.push(high);
    sqrtLow.push(low);
    paid = next;
    high = low;
  }
  return { phi: 1, liquidity, sqrtHigh, sqrtLow };
}
