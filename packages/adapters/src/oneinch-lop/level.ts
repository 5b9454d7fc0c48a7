import type { BookLevel } from '@evenkeel/core';
import type { LimitOrder } from './order.js';

/**
 * The level of a book that an order is, such that its pro-rata replay equals the protocol to the atom.
 *
 * The protocol pays ⌊p·making/taking⌋ for p, whatever remains of the order; a level pays ⌊p·out/in⌋. The two are equal
 * for every p up to `in` when out/in is the largest fraction not above making/taking whose denominator is at most what
 * is left to take: any p for which they differed would be the denominator of a larger one. A fresh order is a level
 * as it stands. Of a rest in odd amounts a part may be left out, always less than half.
 *
 * @param remaining atoms of the maker's asset that can be had: unfilled, and there
 */
export function levelOf({ makingAmount, takingAmount }: LimitOrder, remaining: bigint): BookLevel | undefined {
  const takable = (remaining * takingAmount) / makingAmount;
  if (takable === 0n) return undefined;
  const { denominator, numerator } = largestBelow(makingAmount, takingAmount, takable);
  if (numerator === 0n) return undefined;
  const times = takable / denominator;
  return { amountIn: times * denominator, amountOut: times * numerator };
}

interface Fraction {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/**
 * The largest fraction not above p/q with a denominator of at most `limit`: a walk down the Stern–Brocot tree (Stern
 * 1858, Brocot 1861), with all steps to one side taken at once, so that it ends after as many turns as Euclid's algorithm.
 */
export function largestBelow(p: bigint, q: bigint, limit: bigint): Fraction {
  let [below, above] = [
    { numerator: 0n, denominator: 1n },
    { numerator: 1n, denominator: 0n },
  ] as [Fraction, Fraction];
  for (;;) {
    const short = p * below.denominator - q * below.numerator;
    if (short === 0n) return below;
    const over = q * above.numerator - p * above.denominator;
    const up = atMost(short / over, below, above, limit);
    below = stepped(below, above, up);
    const left = short - up * over;
    if (left === 0n) return below;
    const down = atMost((over - 1n) / left, above, below, limit);
    if (up === 0n && down === 0n) return below;
    above = stepped(above, below, down);
  }
}

/** No more steps than keep the denominator within the limit. */
function atMost(steps: bigint, from: Fraction, towards: Fraction, limit: bigint): bigint {
  if (towards.denominator === 0n) return steps;
  const room = (limit - from.denominator) / towards.denominator;
  const most = room > 0n ? room : 0n;
  return steps < most ? steps : most;
}

function stepped(from: Fraction, towards: Fraction, steps: bigint): Fraction {
  return {
    numerator: from.numerator + steps * towards.numerator,
    denominator: from.denominator + steps * towards.denominator,
  };
}
