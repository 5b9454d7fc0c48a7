import { EvenkeelError, InvalidInputError } from '@evenkeel/intents';
import type { AsOf } from '../model/as-of.js';
import type { Greeks, Liquidation, PositionExposure, Widening } from '../model/exposure.js';
import type { Position, PositionReading } from '../model/position.js';
import { toNumber } from './number.js';
import { sumExactlyOf } from './sum.js';

/** One position while the book is put together, in numbers. `doubt` is what is added below and above `base`. */
export interface Entry {
  readonly id: string;
  readonly label: string;
  readonly kind: PositionExposure['kind'];
  readonly base: number;
  readonly doubts: readonly Doubt[];
  readonly greeks: Greeks | undefined;
  readonly bounded: boolean;
  readonly reason?: string;
  readonly liquidation?: Liquidation;
  readonly asOf: AsOf;
}

export interface Doubt {
  readonly code: Widening['code'];
  readonly source: string;
  readonly sentence: string;
  readonly low: number;
  readonly high: number;
}

/** What a known position comes to: greeks, or where there are none all that its delta can be. */
export type Valued =
  | {
      readonly kind: 'greeks';
      readonly greeks: Greeks;
      /** The largest delta that a position of its size can have. */
      readonly gross: () => number;
      readonly liquidation?: Liquidation;
      /** How far somebody else may move the delta right now. */
      readonly reach?: { readonly low: number; readonly high: number };
    }
  | { readonly kind: 'bounds'; readonly low: number; readonly high: number; readonly reason: string };

export interface EntryContext {
  readonly value: (position: Position) => Valued;
  readonly nowSeconds: number;
  readonly maxAgeSeconds: number;
  readonly stalePerSecond: number;
}

/** All readings of one id; none when an expected position was not answered. */
export interface Group {
  readonly id: string;
  readonly readings: readonly PositionReading[];
  readonly nowSeconds: number;
}

/** All readings of one id as one position: what they agree on, what they dispute, what nobody knows. */
export function entryOf({ id, readings, nowSeconds }: Group, context: EntryContext): Entry {
  const first = readings[0];
  if (first === undefined) {
    const asOf = { source: 'expected', timeSeconds: nowSeconds };
    return unboundedEntry(id, id, 'was expected, and no source answered for it', asOf);
  }
  if (readings.length === 1) return readingEntry(first, context);
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

function readingEntry(reading: PositionReading, context: EntryContext): Entry {
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
    const valued = context.value(position);
    if (valued.kind === 'bounds') {
      return boundsEntry(reading, position.kind, valued.low, valued.high, valued.reason);
    }
    const { greeks, gross, liquidation, reach } = valued;
    const doubts = doubtsOf(staleness(asOf, gross, label, context), liquidatable(reading, reach));
    const { kind } = position;
    const base = greeks.deltaUnits;
    if (liquidation === undefined) return { id, label, kind, base, doubts, greeks, bounded: true, asOf };
    return { id, label, kind, base, doubts, greeks, bounded: true, asOf, liquidation };
  } catch (error) {
    return unboundedEntry(id, label, reasonOf(error), asOf);
  }
}

/** What a source says is believed no further than it can be valued: our own errors make doubt, others are bugs. */
function reasonOf(error: unknown): string {
  if (error instanceof EvenkeelError) return error.message;
  throw error;
}

function staleness(asOf: AsOf, gross: () => number, label: string, context: EntryContext): Doubt | undefined {
  const age = Math.abs(context.nowSeconds - asOf.timeSeconds);
  if (age <= context.maxAgeSeconds) return undefined;
  if (!Number.isFinite(age)) throw new InvalidInputError('asOf.timeSeconds', asOf.timeSeconds, 'is no time', '');
  const by = gross() * context.stalePerSecond * age;
  const sentence = `${label} was read ${age} s ago, more than the ${context.maxAgeSeconds} s that are fresh.`;
  return { code: 'STALE', source: asOf.source, sentence, low: by, high: by };
}

const NO_DOUBTS: readonly Doubt[] = Object.freeze([]);

function doubtsOf(one: Doubt | undefined, other: Doubt | undefined): readonly Doubt[] {
  if (one === undefined) return other === undefined ? NO_DOUBTS : [other];
  return other === undefined ? [one] : [one, other];
}

function liquidatable(
  { asOf, label }: PositionReading,
  reach: { readonly low: number; readonly high: number } | undefined,
): Doubt | undefined {
  if (reach === undefined || (reach.low === 0 && reach.high === 0)) return undefined;
  const sentence = `${label} can be liquidated at this spot; nobody knows how much of it is left by now.`;
  return { code: 'LIQUIDATABLE', source: asOf.source, sentence, ...reach };
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

export function endsOf(entry: Entry): { readonly low: number; readonly high: number } {
  const { base, doubts } = entry;
  if (doubts.length === 0) return { low: base, high: base };
  return {
    low: base - sumExactlyOf(doubts, (doubt) => doubt.low),
    high: base + sumExactlyOf(doubts, (doubt) => doubt.high),
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
