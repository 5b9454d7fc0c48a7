import { Decimal, type DecimalString, parseDecimal } from '../model/decimal.js';
import { ShortfallInputInvalidError } from './errors.js';

/** One executed slice. Prices in numeraire per unit. */
export interface ShortfallFill {
  /** Signed change of delta that was made. */
  readonly deltaUnits: DecimalString;
  /** What was paid or received for a unit, without fees. */
  readonly price: DecimalString;
  /** The market's price right before the slice. */
  readonly priceBefore: DecimalString;
  /** Gas, pool and bridge fees, numeraire; not negative. */
  readonly fees: DecimalString;
}

export interface ShortfallInput {
  /** Signed change that was decided on; not zero. */
  readonly intendedDeltaUnits: DecimalString;
  /** When it was decided. */
  readonly decisionPrice: DecimalString;
  /** When work on it began. */
  readonly arrivalPrice: DecimalString;
  /** When work on it ended: what has not been traded is valued at it. */
  readonly endPrice: DecimalString;
  readonly fills: readonly ShortfallFill[];
}

/** Numeraire; negative is a gain. */
export interface ImplementationShortfall {
  /** The market's move between decision and arrival, on what was traded. */
  readonly delay: DecimalString;
  /** Its move between arrival and each slice, on that slice. */
  readonly timing: DecimalString;
  /** What each slice paid beyond the market right before it: spread and price impact. */
  readonly impact: DecimalString;
  readonly fees: DecimalString;
  /** The market's move since the decision, on what was not traded. */
  readonly opportunity: DecimalString;
  /** Σ of the above, exactly: paper portfolio less real one. */
  readonly total: DecimalString;
  /** `total` against the decision's notional; basis points. */
  readonly totalBps: number;
}

/**
 * What a trade cost against the paper portfolio that had it all at the decision's price:
 * Σ nⱼpⱼ − (Σ nⱼ)·p₀ + fees + (X − Σ nⱼ)(p_end − p₀), in parts that sum to it exactly:
 *
 *   delay = Σ nⱼ (p_arrival − p₀) · timing = Σ nⱼ (mⱼ − p_arrival) · impact = Σ nⱼ (pⱼ − mⱼ)
 *
 * Source: Perold, "The implementation shortfall: paper versus reality" (1988); the parts as in Wagner and Edwards (1993).
 *
 * @throws {ShortfallInputInvalidError} when nothing was intended, a price is not above zero, a fee is negative, or a fill
 * has the wrong sign
 * @example
 * ```ts
 * implementationShortfall({ intendedDeltaUnits: '10', decisionPrice: '2000', arrivalPrice: '2001', endPrice: '2004',
 *   fills: [{ deltaUnits: '8', price: '2003', priceBefore: '2002', fees: '3' }] }).total // '35'
 * ```
 */
export function implementationShortfall(input: ShortfallInput): ImplementationShortfall {
  const intended = parseDecimal(input.intendedDeltaUnits, 'intendedDeltaUnits');
  if (intended.isZero()) {
    throw new ShortfallInputInvalidError(
      'intendedDeltaUnits',
      '0',
      'is zero',
      'Report only what was meant to be traded.',
    );
  }
  const decision = price(input.decisionPrice, 'decisionPrice');
  const arrival = price(input.arrivalPrice, 'arrivalPrice');
  const end = price(input.endPrice, 'endPrice');
  let traded = new Decimal(0);
  let timing = new Decimal(0);
  let impact = new Decimal(0);
  let fees = new Decimal(0);
  for (const [i, fill] of input.fills.entries()) {
    const units = parseDecimal(fill.deltaUnits, `fills.${i}.deltaUnits`);
    if (units.times(intended).isNegative()) {
      const hint = 'Report a trade in the other direction as one of its own.';
      throw new ShortfallInputInvalidError(`fills.${i}.deltaUnits`, fill.deltaUnits, 'goes the other way', hint);
    }
    const before = price(fill.priceBefore, `fills.${i}.priceBefore`);
    const fee = parseDecimal(fill.fees, `fills.${i}.fees`);
    if (fee.isNegative()) {
      throw new ShortfallInputInvalidError(`fills.${i}.fees`, fill.fees, 'are negative', 'Give what was paid, from 0.');
    }
    traded = traded.plus(units);
    timing = timing.plus(units.times(before.minus(arrival)));
    impact = impact.plus(units.times(price(fill.price, `fills.${i}.price`).minus(before)));
    fees = fees.plus(fee);
  }
  const delay = traded.times(arrival.minus(decision));
  const opportunity = intended.minus(traded).times(end.minus(decision));
  const total = delay.plus(timing).plus(impact).plus(fees).plus(opportunity);
  return Object.freeze({
    delay: delay.toFixed(),
    timing: timing.toFixed(),
    impact: impact.toFixed(),
    fees: fees.toFixed(),
    opportunity: opportunity.toFixed(),
    total: total.toFixed(),
    totalBps: total.div(intended.abs().times(decision)).times(10_000).toNumber(),
  });
}

function price(text: DecimalString, field: string): Decimal {
  const value = parseDecimal(text, field);
  if (value.gt(0)) return value;
  throw new ShortfallInputInvalidError(field, text, 'is not above zero', 'Give numeraire per unit.');
}
