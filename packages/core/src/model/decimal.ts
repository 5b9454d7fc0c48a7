import { InvalidInputError } from '@evenkeel/intents';
import { BigNumber } from 'bignumber.js';
import type { Token } from './token.js';

/**
 * Decimal arithmetic of our own configuration: a private clone, because the library's configuration is global.
 * 40 places after the point cover 18-decimal prices of 18-decimal tokens with room to spare.
 */
export const Decimal: typeof BigNumber = BigNumber.clone({
  DECIMAL_PLACES: 40,
  ROUNDING_MODE: BigNumber.ROUND_HALF_EVEN,
  EXPONENTIAL_AT: 1e9,
  POW_PRECISION: 80,
});
export type Decimal = BigNumber;

/** A number as text, plain notation: `"-1.25"`. What crosses a package boundary or stands in JSON. */
export type DecimalString = string;

const PLAIN_DECIMAL = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/;

/** Parses a decimal string; refuses NaN, infinities, exponents, blanks and JS numbers that have lost digits. */
export function parseDecimal(value: unknown, field: string): Decimal {
  if (typeof value === 'string' && PLAIN_DECIMAL.test(value)) return new Decimal(value);
  throw new InvalidInputError(field, value, 'is not a plain decimal', 'Write it as a string such as "-1.25".');
}

/** A finite JS number (the stochastic side) as a decimal string, without exponent. */
export function decimalFromNumber(value: number, field: string): DecimalString {
  if (!Number.isFinite(value)) throw new InvalidInputError(field, value, 'is not finite', 'Check its inputs.');
  const text = value.toString();
  return text.includes('e') ? new Decimal(text).toFixed() : text;
}

/** `"1.5"` of a 6-decimal token → `1500000n`. More decimals than the token has are refused, never rounded away. */
export function toAtoms(token: Pick<Token, 'decimals' | 'symbol'>, units: DecimalString, field = 'amount'): bigint {
  const scaled = parseDecimal(units, field).shiftedBy(token.decimals);
  if (!scaled.isInteger()) {
    throw new InvalidInputError(
      field,
      units,
      `has more than the ${token.decimals} decimals of ${token.symbol}`,
      'Round it to what the token can hold.',
    );
  }
  return BigInt(scaled.toFixed(0));
}

/** `1500000n` of a 6-decimal token → `"1.5"`. Exact. */
export function fromAtoms(token: Pick<Token, 'decimals'>, atoms: bigint): DecimalString {
  return new Decimal(atoms.toString()).shiftedBy(-token.decimals).toFixed();
}
