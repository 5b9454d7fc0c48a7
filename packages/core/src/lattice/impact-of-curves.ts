import type { CostCurve } from '../model/cost-curve.js';
import { type MarginalPiece, marginalPieces } from '../policy/cost-function.js';
import { piecewiseCost } from '../policy/piecewise-cost.js';
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

/**
 * A few numbers for two curves, so that curves of one shape can share a table: λ, the mean of the first units, and the
 * marginal cost on top of it at the sizes asked for, the mean of both sides. Where one side cannot be traded it counts as
 * the other.
 *
 * @param sizes ascending, units
 * @throws {PolicyInputInvalidError} for a curve that is none
 */
export function sampledCurves(
  buyCurve: CostCurve,
  sellCurve: CostCurve,
  sizes: readonly number[],
): { readonly proportionalCost: number; readonly rises: readonly number[] } {
  const sides = [sharesOf(buyCurve), sharesOf(sellCurve)]
    .filter((pieces) => pieces.length > 0)
    .map((pieces) => piecewiseCost(0, pieces));
  const meanAt = (size: number): number =>
    sides.length === 0 ? 0 : sides.reduce((sum, { marginal }) => sum + marginal(size), 0) / sides.length;
  const first = meanAt(0);
  let reached = 0;
  const rises = sizes.map((size) => (reached = Math.max(reached, meanAt(size) - first)));
  return { proportionalCost: first, rises };
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
