import type { DecimalString } from '@evenkeel/core';
import * as v from 'valibot';
import { ConfigUnitMissingError, OptionBookInvalidError } from './errors.js';

const decimal = v.pipe(v.string(), v.regex(/^-?(?:0|[1-9]\d*)(?:\.\d+)?$/, 'is not a decimal string such as "-1.25"'));
const positive = v.pipe(
  decimal,
  v.check((text) => Number(text) > 0, 'must be above zero'),
);
const within = (low: number, high: number, problem: string) =>
  v.pipe(
    decimal,
    v.check((text) => Number(text) >= low && Number(text) <= high, problem),
  );

/** Percent a year. Below 1 somebody meant a fraction, above 1,000 a mistake. */
const volatility = within(1, 1000, 'is not between 1 and 1000 percent a year ("70" is 70 %)');
const rate = within(0, 100, 'is not between 0 and 100 percent a year ("4" is 4 %)');
const ratio = within(0.5, 2, 'is not between 0.5 and 2 times spot ("1.004" is 0.4 % above it)');

/** One option of a book. Every decimal is a string. */
export interface OptionBookPosition {
  readonly id: string;
  readonly optionType: 'call' | 'put';
  /** Options on one unit of the underlying each; short is negative. */
  readonly sizeUnits: DecimalString;
  /** Numeraire per unit of the underlying. */
  readonly strikeNumeraire: DecimalString;
  readonly expiryUnixSeconds: number;
  /** Overrides the book's: "70" is 70 %. */
  readonly volatilityAnnualPercent?: DecimalString | undefined;
  /** Overrides the book's: "1.004" is 0.4 % above spot. */
  readonly forwardRatioToSpot?: DecimalString | undefined;
}

/** An option book as data, for instance from a JSON file. */
export interface OptionBookConfig {
  /** Names the source and prefixes the positions' ids. Default: "option-book". */
  readonly id?: string | undefined;
  readonly underlying: string;
  readonly positions: readonly OptionBookPosition[];
  readonly volatilityAnnualPercent?: DecimalString | undefined;
  readonly forwardRatioToSpot?: DecimalString | undefined;
  /** Continuously compounded. Default: "0". */
  readonly rateAnnualPercent?: DecimalString | undefined;
}

/** A book that was checked, with its defaults filled in. */
export interface ParsedOptionBook extends OptionBookConfig {
  readonly id: string;
  readonly rateAnnualPercent: DecimalString;
}

const positionSchema = v.strictObject({
  id: v.pipe(v.string(), v.nonEmpty('must not be empty')),
  optionType: v.picklist(['call', 'put'], 'must be "call" or "put"'),
  sizeUnits: decimal,
  strikeNumeraire: positive,
  expiryUnixSeconds: v.pipe(
    v.number('must be a number of unix seconds'),
    v.safeInteger('must be whole seconds'),
    v.check((at) => at > 1e9 && at < 1e10, 'is not a unix time in seconds (milliseconds?)'),
  ),
  volatilityAnnualPercent: v.optional(volatility),
  forwardRatioToSpot: v.optional(ratio),
});

const schema: v.GenericSchema<unknown, ParsedOptionBook> = v.strictObject({
  id: v.optional(v.pipe(v.string(), v.nonEmpty('must not be empty')), 'option-book'),
  underlying: v.pipe(v.string(), v.nonEmpty('must not be empty')),
  positions: v.pipe(v.array(positionSchema), v.minLength(1, 'must hold at least one option')),
  volatilityAnnualPercent: v.optional(volatility),
  forwardRatioToSpot: v.optional(ratio),
  rateAnnualPercent: v.optional(rate, '0'),
});

/** Keys that people write, and what says the same with a unit. */
const UNITLESS: Readonly<Record<string, readonly string[]>> = {
  volatility: ['volatilityAnnualPercent: "70"'],
  iv: ['volatilityAnnualPercent: "70"'],
  sigma: ['volatilityAnnualPercent: "70"'],
  forward: ['forwardRatioToSpot: "1.004"'],
  rate: ['rateAnnualPercent: "4"'],
  size: ['sizeUnits: "-10"'],
  amount: ['sizeUnits: "-10"'],
  strike: ['strikeNumeraire: "2000"'],
  expiry: ['expiryUnixSeconds: 1800000000'],
};

/**
 * Checks a book's description. Every number has its unit in its key; a key that is not known is refused, and one whose
 * unit is missing is told how to write it.
 *
 * @throws {ConfigUnitMissingError} for `volatility: 0.7` and the like
 * @throws {OptionBookInvalidError} for anything else that breaks the schema
 */
export function parseOptionBook(config: unknown): ParsedOptionBook {
  const result = v.safeParse(schema, config);
  if (!result.success) {
    const unitless = result.issues.find(isUnitless) ?? result.issues[0];
    throw asError(unitless);
  }
  const ids = result.output.positions.map((position) => position.id);
  const twice = ids.find((id, i) => ids.indexOf(id) !== i);
  if (twice !== undefined) throw new OptionBookInvalidError('positions.id', twice, 'is used twice');
  return result.output;
}

function lastKey(issue: v.BaseIssue<unknown>): string {
  const key: unknown = issue.path?.at(-1)?.key;
  return typeof key === 'string' ? key : '';
}

function isUnitless(issue: v.BaseIssue<unknown>): boolean {
  return Object.hasOwn(UNITLESS, lastKey(issue));
}

function asError(issue: v.BaseIssue<unknown>): Error {
  const field = v.getDotPath(issue) ?? 'book';
  const value = issue.path?.at(-1)?.value ?? issue.input;
  if (isUnitless(issue)) return new ConfigUnitMissingError(field, value, UNITLESS[lastKey(issue)]!);
  if (issue.type === 'strict_object' && issue.expected === 'never') {
    return new OptionBookInvalidError(field, value, 'is not a setting');
  }
  const isOurs = issue.type === 'check' || issue.type === 'regex' || /^(?:must|is) /.test(issue.message);
  return new OptionBookInvalidError(field, value, isOurs ? issue.message : `is not right: ${issue.message}`);
}
