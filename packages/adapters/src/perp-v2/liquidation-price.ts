import { type DecimalString, parseDecimal as parse } from '@evenkeel/core';

/** What decides when an account with one market may be liquidated. Decimal strings; money in dollars. */
export interface PerpV2Margin {
  /** Shorts are negative. */
  readonly sizeUnits: DecimalString;
  /** Dollars that closing has to make up for: what a short received, less what a long paid. */
  readonly openNotional: DecimalString;
  /** Dollars of margin, funding and realised profit included. */
  readonly settledMargin: DecimalString;
  /** Units of the underlying that lie as margin, each counted with its weight: 1 WETH at 70 % is "0.7". */
  readonly weightedUnits: DecimalString;
  /** The share of the position's value that has to be there: "0.0625". */
  readonly maintenanceRatio: DecimalString;
}

/**
 * The mark price at which the account's value equals its maintenance margin, or nothing where no price does that harm.
 * Margin M, open notional N, size q and weighted underlying w: M + N + (q + w)·P = m·|q|·P.
 *
 * It takes the price of the underlying in the vault to move as the mark price does. Pure.
 *
 * Source: Perpetual Protocol v2, ClearingHouse `_isLiquidatable` (curie-contract 2.8.4).
 *
 * @throws {InvalidInputError} for a field that is not a plain decimal
 * @example
 * ```ts
 * perpV2LiquidationPrice({ sizeUnits: '-10', openNotional: '30000', settledMargin: '4000', weightedUnits: '0',
 *   maintenanceRatio: '0.0625' }) // '3200'
 * ```
 */
export function perpV2LiquidationPrice(margin: PerpV2Margin): DecimalString | undefined {
  const size = parse(margin.sizeUnits, 'margin.sizeUnits');
  if (size.isZero()) return undefined;
  const fixed = parse(margin.settledMargin, 'margin.settledMargin').plus(
    parse(margin.openNotional, 'margin.openNotional'),
  );
  const required = size.abs().times(parse(margin.maintenanceRatio, 'margin.maintenanceRatio'));
  const slope = size.plus(parse(margin.weightedUnits, 'margin.weightedUnits')).minus(required);
  if (slope.isZero()) return undefined;
  const price = fixed.dividedBy(slope).negated();
  return price.gt(0) ? price.toFixed() : undefined;
}
