import { Decimal, type DecimalString, parseDecimal, type Token } from '@evenkeel/core';
import { InvalidInputError } from '@evenkeel/intents';

const FIELD = '--delta-change';

/**
 * The change of delta that somebody asks for: a plain decimal, signed, not zero.
 *
 * @throws {InvalidInputError} for NaN, exponents, blanks, words, and zero
 */
export function parseDeltaChange(text: string): DecimalString {
  if (!parseDecimal(text, FIELD).isZero()) return text;
  throw new InvalidInputError(FIELD, text, 'changes nothing', 'Leave it out to let the policy decide.');
}

/**
 * Refuses a change that the underlying's token cannot express on some chain, before anything is asked.
 *
 * @throws {InvalidInputError}
 */
export function checkDeltaPlaces(change: DecimalString, baseTokens: readonly Token[]): void {
  const places = new Decimal(change).decimalPlaces() ?? 0;
  const coarse = baseTokens.find(({ decimals }) => places > decimals);
  if (coarse === undefined) return;
  const problem = `has more than the ${coarse.decimals} decimals of ${coarse.symbol} on chain ${coarse.chainId}`;
  throw new InvalidInputError(FIELD, change, problem, 'Round it to what the token can hold.');
}
