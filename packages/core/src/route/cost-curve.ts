import { InvalidInputError } from '@evenkeel/intents';
import type { CostCurve, CostPoint } from '../model/cost-curve.js';
import { decimalFromNumber } from '../model/decimal.js';
import { totalCost } from './costs.js';
import type { HedgeRequest } from './hedge.js';
import { hedgeModel } from './hedge-model.js';
import type { RouteModel } from './model.js';
import { prepareSizes, type SizedCost, type SizesOptions } from './sized-costs.js';
import { solveModel, type SolveModelOptions } from './solve-model.js';

const NODES_PER_SIZE = 250;
const TOLERANCE_BPS = 0.01;
/** Sizes that differ by less than this share are one. */
const LEAST_STEP = 1e-6;

/**
 * C(q): what the best route costs at each of `sizes`, with its marginal cost. The network is laid out and searched once,
 * at the largest size; every other size starts from the route of the size above, and is searched again, for a few problems,
 * only where duality leaves room for a better one. `openCost` says how much room is left. The marginal cost is the dual price at the end where the size is exact. Costs are
 * those of the flows, before they are rounded to atoms; exact replay decides where a size cannot be served whole or a
 * transfer would be smaller than its bridge takes. The first size that inventories or liquidity cannot serve is replaced
 * by what they can serve of it, and there the curve ends, as trading does.
 *
 * Without fixed costs the curve is convex. With them it is convex between two changes of the venues that are used.
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
  sizes.forEach((sizeUnits, i) => {
    if (!(sizeUnits > (sizes[i - 1] ?? 0) && sizeUnits < Infinity)) {
      throw new InvalidInputError('sizes', sizeUnits, 'does not ascend from 0', 'Sort them.');
    }
  });
  const largest = sizes.at(-1);
  const costs = largest === undefined ? [] : costsOf(request, sizes, largest);
  return Object.freeze({
    side: request.side,
    referencePrice: Number(request.referencePrice),
    fixedCost: costs.length === 0 ? 0 : Math.min(...costs.map(({ fixedCost }) => fixedCost)),
    points: Object.freeze(
      costs.map(({ cost, marginalCost, openCost, sizeUnits }): CostPoint =>
        Object.freeze({ sizeUnits, cost, marginalCost, openCost }),
      ),
    ),
  });
}

/** Ascending; from the largest size downwards, as far as each can be served. */
function costsOf(
  request: Omit<HedgeRequest, 'deltaUnits'>,
  sizes: readonly number[],
  largest: number,
): readonly SizedCost[] {
  const options = {
    nodeBudget: request.nodeBudget ?? NODES_PER_SIZE,
    referencePrice: Number(request.referencePrice),
    toleranceBps: TOLERANCE_BPS,
    waitGrows: request.timeAtRisk.kind === 'volatility',
    certify: true,
  };
  const modelAt = (sizeUnits: number): RouteModel =>
    hedgeModel({ ...request, deltaUnits: decimalFromNumber(sizeUnits, 'sizes') }).model;
  const sized = prepareSizes(modelAt(largest), options);
  const costs: SizedCost[] = [];
  /** What can be served of the smallest size that cannot be served whole. */
  let rest: SizedCost | undefined;
  for (const sizeUnits of [...sizes].reverse()) {
    const found = sized.at(sizeUnits) ?? exactCost(modelAt(sizeUnits), sizeUnits, options);
    if (found?.sizeUnits === sizeUnits) costs.push(found);
    else rest = found;
  }
  costs.reverse();
  const before = costs.at(-1)?.sizeUnits ?? 0;
  return rest && rest.sizeUnits > before * (1 + LEAST_STEP) ? [...costs, rest] : costs;
}

/** One size on its own, replayed to the atom; of a size that cannot be served whole what can. Undefined where that is nothing. */
function exactCost(
  model: RouteModel,
  sizeUnits: number,
  options: SolveModelOptions & SizesOptions,
): SizedCost | undefined {
  const { bound, costs, gapBps, marginalPrice, referencePrice, replay, served } = solveModel(model, options);
  if (replay.hops.length === 0) return undefined;
  return {
    sizeUnits: replay.remainder === 0n ? sizeUnits : served,
    cost: totalCost(costs),
    marginalCost: model.exactOut ? marginalPrice - referencePrice : referencePrice - marginalPrice,
    fixedCost: costs.gas + costs.message,
    openCost: gapBps * Math.abs(bound) * 1e-4,
  };
}
