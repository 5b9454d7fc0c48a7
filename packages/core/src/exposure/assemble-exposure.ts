import { EvenkeelError, InvalidInputError } from '@evenkeel/intents';
import type { AsOf } from '../model/as-of.js';
import type { DecimalString } from '../model/decimal.js';
import type { Exposure, Greeks, PositionExposure, Widening } from '../model/exposure.js';
import type { PositionReading } from '../model/position.js';
import type { TokenAmount } from '../model/token.js';
import { ExposureEmptyError } from './errors.js';
import { atomsToNumber, toNumber, toPositive, toText } from './number.js';
import { optionDeltaBounds } from './positions/option.js';
import { sumExactly } from './sum.js';
import { grossDeltaUnits, valuePosition } from './value-position.js';

/** How doubt is turned into width. */
export interface ExposureRules {
  /** A reading older (or further in the future) than this is stale. */
  readonly maxAgeSeconds: number;
  /**
   * What a stale reading may be wrong by, as a share of the largest delta that a position of its size can have, for
   * each hour of its age: "0.25" lets it close, or double, within four hours.
   */
  readonly staleSharePerHour: DecimalString;
}

/** Capital on its way between chains: it counts neither as lost nor as arrived. */
export interface InFlight {
  readonly id: string;
  readonly amount: TokenAmount;
  /** Delta of one unit of the token: "1" for WETH, "0" for USDC. */
  readonly deltaPerUnit: DecimalString;
  /** For people: "2 WETH from Base to Arbitrum through Across, filled by 12:05 or refunded". */
  readonly sentence: string;
}

export interface ExposureInput {
  readonly underlying: string;
  /** Numeraire per unit of the underlying. */
  readonly spot: DecimalString;
  readonly readings: readonly PositionReading[];
  readonly inFlight: readonly InFlight[];
  /** Ids that must be among the readings: one that is missing is unknown, not gone. */
  readonly expectedIds?: readonly string[];
  readonly nowSeconds: number;
  readonly rules: ExposureRules;
}

/** One position while the book is put together, in numbers. `doubt` is what is added below and above `base`. */
interface Entry {
  readonly id: string;
  readonly label: string;
  readonly kind: PositionExposure['kind'];
  readonly base: number;
  readonly doubts: readonly Doubt[];
  readonly greeks: Greeks | undefined;
  readonly bounded: boolean;
  readonly reason?: string;
  readonly asOf: AsOf;
}

interface Doubt {
  readonly code: Widening['code'];
  readonly source: string;
  readonly sentence: string;
  readonly low: number;
  readonly high: number;
}

interface Context {
  readonly spot: number;
  readonly nowSeconds: number;
  readonly maxAgeSeconds: number;
  readonly stalePerSecond: number;
}

/**
 * Puts the readings of all position sources together into one exposure, as an interval of delta.
 *
 * - A position that was read counts with its delta; once it is stale it is wider by
 *   `staleSharePerHour` × age in hours × the largest delta that a position of its size can have.
 * - One id read by several sources counts once; where they disagree, the delta may be anything between them (DISPUTED).
 *   A source that could not read what another one could adds nothing, unless its bounds contradict.
 * - A position that could not be read may be anything within its bounds; without bounds the exposure is unbounded. So
 *   is a position that cannot be valued, a duplicate from one source, and an expected id that nobody answered.
 * - An option at or after its expiry may be settled or not: anything between nothing and its full size.
 * - A transfer in flight may be lost or arrive (IN_FLIGHT).
 *
 * `delta` is the sum of the positions' points less and plus all `widenings`; sums are compensated, so that the order of
 * the readings does not matter. The result is deeply frozen.
 *
 * @throws {ExposureEmptyError} when there is no reading at all
 * @throws {InvalidInputError} for a spot or rule that makes no sense
 */
export function assembleExposure(input: ExposureInput): Exposure {
  const context = contextOf(input);
  const entries = groupById(input).map((group) => entryOf(group, context));
  if (entries.length === 0) throw new ExposureEmptyError();
  const flights = input.inFlight.map(flightDoubt);
  const doubts = [...entries.flatMap((entry) => (entry.bounded ? entry.doubts : [])), ...flights];
  const bounded = entries.filter((entry) => entry.bounded);
  const base = bounded.map((entry) => entry.base);
  const sumOf = (key: keyof Greeks): number => sumExactly(entries.map((entry) => entry.greeks?.[key] ?? 0));
  const low = sumExactly([...base, ...doubts.map((doubt) => -doubt.low)]);
  const high = sumExactly([...base, ...doubts.map((doubt) => doubt.high)]);
  return Object.freeze({
    underlying: input.underlying,
    spot: input.spot,
    positions: Object.freeze(entries.map(positionExposure)),
    delta: range(low, high),
    unbounded: Object.freeze(entries.filter((entry) => !entry.bounded).map((entry) => entry.id)),
    gammaPerUnit: sumOf('gammaPerUnit'),
    vegaPerPoint: sumOf('vegaPerPoint'),
    thetaPerDay: sumOf('thetaPerDay'),
    value: sumOf('value'),
    widenings: Object.freeze(doubts.map(widening)),
    asOf: Object.freeze({ source: 'exposure', timeSeconds: input.nowSeconds }),
  });
}

