import type { CostCurve } from '../model/cost-curve.js';
import { type MarginalPiece, marginalPieces } from '../policy/cost-function.js';
import type { HedgingProblem } from './problem.js';

/**
 * The variable part of two cost curves as a problem takes it, in proportion to the spot: λ, the cheaper first unit of
 * the two, and what comes on top. Beyond its last sample a curve is taken to go on as steeply as it ends.
 *
 * @throws {PolicyInputInvalidError} for a curve that is none
 *
 * @example
 * ```ts
 * prepareBands({ ...problem, ...impactOfCurves(buyCurve, sellCurve) })
 * ```
 */
export function impactOfCurves(
  buyCurve: CostCurve,
  sellCurve: CostCurve,
): Required<Pick<HedgingProblem, 'impact' | 'proportionalCost'>> {
  const buy = sharesOf(buyCurve);
  const sell = sharesOf(sellCurve);
  const proportionalCost = Math.min(
    buy[0]?.left ?? Number.POSITIVE_INFINITY,
    sell[0]?.left ?? Number.POSITIVE_INFINITY,
  );
  const base = Number.isFinite(proportionalCost) ? proportionalCost : 0;
  return { proportionalCost: base, impact: { buy: above(buy, base), sell: above(sell, base) } };
}

function sharesOf(curve: CostCurve): MarginalPiece[] {
  const { referencePrice } = curve;
  return marginalPieces(curve).map(({ left, length, right }) => ({
    length,
    left: left / referencePrice,
    right: right / referencePrice,
  }));
}

/** Rounding may put a piece a hair below the one before it. */
function above(pieces: readonly MarginalPiece[], base: number): MarginalPiece[] {
  let reached = 0;
  return pieces.map(({ left, length, right }) => {
    const from = Math.max(reached, left - base);
    reached = Math.max(from, right - base);
    return { length, left: from, right: reached };
  });
}
