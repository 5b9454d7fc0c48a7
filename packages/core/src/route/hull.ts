import type { BookLevel } from '../model/curve.js';
import type { LinearPiece } from './segments.js';

/**
 * The concave hull of sampled quotes from the origin, as straight pieces of falling price. Opaque quotes with a fixed
 * cost inside are not concave; the hull never promises less than any sample.
 */
export function ladderHull(
  points: readonly BookLevel[],
  tokenInIndex: 0 | 1,
  decimals: readonly [number, number],
): readonly LinearPiece[] {
  const hull: { x: number; y: number }[] = [{ x: 0, y: 0 }];
  for (const point of points) {
    const x = Number(point.amountIn) / 10 ** decimals[tokenInIndex];
    const y = Number(point.amountOut) / 10 ** decimals[1 - tokenInIndex]!;
    while (hull.length > 1) {
      const b = hull[hull.length - 1]!;
      const a = hull[hull.length - 2]!;
      if ((b.y - a.y) * (x - b.x) > (y - b.y) * (b.x - a.x)) break;
      hull.pop();
    }
    hull.push({ x, y });
  }
  const pieces: LinearPiece[] = [];
  for (let i = 1; i < hull.length; i++) {
    const a = hull[i - 1]!;
    const b = hull[i]!;
    if (b.x > a.x && b.y > a.y) pieces.push({ price: (b.y - a.y) / (b.x - a.x), amountIn: b.x - a.x });
  }
  return pieces;
}

/** Order-book levels as straight pieces, best price first. */
export function levelPieces(
  levels: readonly BookLevel[],
  tokenInIndex: 0 | 1,
  decimals: readonly [number, number],
): readonly LinearPiece[] {
  return levels
    .map((level) => {
      const amountIn = Number(level.amountIn) / 10 ** decimals[tokenInIndex];
      return { amountIn, price: Number(level.amountOut) / 10 ** decimals[1 - tokenInIndex]! / amountIn };
    })
    .sort((a, b) => b.price - a.price);
}
