import * as v from 'valibot';
import type { Address, Token } from '../model/token.js';

export const decimal: v.GenericSchema<string> = v.pipe(v.string(), v.regex(/^-?\d+(?:\.\d+)?$/));
export const finite: v.GenericSchema<number> = v.pipe(v.number(), v.finite());
export const wholeSeconds: v.GenericSchema<number> = v.pipe(v.number(), v.safeInteger());
export const atoms: v.GenericSchema<string, bigint> = v.pipe(
  v.string(),
  v.regex(/^\d+$/),
  v.transform((digits) => BigInt(digits)),
);
export const token: v.GenericSchema<Token> = v.object({
  chainId: v.pipe(v.number(), v.safeInteger()),
  address: v.custom<Address>((value) => typeof value === 'string' && /^0x[0-9a-fA-F]{40}$/.test(value)),
  symbol: v.string(),
  decimals: v.pipe(v.number(), v.safeInteger()),
});
/** Of a `StatedMarket`. */
export const market: {
  readonly reference: v.GenericSchema<{ readonly price: string; readonly source: string }>;
  readonly nativePrice: v.GenericSchema<Readonly<Record<string, string>>>;
} = {
  reference: v.object({ price: decimal, source: v.string() }),
  nativePrice: v.record(v.string(), decimal),
};
