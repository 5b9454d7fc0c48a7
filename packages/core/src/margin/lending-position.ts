import type { AssetUnits, LendingPosition } from '../model/position.js';
import type { LendingMargin, LendingSide } from './margin-account.js';

/**
 * A lending account as margin, at a spot: what supplies and debts are worth, and what of the supplies counts.
 *
 * @example
 * ```ts
 * const account = lendingMargin(lendingMarginOf(position, 3000))
 * ```
 */
export function lendingMarginOf({ collateral, debt }: LendingPosition, spot: number): LendingMargin {
  return Object.freeze({
    spot,
    collateral: sideOf(collateral.map((each) => ({ ...each, counts: 1 }))),
    weighted: sideOf(collateral.map((each) => ({ ...each, counts: Number(each.liquidationThreshold) }))),
    debt: sideOf(debt.map((each) => ({ ...each, counts: 1 }))),
  });
}

function sideOf(assets: readonly (AssetUnits & { readonly counts: number })[]): LendingSide {
  const sum = (per: (asset: AssetUnits) => string): number =>
    assets.reduce((total, each) => total + each.counts * Number(each.amountUnits) * Number(per(each)), 0);
  return Object.freeze({
    units: sum(({ deltaPerUnit }) => deltaPerUnit),
    dollars: sum(({ valuePerUnit }) => valuePerUnit),
  });
}
