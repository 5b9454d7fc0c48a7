import type { Greeks } from '../../model/exposure.js';
import type { HoldingPosition } from '../../model/position.js';
import { atomsToNumber, toNumber } from '../number.js';

/** A token held: linear in the spot. */
export function holdingGreeks(position: HoldingPosition, spot: number): Greeks {
  const units = atomsToNumber(position.amount.atoms, position.amount.token.decimals);
  const deltaUnits = units * toNumber(position.deltaPerUnit, 'position.deltaPerUnit');
  const fixed = units * toNumber(position.valuePerUnit, 'position.valuePerUnit');
  return { value: deltaUnits * spot + fixed, deltaUnits, gammaPerUnit: 0, vegaPerPoint: 0, thetaPerDay: 0 };
}
