import type { AssetUnits } from '../../model/position.js';
import { toNumber } from '../number.js';

/** Delta and spot-independent value of so much of an asset. */
export interface LinearAsset {
  readonly deltaUnits: number;
  readonly fixedValue: number;
}

export function linearAsset(asset: AssetUnits, field: string): LinearAsset {
  const amount = toNumber(asset.amountUnits, `${field}.amountUnits`);
  return {
    deltaUnits: amount * toNumber(asset.deltaPerUnit, `${field}.deltaPerUnit`),
    fixedValue: amount * toNumber(asset.valuePerUnit, `${field}.valuePerUnit`),
  };
}
