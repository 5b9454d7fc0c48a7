// The options of every program beside the command: what is wrong with them is said in one sentence, with the way to use it.
import { parseArgs } from 'node:util';

/**
 * Reads options, and ends the process for `--help` (0) and for what is wrong (2).
 *
 * @param usage printed for `--help`, and under the sentence that says what is wrong
 * @param specs by name: `{ type: 'boolean' }`; `{ type: 'string', of: [...] }`, `of` where there is a choice only;
 * `{ type: 'strings', of: [...] }`, a list with commas; `like: /…/` instead of `of` for a pattern; `{ type: 'whole' | 'number', least, most, above }`. Each may have a
 * `default`; without one an option that is not given is undefined, or false.
 * @returns their values: numbers are numbers
 */
export function readOptions(usage, specs, args = process.argv.slice(2)) {
  let values;
  try {
    values = parseOptions(specs, args);
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    console.error(`INVALID_INPUT: ${error.message}\n\n${usage}`);
    process.exit(2);
  }
  if (values.help) {
    console.log(usage);
    process.exit(0);
  }
  return values;
}

class OptionError extends Error {}

function parseOptions(specs, args) {
  const all = { ...specs, help: { type: 'boolean' } };
  const { tokens } = parseArgs({
    args,
    strict: false,
    tokens: true,
    options: Object.fromEntries(
      Object.entries(all).map(([name, { type }]) => [name, { type: type === 'boolean' ? 'boolean' : 'string' }]),
    ),
  });
  const values = Object.fromEntries(
    Object.entries(all).map(([name, spec]) => [name, spec.default ?? (spec.type === 'boolean' ? false : undefined)]),
  );
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue;
    if (token.kind === 'positional') throw new OptionError(`"${token.value}" is not understood. Give options only.`);
    const spec = Object.hasOwn(all, token.name) ? all[token.name] : undefined;
    if (spec === undefined) {
      const names = Object.keys(all).map((name) => `--${name}`);
      throw new OptionError(`There is no option ${token.rawName}. There are ${names.join(', ')}.`);
    }
    values[token.name] = valueOf(token, spec);
  }
  return values;
}

function valueOf({ rawName, value }, spec) {
  if (spec.type === 'boolean') {
    if (value !== undefined) throw new OptionError(`${rawName} takes no value.`);
    return true;
  }
  if (value === undefined || value === '') throw new OptionError(`${rawName} needs a value.`);
  if (spec.type === 'string') return chosen(rawName, value, spec);
  if (spec.type === 'strings') return value.split(',').map((each) => chosen(rawName, each, spec));
  return numberOf(rawName, value, spec);
}

function chosen(rawName, value, { like, of }) {
  if (of !== undefined && !of.includes(value)) {
    throw new OptionError(`${rawName} cannot be "${value}". Use ${of.join(', ')}.`);
  }
  if (like !== undefined && !like.test(value)) throw new OptionError(`${rawName} cannot be "${value}".`);
  return value;
}

function numberOf(rawName, value, { type, above = -Infinity, least = -Infinity, most = Infinity }) {
  const number = value.trim() === '' ? NaN : Number(value);
  const isKind = type === 'whole' ? Number.isSafeInteger(number) : !Number.isNaN(number);
  if (isKind && number > above && number >= least && number <= most) return number;
  const bounds = [
    ...(above === -Infinity ? [] : [`above ${above}`]),
    ...(least === -Infinity ? [] : [`${least} or more`]),
    ...(most === Infinity ? [] : [`${most} or less`]),
  ];
  const kind = type === 'whole' ? 'a whole number' : 'a number';
  throw new OptionError(`${rawName} cannot be "${value}". Use ${[kind, ...bounds].join(', ')}.`);
}
