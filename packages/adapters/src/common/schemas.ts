import type { Address, Hex, Token } from '@evenkeel/core';
import { InvalidInputError } from '@evenkeel/intents';
import * as v from 'valibot';

type Schema<T> = v.GenericSchema<unknown, T>;

export const addressSchema: Schema<Address> = v.pipe(
  v.string(),
  v.regex(/^0x[0-9a-f]{40}$/i, 'is not a 20-byte address'),
  v.transform((text) => text as Address),
);

export const hexSchema: Schema<Hex> = v.pipe(
  v.string(),
  v.regex(/^0x(?:[0-9a-f]{2})*$/i, 'is not hex bytes'),
  v.transform((text) => text as Hex),
);

export const wordSchema: Schema<Hex> = v.pipe(
  v.string(),
  v.regex(/^0x[0-9a-f]{64}$/i, 'is not 32 bytes'),
  v.transform((text) => text as Hex),
);

const UINT256_LIMIT = 1n << 256n;

/** Token atoms as JSON carries them: decimal digits. */
export const atomsSchema: Schema<bigint> = v.pipe(
  v.string(),
  v.regex(/^(?:0|[1-9]\d{0,77})$/, 'is not a whole number of atoms'),
  v.transform((text) => BigInt(text)),
  v.check((atoms) => atoms < UINT256_LIMIT, 'does not fit 256 bits'),
);

/** A whole number that JSON writes as a number and some services as a string. */
export const countSchema: Schema<number> = v.pipe(
  v.union([v.number(), v.pipe(v.string(), v.regex(/^\d{1,16}$/, 'is not a whole number'), v.transform(Number))]),
  v.safeInteger(),
  v.minValue(0),
);

export const chainIdSchema: Schema<number> = v.pipe(v.number(), v.safeInteger(), v.minValue(1));

export const tokenSchema: Schema<Token> = v.strictObject({
  chainId: chainIdSchema,
  address: addressSchema,
  symbol: v.string(),
  decimals: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(77)),
});

/** The first thing that is wrong with a value, as `path: message`. */
export function firstIssue(issues: readonly [v.BaseIssue<unknown>, ...v.BaseIssue<unknown>[]]): string {
  const [issue] = issues;
  const path = v.getDotPath(issue);
  return path === null ? issue.message : `${path}: ${issue.message}`;
}

/**
 * The adapter's own payload, come back from a journal or another process.
 * @throws {InvalidInputError} when it is not one that this adapter wrote.
 */
export function parsePayload<T>(schema: Schema<T>, payload: unknown, adapter: string): T {
  const parsed = v.safeParse(schema, payload);
  if (parsed.success) return parsed.output;
  throw new InvalidInputError(
    'quote.payload',
    payload,
    `is not a payload of ${adapter} (${firstIssue(parsed.issues)})`,
    'Hand back the payload of its quote untouched.',
  );
}
