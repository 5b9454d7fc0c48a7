import { InvalidInputError } from '@evenkeel/intents';
import { valuePosition } from '../exposure/value-position.js';
import type { CostCurve } from '../model/cost-curve.js';
import type { Position } from '../model/position.js';
import type { Greek } from './profile.js';

/**
 * Greeks of one unit of an instrument, from a position of size one: an option with `sizeUnits: '1'`, a perpetual future of
 * one unit with a collateral of nothing, a holding of one token.
 *
 * @param spot numeraire per unit of the underlying
 * @throws {PositionInvalidError} and others as `valuePosition` does
 *
 * @example
 * ```ts
 * const call = { id: 'call-3000', greeks: unitGreeks({ kind: 'option', optionType: 'call', sizeUnits: '1',
 *   strike: '3000', expirySeconds: now + 30 * 86_400, annualVolatility: '0.65', forwardRatio: '1', annualRate: '0' },
 *   2800, now), lotUnits: '1', buy: { curve, holdingCostPerDay: 0, marginPerUnit: 0 } }
 * ```
 */
export function unitGreeks(position: Position, spot: number, nowSeconds: number): Readonly<Record<Greek, number>> {
  const { deltaUnits, gammaPerUnit, vegaPerPoint } = valuePosition(position, spot, nowSeconds);
  return Object.freeze({ delta: deltaUnits, gamma: gammaPerUnit, vega: vegaPerPoint });
}

/** A quoted price with linear impact, for where no router samples a curve. */
export interface LinearImpact {
  readonly side: CostCurve['side'];
  /** Numeraire per unit: the fair price that costs are measured against. */
  readonly referencePrice: number;
  /** Gas and the like, numeraire for each trade. */
  readonly fixedCost: number;
  /** Half the spread and the fee: numeraire for the first unit. */
  readonly costPerUnit: number;
  /** By how much the marginal cost rises with each unit, numeraire per unit squared. */
  readonly impactPerUnit: number;
  /** No more than this can be traded. */
  readonly maxUnits: number;
}

/**
 * C(q) = fixedCost + costPerUnit · q + impactPerUnit · q²/2 as a cost curve.
 *
 * @throws {InvalidInputError} when a number is negative or not finite
 *
 * @example
 * ```ts
 * linearImpactCurve({ side: 'buy', referencePrice: 120, fixedCost: 4, costPerUnit: 1.5, impactPerUnit: 0.02, maxUnits: 50 })
 * ```
 */
export function linearImpactCurve(quote: LinearImpact): CostCurve {
  const { costPerUnit, fixedCost, impactPerUnit, maxUnits, referencePrice, side } = quote;
  for (const [field, value] of Object.entries({ referencePrice, fixedCost, costPerUnit, impactPerUnit, maxUnits })) {
    if (value >= 0 && Number.isFinite(value)) continue;
    throw new InvalidInputError(field, value, 'is not a finite number from 0', 'Give it in numeraire, or in units.');
  }
  const cost = fixedCost + maxUnits * (costPerUnit + (impactPerUnit * maxUnits) / 2);
  const end = { sizeUnits: maxUnits, cost, marginalCost: costPerUnit + impactPerUnit * maxUnits };
  return Object.freeze({
    side,
    referencePrice,
    fixedCost,
    points: Object.freeze(maxUnits > 0 ? [Object.freeze(end)] : []),
  });
}
