import { InvalidInputError } from '@evenkeel/intents';
import { MarginUnreachableError } from './errors.js';
import { checkedLimits, type MarginLimits } from './limits.js';
import { checkedAccount, type LendingMargin, type MarginAccount, type PerpetualMargin } from './margin-account.js';

/**
 * The least numeraire that brings an account within its limits; zero where it is.
 *
 * @param weight what a unit added counts as margin: 1 for the settlement token of a perpetual, the liquidation threshold
 * of what is supplied to a lending account
 * @throws {InvalidInputError} for numbers that cannot be
 * @example
 * ```ts
 * planTopUp(account, { maxLeverage: 5, minDistance: 0.25 }, 1) // 1187.5
 * ```
 */
export function planTopUp(account: MarginAccount, limits: MarginLimits, weight: number): number {
  const { equity, gross } = checkedAccount(account);
  const { maxLeverage } = checkedLimits(limits);
  if (!(weight > 0 && weight <= 1)) {
    throw new InvalidInputError('weight', weight, 'is not from 0 to 1', 'Write 0.78 for a threshold of 78 %.');
  }
  const short = Math.max(...stressed(account, limits).map((surplus) => -surplus));
  return Math.max(0, gross / maxLeverage - equity, short / weight);
}

/** Surplus where the spot has moved by the distance, either way: a straight line is lowest at an end. */
function stressed(
  { spot, surplusAtZero, surplusPerUnit }: Pick<MarginAccount, 'spot' | 'surplusAtZero' | 'surplusPerUnit'>,
  { minDistance }: MarginLimits,
): readonly [number, number] {
  const at = (factor: number): number => surplusAtZero + surplusPerUnit * spot * factor;
  return [at(1 - minDistance), at(1 + minDistance)];
}

/** What is added to each number of an account: by a unit that is paid in, or by closing all of a position. A part of it adds that part. */
export type MarginChange = Pick<MarginAccount, 'equity' | 'gross' | 'surplusAtZero' | 'surplusPerUnit'>;

/** What closing all of a position at the spot adds. */
export type Reduction = MarginChange;

/**
 * A unit of numeraire that is paid in.
 *
 * @param weight as in {@link planTopUp}
 * @example
 * ```ts
 * moneyPaidIn(0.78) // a dollar supplied to a lending account that counts 78 % of it
 * ```
 */
export function moneyPaidIn(weight: number): MarginChange {
  return Object.freeze({ surplusAtZero: weight, surplusPerUnit: 0, equity: 1, gross: 0 });
}

/** An account with so much of a change. */
export function changed(account: MarginAccount, change: MarginChange, amount: number): MarginAccount {
  return Object.freeze({
    spot: account.spot,
    surplusAtZero: account.surplusAtZero + amount * change.surplusAtZero,
    surplusPerUnit: account.surplusPerUnit + amount * change.surplusPerUnit,
    equity: account.equity + amount * change.equity,
    gross: Math.max(0, account.gross + amount * change.gross),
  });
}

/**
 * Closing a perpetual future.
 *
 * @param costShare what closing costs, as a share of the value closed: 0.002
 */
export function perpetualReduction(
  { maintenanceRatio, sizeUnits, spot }: Pick<PerpetualMargin, 'maintenanceRatio' | 'sizeUnits' | 'spot'>,
  costShare: number,
): Reduction {
  const gross = Math.abs(sizeUnits) * spot;
  return Object.freeze({
    surplusAtZero: sizeUnits * spot - costShare * gross,
    surplusPerUnit: maintenanceRatio * Math.abs(sizeUnits) - sizeUnits,
    equity: -costShare * gross,
    gross: -gross,
  });
}

/**
 * Repaying all debt in the underlying out of collateral in numeraire.
 *
 * @param threshold at which that collateral counts
 * @param costShare what buying the underlying costs, as a share of its value
 */
export function lendingReduction(
  { debt, spot }: Pick<LendingMargin, 'debt' | 'spot'>,
  threshold: number,
  costShare: number,
): Reduction {
  const owed = debt.units * spot + debt.dollars;
  return Object.freeze({
    surplusAtZero: debt.dollars - threshold * owed * (1 + costShare),
    surplusPerUnit: debt.units,
    equity: -costShare * owed,
    gross: -owed,
  });
}

/**
 * The least share of a position that has to be closed to bring an account within its limits; zero where it is.
 *
 * @throws {MarginUnreachableError} where not even closing all of it does
 * @throws {InvalidInputError} for numbers that cannot be
 * @example
 * ```ts
 * planReduction(account, perpetualReduction({ spot: 3000, sizeUnits: -10, maintenanceRatio: 0.0625 }, 0.002), limits) // 0.31
 * ```
 */
export function planReduction(account: MarginAccount, reduction: Reduction, limits: MarginLimits): number {
  const { least, most } = amountsWithin(account, reduction, limits);
  if (least <= Math.min(most, 1)) return least;
  throw new MarginUnreachableError({ least, most: Math.min(most, 1) });
}

/**
 * How much of a change brings an account within its limits: an interval, from zero where it is within them. None does
 * where `most` is below `least`.
 *
 * @throws {InvalidInputError} for numbers that cannot be
 */
export function amountsWithin(
  account: MarginAccount,
  change: MarginChange,
  limits: MarginLimits,
): { readonly least: number; readonly most: number } {
  const { equity, gross, spot } = checkedAccount(account);
  const { maxLeverage } = checkedLimits(limits);
  const lines: readonly Line[] = [
    { now: maxLeverage * equity - gross, change: maxLeverage * change.equity - change.gross },
    ...stressed(account, limits).map((now, end) => ({ now, change: stressed({ ...change, spot }, limits)[end]! })),
  ];
  // Each has to be zero or more, and is linear in the amount: the amounts that do are an interval.
  let [least, most] = [0, Infinity];
  for (const { change: per, now } of lines) {
    if (per > 0) least = Math.max(least, -now / per);
    else if (per < 0) most = Math.min(most, -now / per);
    else if (now < 0) most = -1;
  }
  return { least, most };
}

/** A condition that is met from zero on: `now` + amount · `change`. */
interface Line {
  readonly now: number;
  readonly change: number;
}
