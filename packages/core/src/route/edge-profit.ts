import type { Curve } from '../model/curve.js';
import { ladderHull, levelPieces } from './hull.js';
import type { EdgeSpec } from './network.js';
import { sqrtRatio } from './segments.js';
import { stableSwapCurve } from './stable-float.js';

/**
 * An upper bound on the most that trading on an edge is worth when inputs cost and outputs fetch so much, net of what the
 * ticks cost that are crossed: no fewer than `least` and no more than `most`; absent: any number.
 */
export type EdgeProfit = (priceIn: number, priceOut: number, least?: number, most?: number) => number;

/** Unit roundoff of a float64. */
const ROUNDOFF = 2 ** -53;
/** More than what the few operations on one term can be off by, relatively. */
export const UP: number = 1 + 16 * ROUNDOFF;

/**
 * arb(ν) of an edge as a function, from the pool's own curve, rounded up. What can be computed once is computed here.
 */
export function edgeProfitOf({ source, tickCost, unitCost }: EdgeSpec): EdgeProfit {
  const inner = source.kind === 'linear' ? linearProfit(source) : curveProfit(source, tickCost);
  return unitCost === 0 ? inner : (priceIn, priceOut) => inner(priceIn + unitCost, priceOut);
}

function linearProfit({ capacity, price }: { price: number; capacity: number }): EdgeProfit {
  const rate = price * UP;
  return (priceIn, priceOut) => {
    const margin = rate * priceOut - priceIn;
    return margin > 0 ? margin * capacity * UP : 0;
  };
}

function curveProfit(
  {
    curve,
    decimals,
    tokenInIndex,
  }: { readonly curve: Curve; readonly tokenInIndex: 0 | 1; readonly decimals: readonly [number, number] },
  tickCost: number,
): EdgeProfit {
  switch (curve.kind) {
    case 'constant-product': {
      const [rootIn, rootOut] = constantProductRoots(curve, tokenInIndex, decimals);
      return (priceIn, priceOut) => {
        const edge = Math.sqrt(priceOut) * rootOut - Math.sqrt(priceIn) * rootIn;
        return edge > 0 ? edge * edge * UP : 0;
      };
    }
    case 'concentrated':
      return concentratedProfit(curve, tokenInIndex, decimals, tickCost);
    case 'stable-swap':
      return stableProfit(curve, tokenInIndex, decimals);
    case 'levels':
    case 'ladder': {
      if (curve.tokenInIndex !== tokenInIndex) return () => 0;
      const pieces =
        curve.kind === 'levels'
          ? levelPieces(curve.levels, tokenInIndex, decimals)
          : ladderHull(curve.points, tokenInIndex, decimals);
      return (priceIn, priceOut) => {
        let profit = 0;
        for (const { amountIn, price } of pieces) {
          const margin = price * UP * priceOut - priceIn;
          if (margin > 0) profit += margin * amountIn;
        }
        return profit * UP;
      };
    }
  }
}

/**
 * L·max(0, q_out·√s − q_in/√(φs))² is max(0, q_out·√R_out − q_in·√(R_in/φ))²: both roots, the first rounded down and the
 * second up, so that their difference is never below the true one.
 */
export function constantProductRoots(
  { feePpm, reserves }: Extract<Curve, { kind: 'constant-product' }>,
  tokenInIndex: 0 | 1,
  decimals: readonly [number, number],
): readonly [number, number] {
  const x = Number(reserves[tokenInIndex]) / 10 ** decimals[tokenInIndex];
  const y = Number(reserves[1 - tokenInIndex]!) / 10 ** decimals[1 - tokenInIndex]!;
  return [Math.sqrt(x / (1 - feePpm / 1e6)) / UP, Math.sqrt(y) * UP];
}

