import * as v from 'valibot';
import type { CostCurve } from '../model/cost-curve.js';
import { costFunction } from '../policy/cost-function.js';
import {
  ProfileBandEmptyError,
  ProfileCurveNotConvexError,
  ProfileInputInvalidError,
  ProfileInstrumentDuplicateError,
  ProfileWeightNegativeError,
} from './errors.js';
import { GREEKS, type InstrumentSide, type ProfileInstrument, type ProfileProblem, type Range } from './profile.js';

const finite = v.pipe(v.number('must be a number'), v.finite('must be finite'));
const notNegative = v.pipe(finite, v.minValue(0, 'must not be below 0'));
const positive = v.pipe(finite, v.gtValue(0, 'must be above 0'));
const range = v.strictObject({ low: finite, high: finite });
const target = v.strictObject({ low: finite, high: finite, weight: finite });
const curve = v.strictObject({
  side: v.picklist(['buy', 'sell'], 'must be "buy" or "sell"'),
  referencePrice: positive,
  fixedCost: notNegative,
  points: v.array(v.strictObject({ sizeUnits: positive, cost: finite, marginalCost: finite })),
});
const side = v.strictObject({
  curve,
  maxUnits: v.exactOptional(notNegative),
  holdingCostPerDay: finite,
  marginPerUnit: finite,
});
const instrument = v.strictObject({
  id: v.pipe(v.string('must be a text'), v.nonEmpty('must not be empty')),
  greeks: v.strictObject({ delta: finite, gamma: finite, vega: finite }),
  buy: v.exactOptional(side),
  sell: v.exactOptional(side),
  lotUnits: v.exactOptional(
    v.pipe(
      v.string('must be a decimal string'),
      v.regex(/^(?:0|[1-9]\d*)(?:\.\d+)?$/, 'must be a plain decimal string'),
      v.check((text) => Number(text) > 0, 'must be above 0'),
    ),
  ),
});
const schema: v.GenericSchema<unknown, ProfileProblem> = v.strictObject({
  exposure: v.strictObject({ delta: range, gamma: range, vega: range }),
  target: v.strictObject({
    delta: v.exactOptional(target),
    gamma: v.exactOptional(target),
    vega: v.exactOptional(target),
  }),
  instruments: v.array(instrument),
  marginAvailable: notNegative,
  holdingDays: notNegative,
});

/** A sample may lie this much above the convex hull, as a share of its cost: what a router's own tolerance makes. */
const CONVEX_TOLERANCE = 0.01;

/**
 * Checks a profile problem from outside.
 *
 * @throws {ProfileInputInvalidError} for a field that is missing, unknown, no finite number, or out of its range
 * @throws {ProfileBandEmptyError} for a range whose low end lies above its high end
 * @throws {ProfileWeightNegativeError} for a negative weight
 * @throws {ProfileInstrumentDuplicateError} for two instruments of one id
 * @throws {ProfileCurveNotConvexError} for a cost curve that is not convex
 */
export function parseProfileProblem(input: unknown): ProfileProblem {
  const result = v.safeParse(schema, input);
  if (!result.success) {
    const [issue] = result.issues;
    const field = v.getDotPath(issue) ?? 'problem';
    const value = issue.path?.at(-1)?.value ?? issue.input;
    const problem =
      issue.expected === 'never' ? 'is not a known field' : value === undefined ? 'is missing' : issue.message;
    throw new ProfileInputInvalidError(field, value, problem, 'See docs/profile.md for every field and its unit.');
  }
  const problem = result.output;
  for (const greek of GREEKS) {
    checkRange(`exposure.${greek}`, problem.exposure[greek]);
    const band = problem.target[greek];
    if (band === undefined) continue;
    checkRange(`target.${greek}`, band);
    if (band.weight < 0) throw new ProfileWeightNegativeError(`target.${greek}.weight`, band.weight);
  }
  checkInstruments(problem.instruments);
  return problem;
}

function checkRange(field: string, { high, low }: Range): void {
  if (low > high) throw new ProfileBandEmptyError(field, { low, high });
}

function checkInstruments(instruments: readonly ProfileInstrument[]): void {
  const seen = new Set<string>();
  for (const [i, { buy, id, sell }] of instruments.entries()) {
    const field = `instruments.${i}`;
    if (seen.has(id)) throw new ProfileInstrumentDuplicateError(`${field}.id`, id);
    seen.add(id);
    if (buy !== undefined) checkSide(`${field}.buy`, 'buy', buy);
    if (sell !== undefined) checkSide(`${field}.sell`, 'sell', sell);
    if (buy !== undefined && sell !== undefined) checkBothSides(field, buy, sell);
  }
}

function checkSide(field: string, direction: CostCurve['side'], { curve: given }: InstrumentSide): void {
  if (given.side !== direction) {
    const hint = `Give the curve of the ${direction} side.`;
    throw new ProfileInputInvalidError(`${field}.curve.side`, given.side, 'is the other side', hint);
  }
  const { fixedCost, variableCost } = costFunction(given);
  for (const [i, { cost, sizeUnits }] of given.points.entries()) {
    const excess = cost - fixedCost - variableCost(sizeUnits);
    if (excess > CONVEX_TOLERANCE * Math.abs(cost)) {
      throw new ProfileCurveNotConvexError(`${field}.curve.points.${i}.cost`, cost, (100 * excess) / Math.abs(cost));
    }
  }
}

/** Buying and selling at once must not earn money or margin: the programme would be neither convex nor bounded by sense. */
function checkBothSides(field: string, buy: InstrumentSide, sell: InstrumentSide): void {
  for (const key of ['holdingCostPerDay', 'marginPerUnit'] as const) {
    if (buy[key] + sell[key] < -1e-12 * (Math.abs(buy[key]) + Math.abs(sell[key]))) {
      const hint = 'What one side is paid, the other side must pay at least.';
      throw new ProfileInputInvalidError(
        `${field}.sell.${key}`,
        sell[key],
        'is less than what buying gives back',
        hint,
      );
    }
  }
}
