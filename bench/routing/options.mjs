// The options of a command here: one clear sentence and exit code 1 for what cannot be.
import { parseArgs } from 'node:util';

/**
 * @param help printed for `--help`
 * @param defaults by name: text, or false for a switch; undefined where there is none
 * @param wholes names of those that are whole numbers from 0
 * @param lists by name, what each item of a list that commas part may be: an array of words, or `/pattern/`
 */
export function readOptions(help, defaults, wholes, lists = {}) {
  const options = { help: { type: 'boolean', default: false } };
  for (const [name, value] of Object.entries(defaults)) {
    options[name] = {
      type: typeof value === 'boolean' ? 'boolean' : 'string',
      ...(value === undefined ? {} : { default: value }),
    };
  }
  let values;
  try {
    ({ values } = parseArgs({ options }));
    for (const name of wholes) {
      if (values[name] !== undefined && !/^\d{1,9}$/.test(values[name]))
        throw new Error(`--${name} "${values[name]}" is not a whole number.`);
    }
    for (const [name, allowed] of Object.entries(lists)) {
      for (const item of (values[name] ?? '').split(',').filter((text) => text !== '')) {
        const isKnown = Array.isArray(allowed) ? allowed.includes(item) : allowed.test(item);
        const such = Array.isArray(allowed) ? `Use some of ${allowed.join(', ')}.` : 'See --help.';
        if (!isKnown) throw new Error(`--${name} knows no "${item}". ${such}`);
      }
    }
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
  if (values.help) {
    console.log(help);
    process.exit(0);
  }
  return values;
}