function stableProfit(
  curve: Extract<Curve, { kind: 'stable-swap' }>,
  tokenInIndex: 0 | 1,
  decimals: readonly [number, number],
): EdgeProfit {
  const { balanceIn, marginal, out } = stableSwapCurve(curve, tokenInIndex, decimals);
  const first = marginal(0) * (1 + 1e-13);
  return (priceIn, priceOut) => {
    if (first * priceOut <= priceIn) return 0;
    let low = 0;
    let high = balanceIn;
    for (let i = 0; i < 40 && marginal(high) * priceOut > priceIn; i++) high *= 2;
    for (let i = 0; i < 100 && high - low > low * 1e-15; i++) {
      const middle = (low + high) / 2;
      if (marginal(middle) * priceOut > priceIn) low = middle;
      else high = middle;
    }
    // The tangent at `low` bounds the concave profit from above on the rest of the bracket.
    const profit = out(low) * priceOut - low * priceIn + (marginal(low) * priceOut - priceIn) * (high - low);
    return Math.max(0, profit) + 64 * ROUNDOFF * (balanceIn + low) * priceIn;
  };
}

/** Walks the ticks from the pool's price to where the marginal price meets the market's, summing both amounts. */
function concentratedProfit(
  curve: Extract<Curve, { kind: 'concentrated' }>,
  tokenInIndex: 0 | 1,
  decimals: readonly [number, number],
  tickCost: number,
): EdgeProfit {
  const down = tokenInIndex === 0;
  const phi = 1 - (down ? curve.feePpm : (curve.feePpmToken1In ?? curve.feePpm)) / 1e6;
  const scaleIn = 1 / 10 ** decimals[tokenInIndex] / phi;
  const scaleOut = 1 / 10 ** decimals[1 - tokenInIndex]!;
  const start = Number(curve.sqrtPriceX96) / 2 ** 96;
  const stops = down
    ? curve.ticks.filter((tick) => tick.index <= curve.tick && tick.index >= curve.tickRange.low).reverse()
    : curve.ticks.filter((tick) => tick.index > curve.tick && tick.index <= curve.tickRange.high);
  const ends = [...stops.map(({ index }) => index), down ? curve.tickRange.low : curve.tickRange.high];
  const boundaries = Float64Array.from(ends, sqrtRatio);
  let active = curve.liquidity;
  const liquidity = Float64Array.from(ends, (_, i) => {
    const here = Number(active);
    const net = stops[i]?.liquidityNet ?? 0n;
    active += down ? -net : net;
    return here;
  });
  return (priceIn, priceOut, least = 0, most = Infinity) => {
    const atomIn = priceIn * scaleIn;
    const atomOut = priceOut * scaleOut;
    // In raw √(token1/token0): selling token 0 stops at √(in/out), selling token 1 at √(out/in).
    const target = Math.sqrt(down ? atomIn / atomOut : atomOut / atomIn);
    if (down ? target >= start : target <= start) return -least * tickCost;
    let at = start;
    let profit = 0;
    let best = 0;
    let crossed = 0;
    for (; crossed < boundaries.length && crossed <= most; crossed++) {
      const boundary = boundaries[crossed]!;
      const last = down ? boundary <= target : boundary >= target;
      const to = last ? target : boundary;
      const l = liquidity[crossed]!;
      // d(profit)/ds with s = √P: L·(out − in/s²) down, L·(out/s² − in) up; integrated over the step.
      if (l > 0 && (down ? to < at : to > at)) {
        const factor = down ? atomOut - atomIn / (at * to) : atomOut / (at * to) - atomIn;
        profit += l * Math.abs(at - to) * (Math.max(0, factor) + 16 * ROUNDOFF * (down ? atomOut : atomIn));
      }
      // The profit of so many ticks crossed, less what they cost.
      const net = profit * UP - crossed * tickCost;
      if (crossed <= least || net > best) best = net;
      if (last) break;
      at = to;
    }
    return crossed < least ? best - (least - crossed) * tickCost : best;
  };
}
