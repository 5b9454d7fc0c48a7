import type { Greeks } from '../../model/exposure.js';
import type { LendingPosition } from '../../model/position.js';
import { toNumber } from '../number.js';
import { linearAsset } from './asset-units.js';

/** Delta and spot-independent value on both sides of a lending account. */
interface Sides {
  readonly collateralDelta: number;
  readonly collateralValue: number;
  readonly debtDelta: number;
  readonly debtValue: number;
}

function sides(position: LendingPosition, weight: (threshold: number) => number): Sides {
  let collateralDelta = 0;
  let collateralValue = 0;
  let debtDelta = 0;
  let debtValue = 0;
  for (const [i, asset] of position.collateral.entries()) {
    const one = linearAsset(asset, `position.collateral[${i}]`);
    const share = weight(toNumber(asset.liquidationThreshold, `position.collateral[${i}].liquidationThreshold`));
    collateralDelta += one.deltaUnits * share;
    collateralValue += one.fixedValue * share;
  }
  for (const [i, asset] of position.debt.entries()) {
    const one = linearAsset(asset, `position.debt[${i}]`);
    debtDelta += one.deltaUnits;
    debtValue += one.fixedValue;
  }
  return { collateralDelta, collateralValue, debtDelta, debtValue };
}

/** A lending account while it is not liquidated: collateral less debt, both linear in the spot. */
export function lendingGreeks(position: LendingPosition, spot: number): Greeks {
  const all = sides(position, () => 1);
  const deltaUnits = all.collateralDelta - all.debtDelta;
  return {
    value: deltaUnits * spot + all.collateralValue - all.debtValue,
    deltaUnits,
    gammaPerUnit: 0,
    vegaPerPoint: 0,
    thetaPerDay: 0,
  };
}

/**
 * The spot at which the account can be liquidated, numeraire per unit: where collateral times its thresholds equals
 * debt. Undefined when no positive spot does it. A constraint on trades, not a part of the delta.
 */
export function liquidationSpot(position: LendingPosition): number | undefined {
  const backed = sides(position, (threshold) => threshold);
  const slope = backed.collateralDelta - backed.debtDelta;
  const spot = (backed.debtValue - backed.collateralValue) / slope;
  return Number.isFinite(spot) && spot > 0 ? spot : undefined;
}

/** The most that either side of the account moves with the spot: where a liquidation could throw the delta. */
export function lendingGrossDelta(position: LendingPosition): number {
  const all = sides(position, () => 1);
  return Math.abs(all.collateralDelta) + Math.abs(all.debtDelta);
}
