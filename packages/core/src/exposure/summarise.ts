import { InvalidInputError } from '@evenkeel/intents';
import type { Exposure, Greeks, PositionExposure, Widening } from '../model/exposure.js';
import type { OptionPosition, PositionReading } from '../model/position.js';
import type { DecimalString } from '../model/decimal.js';
import type { ExposureInput, InFlight } from './assemble-exposure.js';
import { type Doubt, endsOf, type Entry, type EntryContext, entryOf, type Group, type Valued } from './entry.js';
import { addBasis } from './greeks.js';
import { atomsToNumber, toNumber, toPositive, toText } from './number.js';
import { optionDeltaBounds } from './positions/option.js';
import { sumExactly, sumExactlyOf } from './sum.js';

export interface Summary {
  readonly underlying: string;
  readonly spot: DecimalString;
  readonly groups: readonly Group[];
  readonly inFlight: readonly InFlight[];
  readonly context: EntryContext;
}

/** Adds entries and doubts up into the exposure towards one underlying. */
export function summarise({ context, groups, inFlight, spot, underlying }: Summary): Exposure {
  const entries = groups.map((group) => entryOf(group, context));
  const flights = inFlight.map(flightDoubt);
  const bounded = entries.filter((entry) => entry.bounded);
  const doubtful = bounded.filter((entry) => entry.doubts.length > 0);
  const doubts = [...doubtful.flatMap((entry) => entry.doubts), ...flights];
  const base = bounded.map((entry) => entry.base);
  const sumOf = (key: Exclude<keyof Greeks, 'basis'>): number =>
    sumExactlyOf(entries, (entry) => entry.greeks?.[key] ?? 0);
  const low = sumExactly([...base, ...doubts.map((doubt) => -doubt.low)]);
  const high = sumExactly([...base, ...doubts.map((doubt) => doubt.high)]);
  const based = entries.filter((entry) => entry.greeks?.basis !== undefined);
  const basis = addBasis(based.flatMap((entry) => entry.greeks!.basis!));
  return Object.freeze({
    underlying,
    spot,
    positions: Object.freeze(entries.map(positionExposure)),
    delta: range(low, high),
    unbounded: Object.freeze(entries.filter((entry) => !entry.bounded).map((entry) => entry.id)),
    gammaPerUnit: sumOf('gammaPerUnit'),
    vegaPerPoint: sumOf('vegaPerPoint'),
    thetaPerDay: sumOf('thetaPerDay'),
    value: sumOf('value'),
    ...(basis.length === 0 ? {} : { basis: Object.freeze(basis.map((each) => Object.freeze(each))) }),
    widenings: Object.freeze(doubts.map(widening)),
    asOf: Object.freeze({ source: 'exposure', timeSeconds: context.nowSeconds }),
  });
}

/** The part of a context that does not depend on the underlying. */
export function checkedRules({
  nowSeconds,
  rules,
}: Pick<ExposureInput, 'nowSeconds' | 'rules'>): Omit<EntryContext, 'value'> {
  if (!Number.isSafeInteger(nowSeconds) || nowSeconds < 0) {
    throw new InvalidInputError('nowSeconds', nowSeconds, 'is not a unix time', 'Give whole seconds since 1970.');
  }
  if (!(rules.maxAgeSeconds > 0 && Number.isFinite(rules.maxAgeSeconds))) {
    const hint = 'Give the age in seconds from which a reading is stale.';
    throw new InvalidInputError('rules.maxAgeSeconds', rules.maxAgeSeconds, 'is not a positive number', hint);
  }
  return {
    nowSeconds,
    maxAgeSeconds: rules.maxAgeSeconds,
    stalePerSecond: toPositive(rules.staleSharePerHour, 'rules.staleSharePerHour') / 3600,
  };
}

/** At and after expiry: settled or not, nobody has seen. */
export function expiredOption(position: OptionPosition): Valued {
  return { kind: 'bounds', ...optionDeltaBounds(position), reason: 'has expired, and its settlement was not seen' };
}

export function groupById({
  readings,
  expectedIds = [],
  nowSeconds,
}: Pick<ExposureInput, 'expectedIds' | 'nowSeconds' | 'readings'>): Group[] {
  const groups = new Map<string, PositionReading[]>();
  for (const id of expectedIds) groups.set(id, []);
  for (const reading of readings) {
    const group = groups.get(reading.id);
    if (group === undefined) groups.set(reading.id, [reading]);
    else group.push(reading);
  }
  return Array.from(groups, ([id, group]) => ({ id, readings: group, nowSeconds }));
}

function flightDoubt({ amount, deltaPerUnit, id, sentence }: InFlight): Doubt {
  const arrived = atomsToNumber(amount.atoms, amount.token.decimals) * toNumber(deltaPerUnit, 'inFlight.deltaPerUnit');
  return { code: 'IN_FLIGHT', source: id, sentence, low: Math.max(0, -arrived), high: Math.max(0, arrived) };
}

function range(low: number, high: number): Exposure['delta'] {
  const text = toText(low, 'delta.low');
  return Object.freeze({ low: text, high: low === high ? text : toText(high, 'delta.high') });
}

function widening({ code, high, low, sentence, source }: Doubt): Widening {
  return Object.freeze({ source, code, sentence, low: toText(low, 'low'), high: toText(high, 'high') });
}

function positionExposure(entry: Entry): PositionExposure {
  const { asOf, bounded, id, kind, label, liquidation, reason } = entry;
  const greeks = entry.greeks === undefined ? undefined : Object.freeze(entry.greeks);
  const ends = bounded ? endsOf(entry) : undefined;
  const delta = ends === undefined ? undefined : range(ends.low, ends.high);
  const exposure: PositionExposure = { id, label, kind, delta, greeks, asOf };
  if (reason === undefined && liquidation === undefined) return Object.freeze(exposure);
  return Object.freeze({
    ...exposure,
    ...(reason === undefined ? {} : { reason }),
    ...(liquidation === undefined ? {} : { liquidation }),
  });
}
