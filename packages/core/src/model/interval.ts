import { Decimal, type DecimalString, parseDecimal } from './decimal.js';
import { InvalidInputError } from '@evenkeel/intents';

/** All that a quantity may be: `low ≤ true value ≤ high`. A certain quantity has `low === high`. */
export interface Interval {
  readonly low: DecimalString;
  readonly high: DecimalString;
}

export function interval(low: DecimalString, high: DecimalString = low): Interval {
  if (parseDecimal(low, 'interval.low').gt(parseDecimal(high, 'interval.high'))) {
    throw new InvalidInputError('interval', { low, high }, 'has its low end above its high end', 'Swap the two.');
  }
  return Object.freeze({ low, high });
}

export function addIntervals(a: Interval, b: Interval): Interval {
  return interval(new Decimal(a.low).plus(b.low).toFixed(), new Decimal(a.high).plus(b.high).toFixed());
}

export function sumIntervals(all: Iterable<Interval>): Interval {
  let total = interval('0');
  for (const each of all) total = addIntervals(total, each);
  return total;
}

/** The smallest interval that holds both. */
export function hull(a: Interval, b: Interval): Interval {
  return interval(Decimal.min(a.low, b.low).toFixed(), Decimal.max(a.high, b.high).toFixed());
}

/** Wider by `by` on either side; `by` must not be negative. */
export function widen(a: Interval, by: DecimalString): Interval {
  return interval(new Decimal(a.low).minus(by).toFixed(), new Decimal(a.high).plus(by).toFixed());
}

export function shift(a: Interval, by: DecimalString): Interval {
  const distance = parseDecimal(by, 'by');
  const low = distance.plus(a.low).toFixed();
  return a.low === a.high ? Object.freeze({ low, high: low }) : interval(low, distance.plus(a.high).toFixed());
}

export function midpoint(a: Interval): DecimalString {
  return new Decimal(a.low).plus(a.high).div(2).toFixed();
}

export function width(a: Interval): DecimalString {
  return new Decimal(a.high).minus(a.low).toFixed();
}

export function contains(a: Interval, value: DecimalString): boolean {
  return new Decimal(a.low).lte(value) && new Decimal(a.high).gte(value);
}
