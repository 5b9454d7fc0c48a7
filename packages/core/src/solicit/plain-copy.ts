/**
 * A deep, frozen copy of plain data. Getters, prototypes and functions of the original do not survive, so that nothing
 * of a stranger's runs later and nothing changes after it was checked.
 *
 * @throws TypeError for what is not plain data, or nested beyond 64 levels.
 */
export function plainCopy(value: unknown, depth: number = 0): unknown {
  if (depth > 64) throw new TypeError('nested beyond 64 levels');
  switch (typeof value) {
    case 'undefined':
    case 'boolean':
    case 'number':
    case 'string':
    case 'bigint':
      return value;
    case 'object':
      break;
    case 'function':
    case 'symbol':
      throw new TypeError(`holds a ${typeof value}`);
  }
  if (value === null) return null;
  if (Array.isArray(value)) return Object.freeze(value.map((item) => plainCopy(item, depth + 1)));
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const item = (value as Record<string, unknown>)[key];
    if (item !== undefined && key !== '__proto__') copy[key] = plainCopy(item, depth + 1);
  }
  return Object.freeze(copy);
}
