import type { BasisSensitivity, Greeks } from '../../model/exposure.js';
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

/** What a move of an asset against the underlying does to so much delta in it: one point is a hundredth of all of it. */
export function basisOf(asset: string, deltaUnits: number, spot: number): BasisSensitivity {
  return { asset, valuePerPoint: (deltaUnits * spot) / 100, deltaPerPoint: deltaUnits / 100 };
}

/** The basis entries of these assets, as a part of greeks: nothing at all where there are none. */
export function basisPart(
  assets: readonly { readonly asset: AssetUnits; readonly deltaUnits: number }[],
  spot: number,
): Pick<Greeks, 'basis'> {
  const named = assets.filter(({ asset }) => asset.basisAsset !== undefined);
  if (named.length === 0) return {};
  return { basis: named.map(({ asset, deltaUnits }) => basisOf(asset.basisAsset!, deltaUnits, spot)) };
}
