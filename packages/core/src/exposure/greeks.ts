import type { BasisSensitivity, Greeks } from '../model/exposure.js';

export const ZERO_GREEKS: Greeks = Object.freeze({
  value: 0,
  deltaUnits: 0,
  gammaPerUnit: 0,
  vegaPerPoint: 0,
  thetaPerDay: 0,
});

export function addGreeks(a: Greeks, b: Greeks): Greeks {
  const both = a.basis === undefined ? b.basis : b.basis === undefined ? a.basis : [...a.basis, ...b.basis];
  return {
    value: a.value + b.value,
    deltaUnits: a.deltaUnits + b.deltaUnits,
    gammaPerUnit: a.gammaPerUnit + b.gammaPerUnit,
    vegaPerPoint: a.vegaPerPoint + b.vegaPerPoint,
    thetaPerDay: a.thetaPerDay + b.thetaPerDay,
    ...(both === undefined ? {} : { basis: addBasis(both) }),
  };
}

export function scaleGreeks(greeks: Greeks, by: number): Greeks {
  return {
    value: greeks.value * by,
    deltaUnits: greeks.deltaUnits * by,
    gammaPerUnit: greeks.gammaPerUnit * by,
    vegaPerPoint: greeks.vegaPerPoint * by,
    thetaPerDay: greeks.thetaPerDay * by,
    ...(greeks.basis === undefined
      ? {}
      : {
          basis: greeks.basis.map(({ asset, deltaPerPoint, valuePerPoint }) => ({
            asset,
            valuePerPoint: valuePerPoint * by,
            deltaPerPoint: deltaPerPoint * by,
          })),
        }),
  };
}

/** One entry an asset, in the order in which they first appear. */
export function addBasis(all: readonly BasisSensitivity[]): readonly BasisSensitivity[] {
  const sums = new Map<string, BasisSensitivity>();
  for (const each of all) {
    const { asset } = each;
    const { deltaPerPoint = 0, valuePerPoint = 0 } = sums.get(asset) ?? {};
    sums.set(asset, {
      asset,
      valuePerPoint: valuePerPoint + each.valuePerPoint,
      deltaPerPoint: deltaPerPoint + each.deltaPerPoint,
    });
  }
  return [...sums.values()];
}
