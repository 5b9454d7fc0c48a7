import { Decimal, type DecimalString, fromAtoms } from '@evenkeel/core';
import { type PerpetualMargin } from '@evenkeel/core/margin';
import type { PerpV2Account } from './account.js';
import { PerpMarginUnknownError } from './errors.js';

/**
 * An account of Perp v2 as margin: what `@evenkeel/core/margin` plans with. Prices are mark prices, at which the venue
 * liquidates.
 *
 * @throws {PerpMarginUnknownError} for makers, for positions in other markets and for collateral that is not listed: they
 * move the margin in ways that are not known here
 * @example
 * ```ts
 * const account = perpetualMargin(perpV2Margin(await readPerpV2Account(market, owner, signal)))
 * const { distance } = marginState(account)
 * ```
 */
export function perpV2Margin(account: PerpV2Account): PerpetualMargin {
  const { collaterals, hasOtherMarkets, isMaker, markPrice, sizeUnits, unlisted } = account;
  if (isMaker) throw new PerpMarginUnknownError('it provides liquidity');
  if (hasOtherMarkets) throw new PerpMarginUnknownError('it has positions in other markets');
  if (unlisted.length > 0) throw new PerpMarginUnknownError(`nobody says what ${unlisted.join()} is worth`);
  const spot = new Decimal(markPrice);
  const parts = collaterals.map(({ atoms, deltaPerUnit, token, valuePerUnit, weight }) => {
    const units = new Decimal(fromAtoms(token, atoms));
    const counted = units.times(weight);
    return {
      units: counted.times(deltaPerUnit),
      dollars: counted.times(valuePerUnit),
      value: units.times(spot.times(deltaPerUnit).plus(valuePerUnit)),
    };
  });
  const sum = (of: (part: (typeof parts)[number]) => Decimal): number =>
    Number(parts.reduce((total, part) => total.plus(of(part)), new Decimal(0)));
  return Object.freeze({
    spot: Number(spot),
    sizeUnits: Number(sizeUnits),
    openNotional: Number(account.openNotional),
    margin: Number(plus(account.settledMargin, account.pendingFunding)),
    weightedUnits: sum(({ units }) => units),
    weightedDollars: sum(({ dollars }) => dollars),
    collateralValue: sum(({ value }) => value),
    maintenanceRatio: Number(account.maintenanceRatio),
  });
}

const plus = (a: DecimalString, b: DecimalString): Decimal => new Decimal(a).plus(b);
