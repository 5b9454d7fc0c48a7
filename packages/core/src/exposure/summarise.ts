import { InvalidInputError } from '@evenkeel/intents';
import type { BasisSensitivity, Exposure, PositionExposure, Widening } from '../model/exposure.js';
import type { OptionPosition, PositionReading } from '../model/position.js';
import type { DecimalString } from '../model/decimal.js';
import type { ExposureInput, InFlight } from './assemble-exposure.js';
import { type Doubt, endsOf, type Entry, type EntryContext, entryOf, type Group, type Valued } from './entry.js';
import { addBasis } from './greeks.js';
import { atomsToNumber, toNumber, toPositive, toText } from './number.js';
import { optionDeltaBounds } from './positions/option.js';
import { exactSum } from './sum.js';

export interface Summary {
  readonly underlying: string;
  readonly spot: DecimalString;
  readonly groups: readonly Group[];
  readonly inFlight: readonly InFlight[];
  readonly context: EntryContext;
}

/** Adds entries and doubts up into the exposure towards one underlying. Books are long and summed often: one pass. */
export function summarise({ context, groups, inFlight, spot, underlying }: Summary): Exposure {
  const positions: PositionExposure[] = [];
  const unbounded: string[] = [];
  const doubts: Doubt[] = [];
  const based: BasisSensitivity[] = [];
  const low = exactSum();
  const high = exactSum();
  const gamma = exactSum();
  const vega = exactSum();
  const theta = exactSum();
  const value = exactSum();
  for (const group of groups) {
    const entry = entryOf(group, context);
    const { base, bounded, greeks } = entry;
    positions.push(positionExposure(entry));
    if (bounded) {
      low.add(base);
      high.add(base);
      for (const doubt of entry.doubts) doubts.push(doubt);
    } else unbounded.push(entry.id);
    if (greeks === undefined) continue;
    gamma.add(greeks.gammaPerUnit);
    vega.add(greeks.vegaPerPoint);
    theta.add(greeks.thetaPerDay);
    value.add(greeks.value);
    if (greeks.basis !== undefined) based.push(...greeks.basis);
  }
  for (const flight of inFlight) doubts.push(flightDoubt(flight));
  for (const doubt of doubts) {
    low.add(-doubt.low);
    high.add(doubt.high);
  }
  const basis = addBasis(based);
  return Object.freeze({
    underlying,
    spot,
    positions: Object.freeze(positions),
    delta: range(low.value(), high.value()),
    unbounded: Object.freeze(unbounded),
    gammaPerUnit: gamma.value(),
    vegaPerPoint: vega.value(),
    thetaPerDay: theta.value(),
    value: value.value(),
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
  const byId = new Map<string, PositionReading[]>();
  const groups: Group[] = [];
  const open = (id: string, own: PositionReading[]): void => {
    byId.set(id, own);
    groups.push({ id, readings: own, nowSeconds });
  };
  for (const id of expectedIds) if (!byId.has(id)) open(id, []);
  for (const reading of readings) {
    const own = byId.get(reading.id);
    if (own === undefined) open(reading.id, [reading]);
    else own.push(reading);
  }
  return groups;
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
  const { asOf, base, bounded, doubts, id, kind, label, liquidation, reason } = entry;
  const greeks = entry.greeks === undefined ? undefined : Object.freeze(entry.greeks);
  let delta: PositionExposure['delta'];
  if (bounded && doubts.length === 0) delta = range(base, base);
  else if (bounded) {
    const { high, low } = endsOf(entry);
    delta = range(low, high);
  }
  if (reason === undefined) {
    if (liquidation === undefined) return Object.freeze({ id, label, kind, delta, greeks, asOf });
    return Object.freeze({ id, label, kind, delta, greeks, asOf, liquidation });
  }
  return Object.freeze({
    id,
    label,
    kind,
    delta,
    greeks,
    asOf,
    reason,
    ...(liquidation === undefined ? {} : { liquidation }),
  });
}
