import type { CostCurve, CostPoint } from '../model/cost-curve.js';

/**
 * What trading costs beside gas, per unit of spot: the curve of a market whose depth in units of the underlying stays as
 * it is while its price follows the spot, so that a size costs in proportion to the spot.
 */
export interface TradingCosts {
  readonly buy: readonly CostPoint[];
  readonly sell: readonly CostPoint[];
}

/** One cost a unit, up to a size. */
export function proportionalCosts(costBps: number, maxSizeUnits: number): TradingCosts {
  const marginalCost = costBps / 10_000;
  const points = [{ sizeUnits: maxSizeUnits, cost: marginalCost * maxSizeUnits, marginalCost }];
  return { buy: points, sell: points };
}

/** Curves at the spot of 1 from ones of the router at any reference price, their gas left out. */
export function costsOfCurves(buy: CostCurve, sell: CostCurve): TradingCosts {
  return { buy: perSpot(buy), sell: perSpot(sell) };
}

function perSpot({ fixedCost, points, referencePrice }: CostCurve): CostPoint[] {
  return points.map(({ cost, marginalCost, sizeUnits }) => ({
    sizeUnits,
    cost: (cost - fixedCost) / referencePrice,
    marginalCost: marginalCost / referencePrice,
  }));
}

/** The curve of one side at a spot, with gas as its fixed part. */
export function curveAt(costs: TradingCosts, side: 'buy' | 'sell', spot: number, gas: number): CostCurve {
  return {
    side,
    referencePrice: spot,
    fixedCost: gas,
    points: costs[side].map(({ cost, marginalCost, sizeUnits }) => ({
      sizeUnits,
      cost: gas + spot * cost,
      marginalCost: spot * marginalCost,
    })),
  };
}
