import type { Greeks } from '../../model/exposure.js';
import type { PerpetualPosition } from '../../model/position.js';
import { toNumber, toPositive } from '../number.js';
import { linearAsset, withBasisOf } from './asset-units.js';

/** A linear perpetual future: its size, plus the collateral where that moves with the spot. */
export function perpetualGreeks(position: PerpetualPosition, spot: number): Greeks {
  const size = toNumber(position.sizeUnits, 'position.sizeUnits');
  const profit = size * (spot - toPositive(position.entryPrice, 'position.entryPrice'));
  const funding = toNumber(position.accruedFunding, 'position.accruedFunding');
  const collateral = linearAsset(position.collateral, () => 'position.collateral');
  const greeks: Greeks = {
    value: profit + funding + collateral.deltaUnits * spot + collateral.fixedValue,
    deltaUnits: size + collateral.deltaUnits,
    gammaPerUnit: 0,
    vegaPerPoint: 0,
    thetaPerDay: 0,
  };
  return withBasisOf(greeks, position.collateral, collateral.deltaUnits, spot);
}
