import type { BasisSensitivity, Greeks, Liquidation } from '../../model/exposure.js';
import type { AssetUnits, LendingPosition } from '../../model/position.js';
import { PositionInvalidError } from '../errors.js';
import { toNumber } from '../number.js';
import { basisOf, linearAsset, withBasis } from './asset-units.js';

/** Delta and spot-independent value on both sides of a lending account. */
interface Sides {
  readonly collateralDelta: number;
  readonly collateralValue: number;
  /** The same with each asset times its liquidation threshold. */
  readonly backedDelta: number;
  readonly backedValue: number;
  readonly debtDelta: number;
  readonly debtValue: number;
  /** The highest that any collateral has. */
  readonly bonus: number;
}

function sides({ collateral, debt }: LendingPosition): Sides {
  let [collateralDelta, collateralValue, backedDelta, backedValue, debtDelta, debtValue, bonus] = [0, 0, 0, 0, 0, 0, 0];
  for (let i = 0; i < collateral.length; i++) {
    const asset = collateral[i]!;
    const field = (): string => `position.collateral[${i}]`;
    const one = linearAsset(asset, field);
    const threshold = share(asset.liquidationThreshold, () => `${field()}.liquidationThreshold`);
    bonus = Math.max(
      bonus,
      share(asset.liquidationBonus ?? '0', () => `${field()}.liquidationBonus`),
    );
    collateralDelta += one.deltaUnits;
    collateralValue += one.fixedValue;
    backedDelta += one.deltaUnits * threshold;
    backedValue += one.fixedValue * threshold;
  }
  for (let i = 0; i < debt.length; i++) {
    const one = linearAsset(debt[i]!, () => `position.debt[${i}]`);
    debtDelta += one.deltaUnits;
    debtValue += one.fixedValue;
  }
  return { collateralDelta, collateralValue, backedDelta, backedValue, debtDelta, debtValue, bonus };
}

function share(text: string, field: () => string): number {
  const value = toNumber(text, field);
  if (value >= 0 && value <= 1) return value;
  throw new PositionInvalidError(field(), text, 'is not a share between 0 and 1');
}

/** A lending account while it is not liquidated: collateral less debt, both linear in the spot. */
export function lendingGreeks(position: LendingPosition, spot: number): Greeks {
  const all = sides(position);
  const deltaUnits = all.collateralDelta - all.debtDelta;
  const greeks: Greeks = {
    value: deltaUnits * spot + all.collateralValue - all.debtValue,
    deltaUnits,
    gammaPerUnit: 0,
    vegaPerPoint: 0,
    thetaPerDay: 0,
  };
  const basis: BasisSensitivity[] = [];
  addBasisOf(position.collateral, 1, spot, basis);
  addBasisOf(position.debt, -1, spot, basis);
  return basis.length === 0 ? greeks : withBasis(greeks, basis);
}

function addBasisOf(assets: readonly AssetUnits[], sign: 1 | -1, spot: number, basis: BasisSensitivity[]): void {
  for (const asset of assets) {
    if (asset.basisAsset === undefined) continue;
    const { deltaUnits } = linearAsset(asset, () => 'position');
    basis.push(basisOf(asset.basisAsset, sign * deltaUnits, spot));
  }
}

/**
 * Where the account can be liquidated and what becomes of its delta there. Undefined when no positive spot does it.
 *
 * Beyond the kink a liquidator repays debt and takes collateral of that worth plus a bonus, in proportion to what there
 * is; once all debt is repaid what is left of the collateral is the delta. Where collateral does not suffice, none is
 * left.
 */
export function liquidationOf(position: LendingPosition): Liquidation | undefined {
  return kinkOf(sides(position));
}

function kinkOf(all: Sides): Liquidation | undefined {
  const slope = all.backedDelta - all.debtDelta;
  const spot = (all.debtValue - all.backedValue) / slope;
  if (!(Number.isFinite(spot) && spot > 0)) return undefined;
  const debt = all.debtDelta * spot + all.debtValue;
  const collateral = all.collateralDelta * spot + all.collateralValue;
  const taken = collateral > 0 ? Math.min(1, (debt * (1 + all.bonus)) / collateral) : 1;
  return {
    spot,
    side: slope > 0 ? 'below' : 'above',
    deltaUnits: all.collateralDelta - all.debtDelta,
    deltaUnitsAfter: all.collateralDelta * (1 - taken),
    bonusPaid: Math.max(0, taken * collateral - debt),
  };
}

/** What somebody else may do to the account at a spot, and where. */
export interface LiquidationRisk {
  readonly liquidation?: Liquidation;
  readonly reach: { readonly low: number; readonly high: number };
}

/**
 * The kink, and how far a liquidator who may act at this spot can move the delta: down by the collateral that the debt
 * and its bonus pay for, up by the debt that follows the spot. Nothing while the account is healthy.
 */
export function liquidationRisk(position: LendingPosition, spot: number): LiquidationRisk {
  const all = sides(position);
  const liquidation = kinkOf(all);
  const reach = reachOf(all, spot);
  return liquidation === undefined ? { reach } : { reach, liquidation: Object.freeze(liquidation) };
}

function reachOf(all: Sides, spot: number): LiquidationRisk['reach'] {
  const debt = all.debtDelta * spot + all.debtValue;
  if (!(all.backedDelta * spot + all.backedValue < debt)) return { low: 0, high: 0 };
  const payable = (debt * (1 + all.bonus)) / spot;
  return { low: Math.min(Math.max(0, all.collateralDelta), payable), high: Math.max(0, all.debtDelta) };
}

/** The most that either side of the account moves with the spot: where a liquidation could throw the delta. */
export function lendingGrossDelta(position: LendingPosition): number {
  const all = sides(position);
  return Math.abs(all.collateralDelta) + Math.abs(all.debtDelta);
}
