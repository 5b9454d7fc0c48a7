import { InvalidInputError } from '@evenkeel/intents';
import type { CostCurve, CostPoint } from '../model/cost-curve.js';
import { decimalFromNumber } from '../model/decimal.js';
import { hedgeModel, type HedgeRequest } from './hedge.js';
import { totalCost } from './costs.js';
import { solveModel, type SolvedModel } from './solve-model.js';

const NODES_PER_SIZE = 250;

/**
 * C(q): what the best route costs at each of `sizes`, with its marginal cost. Each size starts from the prices of the
 * one before, and the search per size is short: the policy needs the shape, the route itself is solved in full later.
 * Sizes that inventories or liquidity cannot serve are left out, so that the curve ends where trading does.
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
  let warm: Float64Array | undefined;
  let fixedCost = Infinity;
  let before = 0;
  for (const sizeUnits of sizes) {
    if (!(Number.isFinite(sizeUnits) && sizeUnits > before)) {
      throw new InvalidInputError('sizes', sizeUnits, 'does not ascend from zero', 'Sort the sizes, smallest first.');
    }
    before = sizeUnits;
    const { model } = hedgeModel({ ...request, deltaUnits: decimalFromNumber(sizeUnits, 'sizes') });
    const solved: SolvedModel = solveModel(model, {
      nodeBudget: request.nodeBudget ?? NODES_PER_SIZE,
      referencePrice,
      toleranceBps: 0.01,
      certify: false,
      ...(warm === undefined ? {} : { warm }),
    });
    if (solved.replay.remainder > 0n || solved.replay.hops.length === 0) break;
    const { costs, marginalPrice: price, mixed } = solved;
    warm = mixed.prices;
    const marginalCost = model.exactOut ? price - referencePrice : referencePrice - price;
    points.push(Object.freeze({ sizeUnits, cost: totalCost(costs), marginalCost }));
    fixedCost = Math.min(fixedCost, costs.gas + costs.message);
  }
  return Object.freeze({
    side: request.side,
    referencePrice,
    fixedCost: points.length === 0 ? 0 : fixedCost,
    points: Object.freeze(points),
  });
}
