import type { BasisSensitivity, Greeks } from '../../model/exposure.js';
import type { AssetUnits } from '../../model/position.js';
import { toNumber } from '../number.js';

/** Delta and spot-independent value of so much of an asset. */
export interface LinearAsset {
  readonly deltaUnits: number;
  readonly fixedValue: number;
}

export function linearAsset(asset: AssetUnits, field: () => string): LinearAsset {
  const amount = toNumber(asset.amountUnits, () => `${field()}.amountUnits`);
  return {
    deltaUnits: amount * toNumber(asset.deltaPerUnit, () => `${field()}.deltaPerUnit`),
    fixedValue: amount * toNumber(asset.valuePerUnit, () => `${field()}.valuePerUnit`),
  };
}

/** What a move of an asset against the underlying does to so much delta in it: one point is a hundredth of all of it. */
export function basisOf(asset: string, deltaUnits: number, spot: number): BasisSensitivity {
  return { asset, valuePerPoint: (deltaUnits * spot) / 100, deltaPerPoint: deltaUnits / 100 };
}

/** Greeks with basis entries. */
export function withBasis(greeks: Greeks, basis: readonly BasisSensitivity[]): Greeks {
  const { deltaUnits, gammaPerUnit, thetaPerDay, value, vegaPerPoint } = greeks;
  return { value, deltaUnits, gammaPerUnit, vegaPerPoint, thetaPerDay, basis };
}

/** Greeks with the basis entry of an asset, where it has one. */
export function withBasisOf(greeks: Greeks, { basisAsset }: AssetUnits, deltaUnits: number, spot: number): Greeks {
  return basisAsset === undefined ? greeks : withBasis(greeks, [basisOf(basisAsset, deltaUnits, spot)]);
}
