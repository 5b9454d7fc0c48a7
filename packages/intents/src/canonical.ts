import { keccak256 } from 'ethers/crypto';
import { toUtf8Bytes } from 'ethers/utils';
import { InvalidInputError } from './errors.js';
import type { Hex } from './intent.js';

/**
 * JSON of one spelling: keys sorted by UTF-16 code units, no white space, as RFC 8785 has it, and bigints as strings
 * of decimal digits. Equal data gives equal bytes, whatever the order in which it was put together, so its hash can be
 * signed, journaled and compared. (A bigint and its digits as text are the same data here; the field says which.)
 *
 * @throws {InvalidInputError} for what JSON cannot hold or would silently change: undefined, NaN, infinities,
 * functions, symbols, class instances such as Map and Date, unpaired surrogates, cycles.
 * @example
 * ```ts
 * canonicalJson({ b: 2n, a: [1, null] }); // {"a":[1,null],"b":"2"}
 * ```
 */
export function canonicalJson(value: unknown): string {
  return write(value, '$', []);
}

/**
 * keccak256 of the UTF-8 bytes of {@link canonicalJson}: the identity of a piece of data.
 *
 * @throws {InvalidInputError} as `canonicalJson` does.
 */
export function canonicalHash(value: unknown): Hex {
  return keccak256(toUtf8Bytes(canonicalJson(value))) as Hex;
}

function write(value: unknown, path: string, ancestors: readonly object[]): string {
  switch (typeof value) {
    case 'string':
      return writeString(value, path);
    case 'bigint':
      return `"${value}"`;
    case 'boolean':
      return String(value);
    case 'number':
      if (!Number.isFinite(value)) throw refusal(path, String(value), 'is not finite', 'Leave it out or write null.');
      return JSON.stringify(value);
    case 'object':
      return value === null ? 'null' : writeObject(value, path, ancestors);
    case 'undefined':
      throw refusal(path, value, 'is undefined', 'Leave the field out or write null.');
    case 'function':
    case 'symbol':
      throw refusal(path, typeof value, 'is not data', 'Give plain JSON values and bigints.');
  }
}

function writeObject(value: object, path: string, ancestors: readonly object[]): string {
  if (ancestors.includes(value)) throw refusal(path, '[circular]', 'contains itself', 'Give a tree.');
  const inside = [...ancestors, value];
  if (Array.isArray(value)) {
    // Array.from reads the holes of a sparse array as undefined, which is then refused.
    return `[${Array.from(value, (item: unknown, index) => write(item, `${path}[${index}]`, inside)).join(',')}]`;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) {
    throw refusal(path, Object.prototype.toString.call(value), 'is not a plain object', 'Convert it to one first.');
  }
  const members = Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, item]) => `${writeString(key, path)}:${write(item, `${path}.${key}`, inside)}`);
  return `{${members.join(',')}}`;
}

function writeString(text: string, path: string): string {
  if (/\p{Surrogate}/u.test(text)) {
    throw refusal(path, JSON.stringify(text), 'has an unpaired surrogate', 'Give well-formed Unicode.');
  }
  return JSON.stringify(text);
}

function refusal(path: string, value: unknown, problem: string, hint: string): InvalidInputError {
  return new InvalidInputError(path, value, problem, hint);
}
