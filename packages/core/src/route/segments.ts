import { ladderHull, levelPieces } from './hull.js';
import { stableSwapCurve } from './stable-float.js';
import type { Curve } from '../model/curve.js';

/**
 * One direction of a source of liquidity, best price first, in whole units of the tokens. Either arcs of constant
 * product: an arc gives `L·(high − s)` for `L·(1/s − 1/high)/φ`, where s falls from `high` to `low` and s² is the
 * marginal price (output per input, before the fee factor φ). Or straight pieces of a price and a room each.
 */
export type Segments =
  | {
      readonly kind: 'arcs';
      /** Fee factor on the input, 1 − fee. */
      readonly phi: number;
      readonly liquidity: readonly number[];
      readonly sqrtHigh: readonly number[];
      readonly sqrtLow: readonly number[];
    }
  | { readonly kind: 'straight'; readonly pieces: readonly LinearPiece[] };

/** A straight piece: up to `amountIn` units at `price` units of output each. */
export interface LinearPiece {
  readonly price: number;
  readonly amountIn: number;
}

const NO_SEGMENTS: Segments = { kind: 'straight', pieces: [] };

/** Segments of `curve` when its token `tokenInIndex` is paid in; empty when it cannot trade that way. */
export function segmentsOf(curve: Curve, tokenInIndex: 0 | 1, decimals: readonly [number, number]): Segments {
  switch (curve.kind) {
    case 'constant-product': {
      const reserveIn = Number(curve.reserves[tokenInIndex]) / 10 ** decimals[tokenInIndex];
      const reserveOut = Number(curve.reserves[1 - tokenInIndex]!) / 10 ** decimals[1 - tokenInIndex]!;
      return {
        kind: 'arcs',
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
      return { kind: 'straight', pieces: levelPieces(curve.levels, tokenInIndex, decimals) };
    case 'ladder':
      if (curve.tokenInIndex !== tokenInIndex) return NO_SEGMENTS;
      return { kind: 'straight', pieces: ladderHull(curve.points, tokenInIndex, decimals) };
  }
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
    kind: 'arcs',
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

/**
 * An arc of a stable-swap curve spans at most this share of the marginal price, and the more the less there is left to
 * gain: from this part of the first price downwards in proportion to the root of how far it has fallen. All arcs
 * together reach down to where what is sold counts as unsold.
 */
const WIDEST_ARC = 0.005;
const WIDER_BELOW = 0.1;
const PRICE_SPAN = 1e6;
/** Within the flat part, an arc takes at most this fraction of the balance. */
const LONGEST_ARC = 256;
const NARROWEST_ARC = 1e-6;

/**
 * A stable-swap curve as arcs, exact at their ends, and narrow where the curve bends. The fee is taken from the output
 * and so folded into the price.
 */
function stableSegments(
  curve: Extract<Curve, { kind: 'stable-swap' }>,
  tokenInIndex: 0 | 1,
  decimals: readonly [number, number],
): Segments {
  const { balanceIn, marginal, out } = stableSwapCurve(curve, tokenInIndex, decimals);
  const first = marginal(0);
  const liquidity: number[] = [];
  const sqrtHigh: number[] = [];
  const sqrtLow: number[] = [];
  let paid = 0;
  let received = 0;
  let ceiling = Infinity;
  const arcTo = (next: number): void => {
    const high = Math.min(ceiling, Math.sqrt(marginal(paid)));
    // Of an arc, output over input is high·low: so both amounts are met exactly at its end.
    const low = (out(next) - received) / (next - paid) / high;
    // Where the curve is all but straight, arcs are drawn together: narrower ones only cost precision.
    if (!(low > 0) || low > high * (1 - NARROWEST_ARC)) return;
    liquidity.push((next - paid) / (1 / low - 1 / high));
    sqrtHigh.push(high);
    sqrtLow.push(low);
    paid = next;
    received = out(next);
    ceiling = low;
  };
  const cover = (from: number, to: number, depth: number): void => {
    const longest = balanceIn / LONGEST_ARC;
    const short = to - from <= longest || from > 2 * balanceIn;
    const here = marginal(from);
    const widest = 1 + WIDEST_ARC * Math.max(1, Math.sqrt((WIDER_BELOW * first) / here));
    if (depth === 0 || (short && here <= marginal(to) * widest)) {
      arcTo(to);
      return;
    }
    const middle = (from + to) / 2;
    cover(from, middle, depth - 1);
    cover(middle, to, depth - 1);
  };
  const end = first / PRICE_SPAN;
  let from = 0;
  for (let to = balanceIn / 1024; marginal(from) > end && to < balanceIn * 1024; to *= 2) {
    cover(from, to, 16);
    from = to;
  }
  return { kind: 'arcs', phi: 1, liquidity, sqrtHigh, sqrtLow };
}
