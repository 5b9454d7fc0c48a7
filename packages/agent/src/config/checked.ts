import { InvalidInputError } from '@evenkeel/intents';
import * as v from 'valibot';

/** Keys that carry a unit, so that a key without one can be answered with its right name. */
const UNIT = /(Percent|Bps|Seconds|Minutes|Days|Ms|Units|Usd|PerUsd|Decimals|Id|Env|Url)$/;

/** "maxCost" → "maxCostBps": the allowed keys that start with what was written. */
function keysWithUnit(key: string, allowed: readonly string[]): readonly string[] {
  return allowed.filter(
    (each) => UNIT.test(each) && each.toLowerCase().startsWith(key.toLowerCase().replace(/s$/, '')),
  );
}

function allowedKeys(schema: unknown, path: readonly PropertyKey[]): readonly string[] {
  let at: unknown = schema;
  for (const key of path) {
    at = entriesOf(at)?.[String(key)] ?? itemOf(at);
  }
  return Object.keys(entriesOf(at) ?? {});
}

/** Valibot wraps schemas in options, pipes, defaults and choices; look through them for the object's entries. */
function entriesOf(schema: unknown): Record<string, unknown> | undefined {
  if (typeof schema !== 'object' || schema === null) return undefined;
  if ('entries' in schema) return schema.entries as Record<string, unknown>;
  if ('wrapped' in schema) return entriesOf(schema.wrapped);
  if ('pipe' in schema && Array.isArray(schema.pipe)) return entriesOf(schema.pipe[0]);
  if ('getter' in schema) return entriesOf((schema.getter as (input: unknown) => unknown)({}));
  return undefined;
}

function itemOf(schema: unknown): unknown {
  if (typeof schema !== 'object' || schema === null) return undefined;
  if ('item' in schema) return schema.item;
  if ('wrapped' in schema) return itemOf(schema.wrapped);
  if ('pipe' in schema && Array.isArray(schema.pipe)) return itemOf(schema.pipe[0]);
  return undefined;
}

/** Where the whole file says what is at a path of the part that is checked. */
export type FieldOf = (path: string) => string;

export const itself: FieldOf = (path) => path;

/**
 * A configuration, or a part of one, against its schema.
 *
 * @param docs where every key is described
 * @throws InvalidInputError (INVALID_INPUT) that names the field, the value and the way out; a number whose key lacks its
 * unit is answered with the key that has one
 */
export function checked<S extends v.GenericSchema>(
  schema: S,
  input: unknown,
  docs: string,
  fieldOf: FieldOf = itself,
): v.InferOutput<S> {
  const result = v.safeParse(schema, input);
  if (result.success) return result.output;
  // A misspelt key usually leaves the right one missing: speak of the misspelt one.
  const issue =
    result.issues.find((each) => each.type === 'strict_object' && each.expected === 'never') ?? result.issues[0];
  const path = issue.path?.map((item) => item.key as PropertyKey) ?? [];
  const field = path.length === 0 ? 'config' : fieldOf(path.map(String).join('.'));
  const value = issue.path?.at(-1)?.value ?? issue.input;
  if (issue.type === 'strict_object' && issue.expected === 'never') {
    const key = String(path.at(-1));
    const allowed = allowedKeys(schema, path.slice(0, -1));
    const better = keysWithUnit(key, allowed);
    throw new InvalidInputError(
      field,
      value,
      better.length > 0 ? 'does not say its unit' : 'is not a known key',
      better.length > 0 ? `Write ${better.join(' or ')}.` : `Use one of: ${allowed.join(', ')}.`,
    );
  }
  const problem = issue.type === 'strict_object' && issue.received === 'undefined' ? 'is missing' : issue.message;
  throw new InvalidInputError(field, value, problem, `See ${docs} for every key.`);
}