function contextOf({ nowSeconds, rules, spot }: ExposureInput): Context {
  if (!Number.isSafeInteger(nowSeconds) || nowSeconds < 0) {
    throw new InvalidInputError('nowSeconds', nowSeconds, 'is not a unix time', 'Give whole seconds since 1970.');
  }
  if (!(rules.maxAgeSeconds > 0 && Number.isFinite(rules.maxAgeSeconds))) {
    const hint = 'Give the age in seconds from which a reading is stale.';
    throw new InvalidInputError('rules.maxAgeSeconds', rules.maxAgeSeconds, 'is not a positive number', hint);
  }
  return {
    spot: toPositive(spot, 'spot'),
    nowSeconds,
    maxAgeSeconds: rules.maxAgeSeconds,
    stalePerSecond: toPositive(rules.staleSharePerHour, 'rules.staleSharePerHour') / 3600,
  };
}

/** All readings of one id; none when an expected position was not answered. */
interface Group {
  readonly id: string;
  readonly readings: readonly PositionReading[];
  readonly nowSeconds: number;
}

function groupById({ readings, expectedIds = [], nowSeconds }: ExposureInput): Group[] {
  const groups = new Map<string, PositionReading[]>();
  for (const id of expectedIds) groups.set(id, []);
  for (const reading of readings) {
    const group = groups.get(reading.id);
    if (group === undefined) groups.set(reading.id, [reading]);
    else group.push(reading);
  }
  return Array.from(groups, ([id, group]) => ({ id, readings: group, nowSeconds }));
}

function entryOf({ id, readings, nowSeconds }: Group, context: Context): Entry {
  const [first, ...others] = readings;
  if (first === undefined) {
    const asOf = { source: 'expected', timeSeconds: nowSeconds };
    return unboundedEntry(id, id, 'was expected, and no source answered for it', asOf);
  }
  if (others.length === 0) return readingEntry(first, context);
  const twice = duplicateSource(readings);
  if (twice !== undefined) {
    return unboundedEntry(id, first.label, `${twice} gave this id more than once in one reading`, first.asOf);
  }
  return merge(
    readings.map((reading) => readingEntry(reading, context)),
    readings,
  );
}

function duplicateSource(readings: readonly PositionReading[]): string | undefined {
  const seen = new Set<string>();
  for (const { asOf } of readings) {
    if (seen.has(asOf.source)) return asOf.source;
    seen.add(asOf.source);
  }
  return undefined;
}

function readingEntry(reading: PositionReading, context: Context): Entry {
  const { asOf, id, label } = reading;
  if (reading.status === 'unknown') {
    const { deltaBounds: bounds, reason } = reading;
    if (bounds === undefined) return unboundedEntry(id, label, reason, asOf);
    try {
      const low = toNumber(bounds.low, 'deltaBounds.low');
      return boundsEntry(reading, 'unknown', low, toNumber(bounds.high, 'deltaBounds.high'), reason);
    } catch (error) {
      return unboundedEntry(id, label, reasonOf(error), asOf);
    }
  }
  const { position } = reading;
  try {
    if (position.kind === 'option' && !(position.expirySeconds > context.nowSeconds)) {
      const { low, high } = optionDeltaBounds(position);
      return boundsEntry(reading, 'option', low, high, 'has expired, and its settlement was not seen');
    }
    const greeks = Object.freeze(valuePosition(position, context.spot, context.nowSeconds));
    const stale = staleness(reading.asOf, () => grossDeltaUnits(position, greeks), label, context);
    const doubts = stale === undefined ? [] : [stale];
    return { id, label, kind: position.kind, base: greeks.deltaUnits, doubts, greeks, bounded: true, asOf };
  } catch (error) {
    return unboundedEntry(id, label, reasonOf(error), asOf);
  }
}

/** What a source says is believed no further than it can be valued: our own errors make doubt, others are bugs. */
function reasonOf(error: unknown): string {
  if (error instanceof EvenkeelError) return error.message;
  throw error;
}

