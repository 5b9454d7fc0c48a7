import {
  Decimal,
  type DecimalString,
  type ForwardFeed,
  type Interval,
  interval,
  type Observation,
  type VolatilityFeed,
} from '@evenkeel/core';
import { OptionBookInvalidError } from './errors.js';

/** What feeds are asked about. */
export interface OptionTerms {
  readonly underlying: string;
  readonly strike: DecimalString;
  readonly expirySeconds: number;
}

/** One parameter of one option: stated somewhere without a time, or observed at one. */
export interface Parameter {
  readonly value: DecimalString;
  readonly atSeconds?: number;
}

/** @throws {OptionBookInvalidError} where there is no feed, or what it says is no forward */
export async function feedForward(
  feed: ForwardFeed | undefined,
  { expirySeconds, underlying }: OptionTerms,
  signal: AbortSignal,
): Promise<Parameter> {
  if (feed === undefined) throw new OptionBookInvalidError('forwardRatioToSpot', undefined, 'is stated nowhere');
  return plausible(await feed.forwardRatio(underlying, expirySeconds, signal), 0.5, 2);
}

/** The implied one where the feed has it. @throws {OptionBookInvalidError} as {@link feedForward} */
export async function feedVolatility(
  feed: VolatilityFeed | undefined,
  { expirySeconds, strike, underlying }: OptionTerms,
  signal: AbortSignal,
): Promise<Parameter> {
  if (feed === undefined) throw new OptionBookInvalidError('volatilityAnnualPercent', undefined, 'is stated nowhere');
  const observed =
    feed.implied === undefined
      ? await feed.realised(underlying, signal)
      : await feed.implied(underlying, strike, expirySeconds, signal);
  return plausible(observed, 0.01, 10);
}

/** A feed is a stranger: what it says has to be a number within reason. */
function plausible({ asOf, value }: Observation, low: number, high: number): Parameter {
  const number = new Decimal(value);
  if (number.gte(low) && number.lte(high)) return { value: number.toFixed(), atSeconds: asOf.timeSeconds };
  throw new OptionBookInvalidError('observation', value, `from ${asOf.source} is not between ${low} and ${high}`);
}

/** Whatever the volatility: between nothing and the full size at the forward. */
export function sizeBounds(
  optionType: 'call' | 'put',
  sizeUnits: DecimalString,
  forwardRatio: DecimalString,
): Interval {
  const size = new Decimal(sizeUnits).times(Decimal.max(1, forwardRatio));
  const extreme = optionType === 'call' ? size : size.negated();
  return interval(Decimal.min(0, extreme).toFixed(), Decimal.max(0, extreme).toFixed());
}
