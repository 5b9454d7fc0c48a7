import { InvalidInputError } from '@evenkeel/intents';
import type { CostCurve, CostPoint } from '../model/cost-curve.js';
import { decimalFromNumber } from '../model/decimal.js';
import type { HedgeRequest } from './hedge.js';
import { hedgeModel } from './hedge-model.js';
import { totalCost } from './costs.js';
import { solveModel, type SolvedModel } from './solve-model.js';

const NODES_PER_SIZE = 250;
/** Sizes that differ by less than this share are one. */
const LEAST_STEP = 1e-6;

/**
 * C(q): what the best route costs at each of `sizes`, with its marginal cost. Each size starts from the prices of the
 * one before, and the search per size is short: the policy needs the shape, the route itself is solved in full later.
 * The first size that inventories or liquidity cannot serve is replaced by what they can serve of it, and there the curve
 * ends, as trading does.
 *
 * @param request As for `routeHedge`; its own `deltaUnits` is not used.
 * @param sizes Units of the underlying, positive, ascending.
 * @throws What `routeHedge` throws for bad input.
 * @example
 * ```ts
 * const curve = costCurve(request, [0.1, 1, 10])
 * curve.points.map(({ sizeUnits, cost }) => cost / sizeUnits)
 * ```
 */
export function costCurve(request: Omit<HedgeRequest, 'deltaUnits'>, sizes: readonly number[]): CostCurve {
  const referencePrice = Number(request.referencePrice);
  const points: CostPoint[] = [];
  let warm: SolvedModel['mixed'] | undefined;
  let fixedCost = Infinity;
  let before = 0;
  for (const sizeUnits of sizes) {
    if (!(Number.isFinite(sizeUnits) && sizeUnits > before)) {
      throw new InvalidInputError('sizes', sizeUnits, 'does not ascend from zero', 'Sort the sizes, smallest first.');
    }
    const { model } = hedgeModel({ ...request, deltaUnits: decimalFromNumber(sizeUnits, 'sizes') });
    const solved: SolvedModel = solveModel(model, {
      nodeBudget: request.nodeBudget ?? NODES_PER_SIZE,
      referencePrice,
      toleranceBps: 0.01,
      certify: false,
      ...(warm === undefined ? {} : { warm }),
    });
    const { costs, marginalPrice: price, mixed, replay, served } = solved;
    if (replay.hops.length === 0) break;
    const isWhole = replay.remainder === 0n;
    // What can be served of a size that cannot be served whole is where trading ends.
    if (!isWhole && !(served > before * (1 + LEAST_STEP))) break;
    warm = mixed;
    const marginalCost = model.exactOut ? price - referencePrice : referencePrice - price;
    points.push(Object.freeze({ sizeUnits: isWhole ? sizeUnits : served, cost: totalCost(costs), marginalCost }));
    fixedCost = Math.min(fixedCost, costs.gas + costs.message);
    if (!isWhole) break;
    before = sizeUnits;
  }
  return Object.freeze({
    side: request.side,
    referencePrice,
    fixedCost: points.length === 0 ? 0 : fixedCost,
    points: Object.freeze(points),
  });
}
