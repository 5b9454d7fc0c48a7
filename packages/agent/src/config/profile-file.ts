import { readFileSync } from 'node:fs';
import { decimalFromNumber, type OptionPosition, type PerpetualPosition, type Position } from '@evenkeel/core';
import {
  type Greek,
  type InstrumentSide,
  linearImpactCurve,
  parseProfileProblem,
  type ProfileInstrument,
  type ProfileProblem,
  unitGreeks,
} from '@evenkeel/core/profile';
import { InvalidInputError } from '@evenkeel/intents';
import * as v from 'valibot';
import { parse as parseYaml } from 'yaml';
import { ConfigUnreadableError } from './errors.js';

const finite = v.pipe(v.number('must be a number'), v.finite('must be finite'));
const notNegative = v.pipe(finite, v.minValue(0, 'must not be below 0'));
const positive = v.pipe(finite, v.gtValue(0, 'must be above 0'));

const range = v.union(
  [finite, v.strictObject({ low: finite, high: finite })],
  'must be a number, or { low, high } where it is not known exactly',
);

/** A quote with linear impact, or the samples of a cost curve. */
const side = v.strictObject({
  fixedCostUsd: v.optional(notNegative, 0),
  costPerUnitUsd: v.exactOptional(notNegative),
  impactPerUnitUsd: v.optional(notNegative, 0),
  points: v.exactOptional(v.array(v.strictObject({ sizeUnits: positive, costUsd: finite, marginalCostUsd: finite }))),
  maxUnits: v.exactOptional(notNegative),
  holdingCostPerDayUsd: v.optional(finite, 0),
  marginPerUnitUsd: v.optional(finite, 0),
});
type SideEntry = v.InferOutput<typeof side>;

/** What an instrument is, so that its greeks need not be stated. */
const kind = v.variant('kind', [
  v.strictObject({ kind: v.literal('spot') }),
  v.strictObject({ kind: v.literal('perpetual') }),
  v.strictObject({
    kind: v.literal('option'),
    optionType: v.picklist(['call', 'put'], 'must be "call" or "put"'),
    strikeUsd: positive,
    expiryDays: positive,
    annualVolatilityPercent: positive,
    forwardRatio: v.optional(positive, 1),
    annualRatePercent: v.optional(finite, 0),
  }),
]);
type Kind = v.InferOutput<typeof kind>;

const instrument = v.strictObject({
  id: v.pipe(v.string('must be a text'), v.nonEmpty('must not be empty')),
  is: v.exactOptional(kind),
  greeks: v.exactOptional(v.strictObject({ deltaUnits: finite, gammaPerUnit: finite, vegaPerPoint: finite })),
  lotUnits: v.exactOptional(v.string('must be a decimal string')),
  buy: v.exactOptional(side),
  sell: v.exactOptional(side),
});
type InstrumentEntry = v.InferOutput<typeof instrument>;

const target = v.strictObject({ low: finite, high: finite, weight: v.optional(finite, 1) });

const schema = v.strictObject({
  spotUsd: positive,
  exposure: v.strictObject({
    deltaUnits: range,
    gammaPerUnit: v.optional(range, 0),
    vegaPerPoint: v.optional(range, 0),
  }),
  target: v.strictObject({
    deltaUnits: v.exactOptional(target),
    gammaPerUnit: v.exactOptional(target),
    vegaPerPoint: v.exactOptional(target),
  }),
  marginAvailableUsd: notNegative,
  holdingDays: notNegative,
  instruments: v.array(instrument),
});

/** Keys of the file, each with its unit, and the greeks that they stand for. */
const KEYS = { delta: 'deltaUnits', gamma: 'gammaPerUnit', vega: 'vegaPerPoint' } as const;

/** Of an option that is valued here only days to expiry matter, not the date. */
const VALUED_AT_SECONDS = 0;
const SECONDS_PER_DAY = 86_400;

/**
 * Reads a profile problem from a YAML or JSON file, with units in its keys and instruments given as what they are.
 *
 * @throws {ConfigUnreadableError} when the file cannot be read
 * @throws {InvalidInputError} naming the field that is wrong, and what `parseProfileProblem` throws
 */
