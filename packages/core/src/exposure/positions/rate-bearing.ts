import type { Greeks } from '../../model/exposure.js';
import type { RateBearingPosition } from '../../model/position.js';
import { atomsToNumber, toPositive } from '../number.js';
import { basisOf } from './asset-units.js';

/** A staked token: V = amount · rate · β · S, linear in the spot and in its basis β to it. */
export function rateBearingGreeks(position: RateBearingPosition, spot: number): Greeks {
  const { amount } = position;
  const rate = toPositive(position.rate, 'position.rate');
  const basisRatio = toPositive(position.basisRatio, 'position.basisRatio');
  const deltaUnits = atomsToNumber(amount.atoms, amount.token.decimals) * rate * basisRatio;
  return {
    value: deltaUnits * spot,
    deltaUnits,
    gammaPerUnit: 0,
    vegaPerPoint: 0,
    thetaPerDay: 0,
    basis: [basisOf(amount.token.symbol, deltaUnits, spot)],
  };
}
