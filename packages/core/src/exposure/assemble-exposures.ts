import { InvalidInputError } from '@evenkeel/intents';
import type { DecimalString } from '../model/decimal.js';
import type { BookExposure, CrossGamma, Exposure } from '../model/exposure.js';
import type { Position, PositionReading } from '../model/position.js';
import type { ExposureInput } from './assemble-exposure.js';
import type { Group, Valued } from './entry.js';
import { ExposureEmptyError } from './errors.js';
import { addGreeks, ZERO_GREEKS } from './greeks.js';
import { toPositive } from './number.js';
import { liquidationRisk } from './positions/lending.js';
import { assertNoJump, type SpotCheck } from './spot-jump.js';
import { sumExactly } from './sum.js';
import { checkedRules, expiredOption, groupById, summarise } from './summarise.js';
import { underlyingsOf } from './underlyings.js';
import { alongOne, type PositionParts, type Spots, valueAcross } from './value-across.js';

/** A book on several underlyings. */
export interface BookInput extends Omit<ExposureInput, 'spot' | 'spotCheck' | 'underlying'> {
  /** Every underlying with its spot; the first is that of positions that name none. */
  readonly underlyings: readonly {
    readonly underlying: string;
    /** Numeraire per unit. */
    readonly spot: DecimalString;
    readonly spotCheck?: SpotCheck;
  }[];
}

/**
 * The exposure of a book on several underlyings: one exposure each, as {@link assembleExposure} gives it, and the first
 * cross terms between them.
 *
 * A position stands in the exposure of every underlying that it follows, with its greeks towards that one while the
 * other spots stand still; its value and theta stand in the first alone, so that the exposures' sums are the book's. A
 * reading that is unknown stands in all of them, unless it says which underlyings it can follow.
 *
 * Cross gammas are those of the positions that were read; what is unknown has none that could be told.
 *
 * @throws {ExposureEmptyError} when there is no reading at all
 * @throws {SpotJumpError} {@link InvalidInputError} as assembleExposure
 *
 * @example
 * ```ts
 * const { exposures, crossGammas } = assembleExposures({
 *   underlyings: [{ underlying: 'ETH', spot: '2000' }, { underlying: 'BTC', spot: '60000' }],
 *   readings, inFlight: [], nowSeconds, rules,
 * })
 * ```
 */
export function assembleExposures(input: BookInput): BookExposure {
  const { inFlight, nowSeconds, underlyings } = input;
  const rules = checkedRules(input);
  const spots = spotsOf(underlyings);
  const home = underlyings[0]!.underlying;
  const groups = groupById(input);
  if (groups.length === 0) throw new ExposureEmptyError();
  const stray = inFlight.find((flight) => !spots.has(flight.underlying ?? home));
  if (stray !== undefined) {
    throw new InvalidInputError('inFlight.underlying', stray.underlying, 'has no spot', 'Add it to underlyings.');
  }
  const partsOf = remembered((position) => valueAcross(position, home, spots, nowSeconds));
  const exposures = underlyings.map(({ spot, underlying }): Exposure => {
    const value = (position: Position): Valued => valueTowards(position, underlying, home, spots, nowSeconds, partsOf);
    return summarise({
      underlying,
      spot,
      groups: groups.flatMap((group) => groupTowards(group, underlying, home, spots)),
      inFlight: inFlight.filter((flight) => (flight.underlying ?? home) === underlying),
      context: { ...rules, value },
    });
  });
  return Object.freeze({
    exposures: Object.freeze(exposures),
    crossGammas: crossGammasOf(groups, partsOf),
    value: sumExactly(exposures.map((exposure) => exposure.value)),
  });
}

function spotsOf(underlyings: BookInput['underlyings']): Spots {
  if (underlyings.length === 0) {
    throw new InvalidInputError('underlyings', underlyings, 'are none', 'Name at least one with its spot.');
  }
  const spots = new Map<string, number>();
  for (const { spot, spotCheck, underlying } of underlyings) {
    if (spots.has(underlying)) {
      throw new InvalidInputError('underlyings', underlying, 'is named twice', 'Name each with one spot.');
    }
    const value = toPositive(spot, `spot of ${underlying}`);
    if (spotCheck !== undefined) assertNoJump(value, spotCheck, underlying);
    spots.set(underlying, value);
  }
  return spots;
}

