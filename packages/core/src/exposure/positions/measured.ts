import type { Greeks } from '../../model/exposure.js';
import type { MeasuredPosition } from '../../model/position.js';
import { PositionInvalidError } from '../errors.js';
import { toNumber, toPositive } from '../number.js';

/**
 * Value and greeks of a measured position: the second-order expansion around the spot that it was measured at. Theta and
 * vega were not measured and are zero here.
 *
 * @throws {PositionInvalidError} where the spot has moved further than the measurement holds
 */
export function measuredGreeks(position: MeasuredPosition, spot: number): Greeks {
  const at = toPositive(position.spot, 'position.spot');
  const within = toPositive(position.validWithinShare, 'position.validWithinShare');
  const moved = spot - at;
  if (Math.abs(moved) > within * at) {
    throw new PositionInvalidError('spot', position.spot, `is further than ${within} of it from the market's ${spot}`);
  }
  const delta = toNumber(position.deltaUnits, 'position.deltaUnits');
  const gamma = toNumber(position.gammaPerUnit, 'position.gammaPerUnit');
  return {
    value: toNumber(position.value, 'position.value') + delta * moved + 0.5 * gamma * moved * moved,
    deltaUnits: delta + gamma * moved,
    gammaPerUnit: gamma,
    vegaPerPoint: 0,
    thetaPerDay: 0,
  };
}
