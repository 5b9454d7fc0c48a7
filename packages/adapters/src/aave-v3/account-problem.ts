import { sameAddress } from '@evenkeel/core';
import type { AaveAsset } from './aave-v3.js';
import type { AccountState, ReserveState } from './account-read.js';

const NORMAL_MODE = 0n;

/** Why an account cannot be understood; undefined where it can. */
export function problemOf(
  { collateralBase, debtBase, eMode, liquidationThresholdBps }: AccountState,
  used: readonly ReserveState[],
  assets: readonly AaveAsset[],
): string | undefined {
  for (const { asset, decimals } of used) {
    const known = assets.find(({ token }) => sameAddress(token.address, asset));
    if (known === undefined) return `it has ${asset}, which is not among its assets`;
    const stated = known.token.decimals;
    if (decimals !== stated) return `${known.token.symbol} has ${decimals} decimals, not ${stated}`;
  }
  const collateral = used.filter(({ isCollateral }) => isCollateral);
  const supplied = collateral.map((each) => baseValue(each, each.supplied));
  const borrowed = used.map((each) => baseValue(each, each.borrowed));
  // Each part is rounded for itself.
  const slack = BigInt(used.length);
  if (distance(total(supplied), collateralBase) > slack) return `its collateral does not add up to ${collateralBase}`;
  if (distance(total(borrowed), debtBase) > slack) return `its debt does not add up to ${debtBase}`;
  if (eMode !== NORMAL_MODE || collateralBase === 0n) return undefined;
  const weighted = total(collateral.map((each, i) => supplied[i]! * BigInt(each.liquidationThresholdBps)));
  const average = weighted / collateralBase;
  return distance(average, BigInt(liquidationThresholdBps)) > 1n
    ? `its thresholds do not average to ${liquidationThresholdBps} bps`
    : undefined;
}

function baseValue({ decimals, price }: ReserveState, atoms: bigint): bigint {
  return (atoms * price) / 10n ** BigInt(decimals);
}

function total(parts: readonly bigint[]): bigint {
  return parts.reduce((sum, part) => sum + part, 0n);
}

function distance(a: bigint, b: bigint): bigint {
  return a > b ? a - b : b - a;
}

/** The threshold at which a supply counts as collateral: an efficiency mode has one for all of it. */
export function thresholdBpsOf(
  { eMode, liquidationThresholdBps }: AccountState,
  reserve: Pick<ReserveState, 'isCollateral' | 'liquidationThresholdBps'>,
): number {
  if (!reserve.isCollateral) return 0;
  return eMode === NORMAL_MODE ? reserve.liquidationThresholdBps : liquidationThresholdBps;
}
