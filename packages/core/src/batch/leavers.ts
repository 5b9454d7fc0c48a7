import type { Columns, Places } from './columns.js';
import { gainsAt, gasOf, ROUNDING, type Terms } from './terms.js';

/** Those who would leave a lot. Numeraire. The same memory serves every lot of a search. */
export interface Unhappy {
  count: number;
  /** Where they stand among the places of the lot, ascending. */
  readonly indices: Int32Array;
  /** By how much each pays more than it would stand. */
  readonly beyond: Float64Array;
  /** By how much each pays more than its limit; below zero within it. */
  readonly beyondLimit: Float64Array;
  /** Memory for sorting. */
  readonly keys: Float64Array;
  readonly sorted: Float64Array;
}

export function roomFor(size: number): Unhappy {
  const column = (): Float64Array => new Float64Array(size);
  return {
    count: 0,
    indices: new Int32Array(size),
    beyond: column(),
    beyondLimit: column(),
    keys: column(),
    sorted: column(),
  };
}

/**
 * Who is beyond its limit or worse off than alone. Where not even all gains pay the shared gas, everybody is.
 *
 * @param most looks no further when so many are found
 * @returns how many
 */
export function findUnhappy(into: Unhappy, terms: Terms, columns: Columns, places: Places, most: number): number {
  const { limitCost, notional, outsideCost, sign, units } = columns;
  const { beyond, beyondLimit, indices } = into;
  const { premium, sharedGas } = terms;
  const gains = gainsAt(terms, columns);
  const isWorthless = sharedGas > terms.gains * (1 + ROUNDING);
  let count = 0;
  for (let i = 0; i < places.length && count < most; i += 1) {
    const place = places[i]!;
    const gain = gains[place]!;
    const cost = sign[place]! * units[place]! * premium + gasOf(terms, gain);
    const overLimit = cost - limitCost[place]!;
    const elsewhere = outsideCost[place]!;
    const overOutside = elsewhere < Number.POSITIVE_INFINITY ? cost - elsewhere : Number.NEGATIVE_INFINITY;
    const excess = Math.max(overLimit, isWorthless ? sharedGas : -gain, overOutside);
    if (excess <= ROUNDING * notional[place]!) continue;
    indices[count] = i;
    beyond[count] = excess;
    beyondLimit[count] = overLimit;
    count += 1;
  }
  into.count = count;
  return count;
}

/** Who of those that would leave goes first, by a number: the greatest. */
export type Rank = (beyond: number, notional: number) => number;

/** No order of leaving is best always: it decides who need not go after all. */
export const FIRST_TO_LEAVE: readonly Rank[] = [
  (beyond) => beyond,
  (beyond, notional) => beyond / notional,
  (_, notional) => notional,
  (_, notional) => -notional,
];

/** So many of those who would leave go at once; of few, one. */
const AT_ONCE = 1 / 16;

/** Which of the unhappy leave next, by their position among them. Of equal ranks the lower id goes first. */
export function nextToLeave(unhappy: Unhappy, { notional }: Columns, places: Places, rank: Rank): readonly number[] {
  const { beyond, count, indices, keys, sorted } = unhappy;
  for (let i = 0; i < count; i += 1) keys[i] = rank(beyond[i]!, notional[places[indices[i]!]!]!);
  return greatest(keys.subarray(0, count), Math.ceil(count * AT_ONCE), sorted);
}

/**
 * Positions of the `count` greatest keys, the greatest first, of equal ones the first.
 *
 * @param memory as long as `keys` at least
 */
export function greatest(keys: Float64Array, count: number, memory: Float64Array): readonly number[] {
  if (count === 1) return [positionOfGreatest(keys)];
  // Sorting plain numbers is the engine's own work; what is left to compare here is few.
  const sorted = memory.subarray(0, keys.length);
  sorted.set(keys);
  const bound = count >= keys.length ? Number.NEGATIVE_INFINITY : sorted.sort()[keys.length - count]!;
  const above: number[] = [];
  const level: number[] = [];
  for (let i = 0; i < keys.length; i += 1) {
    if (keys[i]! > bound) above.push(i);
    else if (keys[i] === bound && level.length < count) level.push(i);
  }
  // Stable, and the positions come ascending.
  above.sort((a, b) => keys[b]! - keys[a]!);
  return [...above, ...level.slice(0, count - above.length)];
}

function positionOfGreatest(keys: Float64Array): number {
  let best = 0;
  for (let i = 1; i < keys.length; i += 1) if (keys[i]! > keys[best]!) best = i;
  return best;
}
