import { InvalidInputError } from '@evenkeel/intents';

/**
 * An account that is liquidated when its surplus falls below zero, seen as a straight line in the spot S:
 * surplus(S) = surplusAtZero + surplusPerUnit · S. Perpetual futures and lending accounts are both of this kind, with
 * other words for the numbers.
 */
export interface MarginAccount {
  readonly spot: number;
  /** Numeraire. */
  readonly surplusAtZero: number;
  /** Units of the underlying. */
  readonly surplusPerUnit: number;
  /** What the account is worth at `spot`, all collateral counted in full. */
  readonly equity: number;
  /** Value at `spot` of what is at risk: the position, or the debt and collateral that move. Not below zero. */
  readonly gross: number;
}

/** Where an account stands. */
export interface MarginState {
  /** `gross` over equity; infinite where there is no equity. */
  readonly leverage: number;
  /** The spot at which it may be liquidated, where there is one in the direction that harms it. */
  readonly liquidationSpot?: number;
  /** How far the spot has to move until then, as a share of it: 0.25. Infinite where no move does it, 0 where it may be now. */
  readonly distance: number;
}

/**
 * Leverage and the way to liquidation.
 *
 * @throws {InvalidInputError} for a number that is not finite, a spot that is not positive
 * @example
 * ```ts
 * marginState(perpetualMargin({ spot: 3000, sizeUnits: -10, openNotional: 30_000, margin: 4_000, weightedUnits: 0,
 *   weightedDollars: 0, collateralValue: 0, maintenanceRatio: 0.0625 })).liquidationSpot // 3200
 * ```
 */
export function marginState(account: MarginAccount): MarginState {
  const { equity, gross, spot } = checkedAccount(account);
  const leverage = gross === 0 ? 0 : equity > 0 ? gross / equity : Infinity;
  if (surplusOf(account) < 0) return Object.freeze({ leverage, liquidationSpot: spot, distance: 0 });
  const { surplusAtZero, surplusPerUnit } = account;
  const at = surplusPerUnit === 0 ? Infinity : -surplusAtZero / surplusPerUnit;
  // The line crosses zero on the side on which it falls; a crossing at a spot below zero never comes.
  const isReached = at > 0 && Number.isFinite(at);
  if (!isReached) return Object.freeze({ leverage, distance: Infinity });
  return Object.freeze({ leverage, liquidationSpot: at, distance: Math.abs(at / spot - 1) });
}

/** What lies between the account and liquidation at its spot, in its venue's own weights. */
export function surplusOf({ spot, surplusAtZero, surplusPerUnit }: MarginAccount): number {
  return surplusAtZero + surplusPerUnit * spot;
}

/** What a perpetual future's account is made of. */
export interface PerpetualMargin {
  readonly spot: number;
  /** Shorts are negative. */
  readonly sizeUnits: number;
  /** What a short received, less what a long paid. */
  readonly openNotional: number;
  /** Settled numeraire and funding that is owed to it. */
  readonly margin: number;
  /** Collateral in units of the underlying and in numeraire, as far as it counts. */
  readonly weightedUnits: number;
  readonly weightedDollars: number;
  /** All of that collateral, in full, at `spot`. */
  readonly collateralValue: number;
  /** Share of the position's value that has to be there: 0.0625. */
  readonly maintenanceRatio: number;
}

/** @throws {InvalidInputError} as {@link marginState} */
export function perpetualMargin(given: PerpetualMargin): MarginAccount {
  const { maintenanceRatio, margin, openNotional, sizeUnits, spot, weightedDollars, weightedUnits } = given;
  return checkedAccount({
    spot,
    surplusAtZero: margin + weightedDollars + openNotional,
    surplusPerUnit: sizeUnits + weightedUnits - maintenanceRatio * Math.abs(sizeUnits),
    equity: margin + given.collateralValue + openNotional + sizeUnits * spot,
    gross: Math.abs(sizeUnits) * spot,
  });
}

/** One asset of a lending account: what a unit of the account's amount is worth is `units` · S + `dollars`. */
export interface LendingSide {
  readonly units: number;
  readonly dollars: number;
}

/** A lending account: collateral as it is, as far as it counts, and debt. */
export interface LendingMargin {
  readonly spot: number;
  readonly collateral: LendingSide;
  /** Collateral times the liquidation thresholds. */
  readonly weighted: LendingSide;
  readonly debt: LendingSide;
}

/** @throws {InvalidInputError} as {@link marginState} */
export function lendingMargin({ collateral, debt, spot, weighted }: LendingMargin): MarginAccount {
  const worth = ({ dollars, units }: LendingSide): number => units * spot + dollars;
  return checkedAccount({
    spot,
    surplusAtZero: weighted.dollars - debt.dollars,
    surplusPerUnit: weighted.units - debt.units,
    equity: worth(collateral) - worth(debt),
    gross: worth(debt),
  });
}

/** @throws {InvalidInputError} naming the field that is not a number */
export function checkedAccount(account: MarginAccount): MarginAccount {
  for (const [field, value] of Object.entries(account) as [keyof MarginAccount, number][]) {
    if (Number.isFinite(value)) continue;
    throw new InvalidInputError(
      `account.${field}`,
      value,
      'is not a number',
      'An account that is not known is no margin.',
    );
  }
  if (account.spot > 0 && account.gross >= 0) return Object.freeze({ ...account });
  const field = account.spot > 0 ? 'gross' : 'spot';
  throw new InvalidInputError(`account.${field}`, account[field], 'is not a value', 'Check its source.');
}
