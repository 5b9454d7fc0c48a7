import type { Address, Hex } from '@evenkeel/core';
import * as v from 'valibot';

type Schema<T> = v.GenericSchema<unknown, T>;

const hexOf = (pattern: RegExp, message: string): Schema<Hex> =>
  v.pipe(
    v.string(),
    v.regex(pattern, message),
    v.transform((text) => text as Hex),
  );

export const hexSchema: Schema<Hex> = hexOf(/^0x(?:[0-9a-f]{2})*$/i, 'is not hex bytes');
export const hashSchema: Schema<Hex> = hexOf(/^0x[0-9a-f]{64}$/i, 'is not 32 bytes');
export const addressSchema: Schema<Address> = hexOf(/^0x[0-9a-f]{40}$/i, 'is not an address');

/** A hex quantity; some services write numbers. */
export const quantitySchema: Schema<bigint> = v.pipe(
  v.union([
    v.pipe(v.string(), v.regex(/^0x[0-9a-f]{1,64}$/i, 'is not a quantity')),
    v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  ]),
  v.transform((value) => BigInt(value)),
);

export const chainIdSchema: Schema<number> = v.pipe(
  quantitySchema,
  v.check((value) => value <= BigInt(Number.MAX_SAFE_INTEGER), 'is too large'),
  v.transform(Number),
);

export function toQuantity(value: bigint | number): Hex {
  return `0x${value.toString(16)}`;
}
