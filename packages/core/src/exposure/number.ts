import { InvalidInputError } from '@evenkeel/intents';
import { type DecimalString, decimalFromNumber } from '../model/decimal.js';

const PLAIN_DECIMAL = /^-?\d+(?:\.\d+)?$/;

/** How a field is called, or what makes up its name: needed only where something is wrong. */
export type FieldName = string | (() => string);

/** A plain decimal string as the `number` that the stochastic side computes with. Refuses NaN, blanks, exponents. */
export function toNumber(text: DecimalString, field: FieldName): number {
  if (typeof text === 'string' && PLAIN_DECIMAL.test(text)) {
    const value = Number(text);
    if (Number.isFinite(value)) return value;
  }
  const name = typeof field === 'string' ? field : field();
  throw new InvalidInputError(name, text, 'is not a plain decimal', 'Write it as a string such as "-1.25".');
}

/** As {@link toNumber}, and above zero. */
export function toPositive(text: DecimalString, field: string): number {
  const value = toNumber(text, field);
  if (value > 0) return value;
  throw new InvalidInputError(field, text, 'must be above zero', 'Write a positive decimal such as "0.7".');
}

/** Shortest decimal string that reads back as the same number; the fast path of `decimalFromNumber`. */
export function toText(value: number, field: string): DecimalString {
  if (Number.isFinite(value)) {
    const text = String(value);
    if (!text.includes('e')) return text;
  }
  return decimalFromNumber(value, field);
}

/** Atoms in units, as a `number`. */
export function atomsToNumber(atoms: bigint, decimals: number): number {
  return Number(atoms) / 10 ** decimals;
}