function staleness(asOf: AsOf, gross: () => number, label: string, context: Context): Doubt | undefined {
  const age = Math.abs(context.nowSeconds - asOf.timeSeconds);
  if (age <= context.maxAgeSeconds) return undefined;
  if (!Number.isFinite(age)) throw new InvalidInputError('asOf.timeSeconds', asOf.timeSeconds, 'is no time', '');
  const by = gross() * context.stalePerSecond * age;
  const sentence = `${label} was read ${age} s ago, more than the ${context.maxAgeSeconds} s that are fresh.`;
  return { code: 'STALE', source: asOf.source, sentence, low: by, high: by };
}

function boundsEntry(reading: PositionReading, kind: Entry['kind'], low: number, high: number, reason: string): Entry {
  if (low > high) {
    throw new InvalidInputError('deltaBounds', { low, high }, 'has its low end above its high end', 'Swap the two.');
  }
  const { asOf, id, label } = reading;
  const half = (high - low) / 2;
  const sentence = `${label}: ${reason}; its delta lies between ${low} and ${high}.`;
  const doubts: Doubt[] = [{ code: 'UNREADABLE', source: asOf.source, sentence, low: half, high: half }];
  return { id, label, kind, base: low + half, doubts, greeks: undefined, bounded: true, reason, asOf };
}

function unboundedEntry(id: string, label: string, reason: string, asOf: AsOf): Entry {
  return { id, label, kind: 'unknown', base: 0, doubts: [], greeks: undefined, bounded: false, reason, asOf };
}

function endsOf(entry: Entry): { readonly low: number; readonly high: number } {
  return {
    low: entry.base - sumExactly(entry.doubts.map((doubt) => doubt.low)),
    high: entry.base + sumExactly(entry.doubts.map((doubt) => doubt.high)),
  };
}

/** Several answers for one position: the freshest that was valued leads, the others can only add doubt. */
function merge(entries: readonly Entry[], readings: readonly PositionReading[]): Entry {
  const byFreshness = [...entries].sort((a, b) => b.asOf.timeSeconds - a.asOf.timeSeconds);
  const lead = byFreshness.find((entry) => entry.greeks !== undefined) ?? byFreshness.find((entry) => entry.bounded);
  if (lead === undefined) return byFreshness[0]!;
  if (entries.some((entry, i) => !entry.bounded && readings[i]!.status === 'known')) {
    const reason = `${lead.asOf.source} can be valued, another source's answer cannot`;
    return unboundedEntry(lead.id, lead.label, reason, lead.asOf);
  }
  const own = endsOf(lead);
  const rivals = byFreshness.filter((entry) => entry !== lead && entry.bounded && contradicts(entry, lead));
  const low = Math.max(0, ...rivals.map((entry) => own.low - endsOf(entry).low));
  const high = Math.max(0, ...rivals.map((entry) => endsOf(entry).high - own.high));
  if (low === 0 && high === 0) return lead;
  const sources = [lead, ...rivals].map((entry) => entry.asOf.source).join(', ');
  const sentence = `${lead.label} is read differently by ${sources}; it may be anything between them.`;
  return { ...lead, doubts: [...lead.doubts, { code: 'DISPUTED', source: sources, sentence, low, high }] };
}

/** A source that could not read a position is no rival of one that could, as long as its bounds allow that answer. */
function contradicts(rival: Entry, lead: Entry): boolean {
  if (rival.greeks !== undefined || lead.greeks === undefined) return true;
  const { low, high } = endsOf(rival);
  return lead.base < low || lead.base > high;
}

function flightDoubt({ amount, deltaPerUnit, id, sentence }: InFlight): Doubt {
  const arrived = atomsToNumber(amount.atoms, amount.token.decimals) * toNumber(deltaPerUnit, 'inFlight.deltaPerUnit');
  return { code: 'IN_FLIGHT', source: id, sentence, low: Math.max(0, -arrived), high: Math.max(0, arrived) };
}

function range(low: number, high: number): Exposure['delta'] {
  return Object.freeze({ low: toText(low, 'delta.low'), high: toText(high, 'delta.high') });
}

function widening({ code, high, low, sentence, source }: Doubt): Widening {
  return Object.freeze({ source, code, sentence, low: toText(low, 'low'), high: toText(high, 'high') });
}

function positionExposure(entry: Entry): PositionExposure {
  const { asOf, bounded, greeks, id, kind, label, reason } = entry;
  const ends = bounded ? endsOf(entry) : undefined;
  const delta = ends === undefined ? undefined : range(ends.low, ends.high);
  const exposure = { id, label, kind, delta, greeks, asOf };
  return Object.freeze(reason === undefined ? exposure : { ...exposure, reason });
}