export function loadProfileProblem(file: string): ProfileProblem {
  let parsed: unknown;
  try {
    parsed = parseYaml(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new ConfigUnreadableError(file, error);
  }
  const result = v.safeParse(schema, parsed);
  if (!result.success) {
    const [issue] = result.issues;
    const value = issue.path?.at(-1)?.value ?? issue.input;
    const problem =
      issue.expected === 'never' ? 'is not a known key' : value === undefined ? 'is missing' : issue.message;
    throw new InvalidInputError(v.getDotPath(issue) ?? 'problem', value, problem, 'See docs/profile.md for every key.');
  }
  const { exposure, holdingDays, instruments, marginAvailableUsd, spotUsd, target: wanted } = result.output;
  const rangeOf = (value: v.InferOutput<typeof range>): { low: number; high: number } =>
    typeof value === 'number' ? { low: value, high: value } : value;
  const targets = (['delta', 'gamma', 'vega'] as const).flatMap((greek) => {
    const band = wanted[KEYS[greek]];
    return band === undefined ? [] : [[greek, band] as const];
  });
  return parseProfileProblem({
    exposure: {
      delta: rangeOf(exposure.deltaUnits),
      gamma: rangeOf(exposure.gammaPerUnit),
      vega: rangeOf(exposure.vegaPerPoint),
    },
    target: Object.fromEntries(targets),
    instruments: instruments.map((entry, index) => instrumentOf(entry, `instruments.${index}`, spotUsd)),
    marginAvailable: marginAvailableUsd,
    holdingDays,
  });
}

function instrumentOf(entry: InstrumentEntry, field: string, spot: number): ProfileInstrument {
  const { buy, id, lotUnits, sell } = entry;
  return {
    id,
    greeks: greeksOf(entry, field, spot),
    ...(lotUnits === undefined ? {} : { lotUnits }),
    ...(buy === undefined ? {} : { buy: sideOf(buy, 'buy', `${field}.buy`, spot) }),
    ...(sell === undefined ? {} : { sell: sideOf(sell, 'sell', `${field}.sell`, spot) }),
  };
}

function greeksOf({ greeks, is }: InstrumentEntry, field: string, spot: number): Record<Greek, number> {
  if ((greeks === undefined) === (is === undefined)) {
    const problem = greeks === undefined ? 'has neither greeks nor a kind' : 'has both greeks and a kind';
    throw new InvalidInputError(field, { greeks, is }, problem, 'Give either "greeks" or "is".');
  }
  if (greeks !== undefined) {
    return { delta: greeks.deltaUnits, gamma: greeks.gammaPerUnit, vega: greeks.vegaPerPoint };
  }
  return unitGreeks(positionOf(is!, spot), spot, VALUED_AT_SECONDS);
}

function positionOf(is: Kind, spot: number): Position {
  switch (is.kind) {
    case 'option':
      return optionOf(is);
    case 'spot':
    case 'perpetual':
      return oneForward(spot);
  }
}

/** Spot, bought or borrowed and sold, moves as a perpetual future does whose collateral does not. */
function oneForward(spot: number): PerpetualPosition {
  const collateral = { amountUnits: '0', deltaPerUnit: '0', valuePerUnit: '1' };
  return { kind: 'perpetual', sizeUnits: '1', entryPrice: plain(spot), accruedFunding: '0', collateral };
}

function optionOf(is: Extract<Kind, { kind: 'option' }>): OptionPosition {
  return {
    kind: 'option',
    optionType: is.optionType,
    sizeUnits: '1',
    strike: plain(is.strikeUsd),
    expirySeconds: VALUED_AT_SECONDS + is.expiryDays * SECONDS_PER_DAY,
    annualVolatility: plain(is.annualVolatilityPercent / 100),
    forwardRatio: plain(is.forwardRatio),
    annualRate: plain(is.annualRatePercent / 100),
  };
}

function plain(value: number): string {
  return decimalFromNumber(value, 'number');
}

function sideOf(entry: SideEntry, direction: 'buy' | 'sell', field: string, spot: number): InstrumentSide {
  const { costPerUnitUsd, fixedCostUsd, holdingCostPerDayUsd, impactPerUnitUsd, marginPerUnitUsd, maxUnits, points } =
    entry;
  const rest = { holdingCostPerDay: holdingCostPerDayUsd, marginPerUnit: marginPerUnitUsd };
  if (points !== undefined) {
    if (costPerUnitUsd !== undefined) {
      const hint = 'Give either points or costPerUnitUsd.';
      throw new InvalidInputError(`${field}.points`, points.length, 'stands beside costPerUnitUsd', hint);
    }
    const samples = points.map(({ costUsd, marginalCostUsd, sizeUnits }) => ({
      sizeUnits,
      cost: costUsd,
      marginalCost: marginalCostUsd,
    }));
    const curve = { side: direction, referencePrice: spot, fixedCost: fixedCostUsd, points: samples };
    return { curve, ...rest, ...(maxUnits === undefined ? {} : { maxUnits }) };
  }
  if (costPerUnitUsd === undefined || maxUnits === undefined) {
    const missing = costPerUnitUsd === undefined ? 'costPerUnitUsd' : 'maxUnits';
    throw new InvalidInputError(`${field}.${missing}`, undefined, 'is missing', 'Give it, or the points of a curve.');
  }
  const curve = linearImpactCurve({
    side: direction,
    referencePrice: spot,
    fixedCost: fixedCostUsd,
    costPerUnit: costPerUnitUsd,
    impactPerUnit: impactPerUnitUsd,
    maxUnits,
  });
  return { curve, ...rest };
}
