import * as v from 'valibot';

/** What the options of a book are priced at, percent a year. */
export interface ImpliedVolatility {
  /** Weighted by the options' sizes. */
  readonly meanPercent: number;
  readonly leastPercent: number;
  readonly mostPercent: number;
}

const percent = v.optional(v.pipe(v.string(), v.transform(Number), v.finite()));
/** As much of an option book as says its volatilities; the book's own source checks the rest. */
const bookSchema = v.object({
  volatilityAnnualPercent: percent,
  positions: v.array(
    v.object({ sizeUnits: v.pipe(v.string(), v.transform(Number), v.finite()), volatilityAnnualPercent: percent }),
  ),
});

/**
 * The volatility that a book of options states, each option's own or the book's; null without options, or where none says
 * one.
 */
export function impliedVolatility(optionBook: unknown): ImpliedVolatility | null {
  const book = v.safeParse(bookSchema, optionBook);
  if (!book.success) return null;
  const { positions, volatilityAnnualPercent } = book.output;
  const stated = positions.flatMap((option) => {
    const value = option.volatilityAnnualPercent ?? volatilityAnnualPercent;
    return value === undefined ? [] : [{ value, weight: Math.abs(option.sizeUnits) }];
  });
  const total = stated.reduce((sum, { weight }) => sum + weight, 0);
  if (total === 0) return null;
  const values = stated.map(({ value }) => value);
  return Object.freeze({
    meanPercent: stated.reduce((sum, { value, weight }) => sum + value * weight, 0) / total,
    leastPercent: Math.min(...values),
    mostPercent: Math.max(...values),
  });
}
