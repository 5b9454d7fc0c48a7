import type { Fail } from './check.js';

/** A value as text in which bigints, NaN and undefined differ from all else; functions are left out. */
export function fingerprint(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) => {
    if (typeof item === 'bigint') return `${item}n`;
    if (typeof item === 'number' && !Number.isFinite(item)) return `number ${item}`;
    return item;
  });
}

/** A copy of plain data; signals and functions are kept as they are. */
export function copyOf<T>(value: T): T {
  if (Array.isArray(value)) return value.map(copyOf) as T;
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copyOf(item)])) as T;
}

/** Path of the first object in `value` that can still be changed. */
function firstUnfrozen(value: unknown, path = ''): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (!Object.isFrozen(value)) return path === '' ? 'the object itself' : path;
  for (const [key, item] of Object.entries(value)) {
    const found = firstUnfrozen(item, path === '' ? key : `${path}.${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Path of the first number in `value` that is NaN or infinite. */
function firstNotFinite(value: unknown, path = ''): string | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : path;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, item] of Object.entries(value)) {
    const found = firstNotFinite(item, path === '' ? key : `${path}.${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

export function requireFrozen(value: unknown, what: string, fail: Fail): void {
  const path = firstUnfrozen(value);
  if (path === undefined) return;
  fail(`${what} to be frozen all through`, `${path} can be changed`, 'Object.freeze it and all that it holds.');
}

export function requireFinite(value: unknown, what: string, fail: Fail): void {
  const path = firstNotFinite(value);
  if (path === undefined) return;
  fail(`every number of ${what} to be finite`, `${path} is not`, 'Refuse the source that gave it; never pass it on.');
}

/** A bigint of at least `least`. */
export function requireAtoms(value: unknown, least: bigint, what: string, fail: Fail): void {
  if (typeof value === 'bigint' && value >= least) return;
  const got = typeof value === 'bigint' ? `it is ${value}` : `it is a ${typeof value}`;
  fail(
    `${what} to be a bigint of at least ${least}`,
    got,
    'Amounts are atoms: bigint, and negative ones do not exist.',
  );
}

/** Both have the same content; `before` was taken by {@link fingerprint}. */
export function requireUntouched(before: string, value: unknown, what: string, fail: Fail): void {
  if (fingerprint(value) === before) return;
  fail(`${what} to be left as it was given`, 'the adapter changed it', 'Copy what you want to change.');
}