/** Valued once for all underlyings. What fails is tried again, and fails again. */
function remembered(value: (position: Position) => PositionParts): (position: Position) => PositionParts {
  const known = new WeakMap<Position, PositionParts>();
  return (position) => {
    const before = known.get(position);
    if (before !== undefined) return before;
    const parts = value(position);
    known.set(position, parts);
    return parts;
  };
}

/** The readings of one position as they concern one underlying; none where no reading follows it. */
function groupTowards(group: Group, underlying: string, home: string, spots: Spots): readonly Group[] {
  if (group.readings.length === 0) return [group];
  const readings = group.readings.map((reading) => readingTowards(reading, underlying, home, spots));
  return readings.some(({ follows }) => follows)
    ? [{ ...group, readings: readings.map(({ reading }) => reading) }]
    : [];
}

function readingTowards(
  reading: PositionReading,
  underlying: string,
  home: string,
  spots: Spots,
): { readonly follows: boolean; readonly reading: PositionReading } {
  if (reading.status === 'known') {
    const followed = followedBy(reading.position, home);
    // What cannot be valued for want of a spot concerns everybody: nobody knows what it is.
    const follows =
      followed === undefined || followed.includes(underlying) || !followed.every((each) => spots.has(each));
    return { follows, reading };
  }
  const { deltaBounds, underlyings, ...unbounded } = reading;
  const only = underlyings ?? (deltaBounds === undefined ? undefined : [home]);
  if (only === undefined) return { follows: true, reading };
  if (!only.includes(underlying))
    return { follows: false, reading: { ...unbounded, deltaBounds: { low: '0', high: '0' } } };
  return { follows: true, reading: only.length === 1 ? reading : unbounded };
}

/** Undefined for a position of a kind that is not known, or with fields that are garbage. */
function followedBy(position: Position, home: string): readonly string[] | undefined {
  try {
    return underlyingsOf(position, home);
  } catch {
    return undefined;
  }
}

function valueTowards(
  position: Position,
  underlying: string,
  home: string,
  spots: Spots,
  nowSeconds: number,
  partsOf: (position: Position) => PositionParts,
): Valued {
  if (position.kind === 'option' && !(position.expirySeconds > nowSeconds)) {
    if ((position.underlying ?? home) === underlying) return expiredOption(position);
    return { kind: 'greeks', greeks: ZERO_GREEKS, gross: () => 0 };
  }
  const own = partsOf(position).parts.filter((part) => part.underlying === underlying);
  const valued = {
    kind: 'greeks',
    greeks: own.map(({ greeks }) => greeks).reduce(addGreeks, ZERO_GREEKS),
    gross: () => sumExactly(own.map((part) => part.grossDeltaUnits)),
  } as const;
  if (position.kind !== 'lending') return valued;
  const alone = alongOne(position, underlying, { home, spots });
  if (alone.kind !== 'lending') return valued;
  return { ...valued, ...liquidationRisk(alone, spots.get(underlying)!) };
}

/** Of each position that was read, by its freshest reading that can be valued. */
function crossGammasOf(
  groups: readonly Group[],
  partsOf: (position: Position) => PositionParts,
): readonly CrossGamma[] {
  const terms = new Map<string, { underlyings: readonly [string, string]; all: number[] }>();
  for (const { readings } of groups) {
    const byFreshness = [...readings].sort((a, b) => b.asOf.timeSeconds - a.asOf.timeSeconds);
    const lead = byFreshness.flatMap((reading) =>
      reading.status === 'known' ? [valuedOr(reading.position, partsOf)] : [],
    );
    for (const { gammaPerUnit, underlyings } of lead.find((parts) => parts !== undefined)?.crossGammas ?? []) {
      const [a, b] = underlyings;
      const pair: readonly [string, string] = a < b ? [a, b] : [b, a];
      const term = terms.get(pair.join('/')) ?? { underlyings: pair, all: [] };
      term.all.push(gammaPerUnit);
      terms.set(pair.join('/'), term);
    }
  }
  return Object.freeze(
    [...terms.values()].map(({ all, underlyings }) =>
      Object.freeze({ underlyings: Object.freeze(underlyings), gammaPerUnit: sumExactly(all) }),
    ),
  );
}

/** What could not be valued stands among the unbounded already. */
function valuedOr(position: Position, partsOf: (position: Position) => PositionParts): PositionParts | undefined {
  try {
    return partsOf(position);
  } catch {
    return undefined;
  }
}
