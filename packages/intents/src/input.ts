import { getAddress } from 'ethers/address';
import * as v from 'valibot';
import { isPlainDecimal } from './decimal.js';
import { InvalidInputError } from './errors.js';
import type { Address, Hex } from './intent.js';

/**
 * The schemas of single values, shared by everything that this package reads from outside, and the one function that
 * runs a schema and says what is wrong. A schema's message holds two lines: the problem and the way out.
 */

const says = (problem: string, hint: string): string => `${problem}\n${hint}`;

const UINT256_END = 2n ** 256n;

/** An object with exactly these fields. */
export function record<const E extends v.ObjectEntries>(
  entries: E,
): v.StrictObjectSchema<E, (issue: v.StrictObjectIssue) => string> {
  return v.strictObject(entries, (issue) => {
    if (issue.expected === 'never') return says('is not a known field', 'Remove it.');
    if (issue.expected === 'Object') return says('is not an object', 'Give an object with the documented fields.');
    return says('is missing', 'Add it.');
  });
}

/** At least one item; beyond 256 it is not an intent but an attack on the reader. */
export function list<const S extends v.GenericSchema>(
  item: S,
): v.SchemaWithPipe<
  readonly [
    v.ArraySchema<S, string>,
    v.NonEmptyAction<v.InferOutput<S>[], string>,
    v.MaxLengthAction<v.InferOutput<S>[], 256, string>,
  ]
> {
  return v.pipe(
    v.array(item, says('is not a list', 'Give an array.')),
    v.nonEmpty(says('is empty', 'Give at least one.')),
    v.maxLength(256, says('has too many items', 'Give at most 256.')),
  );
}

/** Text of a pattern that is described in words. */
export function text(pattern: RegExp, problem: string, hint: string): v.GenericSchema<unknown, string> {
  return v.pipe(v.string(says(problem, hint)), v.regex(pattern, says(problem, hint)));
}

/** A plain decimal as text. JS numbers are refused: they may have lost digits already. */
export const decimal: v.GenericSchema<unknown, string> = v.pipe(
  v.string(says('is not a plain decimal', 'Write it as a string such as "-1.25".')),
  v.check(isPlainDecimal, says('is not a plain decimal', 'Write it as a string such as "-1.25".')),
);

/** 0 … 2^256 − 1, as a bigint or, in JSON, as a string of decimal digits. */
export const uint256: v.GenericSchema<unknown, bigint> = v.pipe(
  v.union(
    [
      v.bigint(),
      v.pipe(
        v.string(),
        v.regex(/^(?:0|[1-9]\d{0,77})$/),
        v.transform((digits) => BigInt(digits)),
      ),
    ],
    says('is not a whole number', 'Give a bigint, or in JSON a string of decimal digits.'),
  ),
  v.check(
    (value) => value >= 0n && value < UINT256_END,
    says('does not fit 256 bits', 'Give a number from 0 to 2^256 - 1.'),
  ),
);

/** A whole JS number within bounds. */
export function integer(low: number, high: number, hint: string): v.GenericSchema<unknown, number> {
  return v.pipe(
    v.number(says('is not a whole number', hint)),
    v.safeInteger(says('is not a whole number', hint)),
    v.minValue(low, says(`is below ${low}`, hint)),
    v.maxValue(high, says(`is above ${high}`, hint)),
  );
}

export const chainId: v.GenericSchema<unknown, number> = integer(
  1,
  Number.MAX_SAFE_INTEGER,
  'Give the chain id as a number, such as 1.',
);

/** Past this a number of seconds would lie in the year 5138: it counts milliseconds. */
const MAX_UNIX_SECONDS = 99_999_999_999;
export const unixSeconds: v.GenericSchema<unknown, number> = integer(
  1,
  MAX_UNIX_SECONDS,
  'Give unix time in whole seconds, not milliseconds.',
);

/** 20 bytes, normalised to its checksummed spelling (ERC-55); a wrong checksum is refused. */
export const address: v.GenericSchema<unknown, Address> = v.pipe(
  text(/^0x[0-9a-fA-F]{40}$/, 'is not an address', 'Give 0x and 40 hexadecimal digits.'),
  v.check(hasSoundChecksum, says('has a wrong checksum', 'Copy the address again, or write it in lower case.')),
  v.transform((value) => getAddress(value) as Address),
);

/** An address that can own something. */
export const ownerAddress: v.GenericSchema<unknown, Address> = v.pipe(
  address,
  v.check((value) => BigInt(value) !== 0n, says('is the zero address', 'Give an address that somebody controls.')),
);

/** Any number of whole bytes, in lower case. */
export const bytes: v.GenericSchema<unknown, Hex> = v.pipe(
  text(/^0x(?:[0-9a-fA-F]{2})*$/, 'is not hexadecimal', 'Give 0x and an even number of hexadecimal digits.'),
  v.transform((value) => value.toLowerCase() as Hex),
);

/** Exactly 32 bytes, in lower case. */
export const bytes32: v.GenericSchema<unknown, Hex> = v.pipe(
  text(/^0x[0-9a-fA-F]{64}$/, 'is not 32 bytes', 'Give 0x and 64 hexadecimal digits.'),
  v.transform((value) => value.toLowerCase() as Hex),
);

/**
 * Runs a schema on outside data.
 *
 * @param root name of the whole input; fields are named below it where `root` is not empty.
 * @throws {InvalidInputError} naming the first field that is wrong, its value, and the way out.
 */
export function check<T>(schema: v.GenericSchema<unknown, T>, input: unknown, root: string): T {
  const result = v.safeParse(schema, input, { abortEarly: true, abortPipeEarly: true });
  if (result.success) return result.output;
  const issue = result.issues[0];
  const path = issue.path?.map((item) => String(item.key)).join('.');
  const value = issue.path === undefined ? input : issue.path.at(-1)?.value;
  const [problem = '', hint = ''] = issue.message.split('\n');
  throw new InvalidInputError(path ?? root, printable(value), problem, hint);
}

/** A value that was refused is printed, and 32 bytes in the wrong place may be a private key. */
function printable(value: unknown): unknown {
  return typeof value === 'string' && /[0-9a-fA-F]{64}/.test(value) ? '[withheld: 32 bytes or more]' : value;
}

function hasSoundChecksum(value: string): boolean {
  try {
    getAddress(value);
    return true;
  } catch {
    return false;
  }
}
