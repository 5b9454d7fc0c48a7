import type { CostCurve } from '../model/cost-curve.js';
import { Decimal, type DecimalString, parseDecimal } from '../model/decimal.js';
import { type CostFunction, costFunction } from '../policy/cost-function.js';
import { ScheduleInvalidError } from './errors.js';
import type { Pace, Proposal } from './paces/pace.js';
import type { Slice } from './schedule.js';

/** What was agreed on before the first slice. */
export interface ScheduleTask {
  /** Signed; not zero. No more than this is ever traded. */
  readonly totalDeltaUnits: DecimalString;
  readonly startSeconds: number;
  readonly endSeconds: number;
  /** Slices but the last are whole multiples of this. */
  readonly lotUnits: DecimalString;
  /** Cost of the side that is traded. */
  readonly curve: CostCurve;
  /** Numeraire for each squared unit that stays open for a year, (γ/2)σ²S². */
  readonly riskPerSquaredUnitYear: number;
  /** What a squared unit costs that is still open when the schedule has ended, numeraire; absent: nothing may stay open. */
  readonly openRiskPerSquaredUnit?: number;
  /** No slice is larger: how far a schedule that has fallen behind may catch up at once. */
  readonly maxSliceUnits?: DecimalString;
}

/** Where the work stands. */
export interface ScheduleProgress {
  /** Signed change that the *net* delta asks for now. */
  readonly neededDeltaUnits: DecimalString;
  /** Signed changes that were really made, with their times. */
  readonly fills: readonly { readonly atSeconds: number; readonly deltaUnits: DecimalString }[];
  readonly nowSeconds: number;
}

export type RestReason =
  'WORKING' | 'NOTHING_NEEDED' | 'ALL_FILLED' | 'TIME_IS_OVER' | 'NOT_WORTH_GAS' | 'NOTHING_FITS';

/** What is still to be done, and why so. Slices ascend in time and have the sign of the task. */
export interface RestOfSchedule {
  readonly reason: RestReason;
  readonly slices: readonly Slice[];
  /** Signed: what is needed and allowed, and will not be done in time. */
  readonly undoneDeltaUnits: DecimalString;
}

/**
 * The rest of a schedule as a pure function of where the work stands, whatever the pace: what is left follows from the
 * net delta as it is now and from the total that was agreed on, whichever is less, and nothing is left once the market has done the
 * work. No slice exceeds `maxSliceUnits`; what a slice cannot take is passed on to the next. Slices that cost more gas
 * than the impact they save are joined, and a rest whose risk is not worth the gas is left open. The last slice takes the remainder of rounding to lots.
 *
 * @throws {ScheduleInvalidError} for no size, no time, a limit or a lot that is not above zero
 *
 * @example
 * ```ts
 * restOfSchedule(almgrenChriss({ parts: 12, urgencyPerSecond: 0.0004 }), task,
 *   { neededDeltaUnits: '-8.4', fills, nowSeconds }).slices[0]
 * ```
 */
export function restOfSchedule(pace: Pace, task: ScheduleTask, progress: ScheduleProgress): RestOfSchedule {
  const total = checkedTotal(task, progress);
  const sign = total.isNegative() ? -1 : 1;
  const needed = parseDecimal(progress.neededDeltaUnits, 'neededDeltaUnits').times(sign);
  const fills = progress.fills.map(({ atSeconds, deltaUnits }) => ({
    atSeconds,
    units: parseDecimal(deltaUnits, 'fills.deltaUnits').times(sign),
  }));
  const filled = fills.reduce((sum, { units }) => sum.plus(units), new Decimal(0));
  const left = Decimal.min(needed, total.abs().minus(filled));
  if (needed.lte(0)) return rest('NOTHING_NEEDED', [], new Decimal(0));
  if (left.lte(0)) return rest('ALL_FILLED', [], new Decimal(0));
  if (progress.nowSeconds > task.endSeconds) return rest('TIME_IS_OVER', [], left.times(sign));
  const cost = costFunction(task.curve);
  if (isLeftBetterOpen(task, cost, left.toNumber())) return rest('NOT_WORTH_GAS', [], left.times(sign));
  const proposals = pace.propose({
    leftUnits: left.toNumber(),
    fills: fills.map(({ atSeconds, units }) => ({ atSeconds, units: units.toNumber() })),
    nowSeconds: progress.nowSeconds,
    startSeconds: task.startSeconds,
    endSeconds: task.endSeconds,
    cost,
    riskPerSquaredUnitYear: task.riskPerSquaredUnitYear,
    lotUnits: Number(task.lotUnits),
  });
  const most = task.maxSliceUnits === undefined ? Infinity : wholeLots(task.maxSliceUnits, task.lotUnits).toNumber();
  const joined = joinUnworthy(cappedAt(most, proposals), cost, most);
  const proposed = joined.reduce((sum, { units }) => sum + units, 0);
  // What the pace proposes is all of it but for the last bits, unless a limit holds it back.
  const isAll = proposed >= left.toNumber() * (1 - 1e-9);
  const doable = isAll ? left : Decimal.min(left, new Decimal(String(proposed)));
  const slices = inLots(joined, doable, task.lotUnits, most, sign, isAll);
  const done = slices.reduce((sum, { deltaUnits }) => sum.plus(deltaUnits), new Decimal(0));
  const undone = left.times(sign).minus(done);
  return rest(slices.length > 0 ? 'WORKING' : 'NOTHING_FITS', slices, undone);
}

/** Whether even in one piece the rest would cost more than the risk that it removes. */
function isLeftBetterOpen(
  { openRiskPerSquaredUnit = Infinity }: ScheduleTask,
  cost: CostFunction,
  left: number,
): boolean {
  return openRiskPerSquaredUnit * left * left < cost.fixedCost + cost.variableCost(left) && left < cost.maxSizeUnits;
}

/** Passes on to the next slice what one cannot take. */
function cappedAt(most: number, proposals: readonly Proposal[]): readonly Proposal[] {
  let over = 0;
  return proposals.map(({ atSeconds, units }) => {
    const wanted = units + over;
    over = Math.max(0, wanted - most);
    return { atSeconds, units: Math.min(wanted, most) };
  });
}

/**
 * Joins neighbours whose separation saves less impact than a slice costs in gas, the least worthy pair first. The earlier
 * time is kept: to be early is to be at less risk.
 */
export function joinUnworthy(proposals: readonly Proposal[], cost: CostFunction, most: number): readonly Proposal[] {
  const slices = proposals.filter(({ units }) => units > 0);
  for (;;) {
    let worst = -1;
    let least = cost.fixedCost;
    for (let i = 0; i + 1 < slices.length; i++) {
      const together = slices[i]!.units + slices[i + 1]!.units;
      if (together > most) continue;
      const saved =
        cost.variableCost(together) - cost.variableCost(slices[i]!.units) - cost.variableCost(slices[i + 1]!.units);
      if (saved < least) {
        least = saved;
        worst = i;
      }
    }
    if (worst < 0) return slices;
    const { atSeconds, units } = slices[worst]!;
    slices.splice(worst, 2, { atSeconds, units: units + slices[worst + 1]!.units });
  }
}

/** Whole lots; what rounding leaves is carried on, and the last slice of all the work takes the remainder. */
function inLots(
  proposals: readonly Proposal[],
  total: Decimal,
  lotUnits: DecimalString,
  most: number,
  sign: number,
  isAll: boolean,
): readonly Slice[] {
  const slices: Slice[] = [];
  let done = new Decimal(0);
  let upTo = 0;
  for (const [i, { atSeconds, units }] of proposals.entries()) {
    upTo += units;
    const isLast = i === proposals.length - 1;
    const cumulative = Decimal.min(total, new Decimal(String(upTo)));
    const whole = Decimal.min(wholeLots(cumulative.minus(done), lotUnits), most);
    const remainder = total.minus(done);
    const size = isLast && isAll && remainder.lte(most) ? remainder : whole;
    if (size.isZero()) continue;
    done = done.plus(size);
    slices.push(Object.freeze({ index: slices.length, atSeconds, deltaUnits: size.times(sign).toFixed() }));
  }
  return slices;
}

function wholeLots(units: Decimal | DecimalString, lotUnits: DecimalString): Decimal {
  return new Decimal(units).div(lotUnits).integerValue(Decimal.ROUND_DOWN).times(lotUnits);
}

function checkedTotal(task: ScheduleTask, { nowSeconds }: ScheduleProgress): Decimal {
  const total = parseDecimal(task.totalDeltaUnits, 'totalDeltaUnits');
  const hint = 'Plan only what is to trade.';
  if (total.isZero()) throw new ScheduleInvalidError('totalDeltaUnits', task.totalDeltaUnits, 'is zero', hint);
  for (const field of ['lotUnits', 'maxSliceUnits'] as const) {
    const value = task[field];
    if (value === undefined || parseDecimal(value, field).gt(0)) continue;
    throw new ScheduleInvalidError(field, value, 'is not above zero', 'Give a size in units.');
  }
  for (const [field, time] of Object.entries({ ...timesIn(task), nowSeconds })) {
    if (!Number.isFinite(time)) throw new ScheduleInvalidError(field, time, 'is not a time', 'Give unix seconds.');
  }
  if (!(task.endSeconds > task.startSeconds)) {
    throw new ScheduleInvalidError('endSeconds', task.endSeconds, 'is not after the start', 'Allow some time.');
  }
  if (!(task.riskPerSquaredUnitYear >= 0 && Number.isFinite(task.riskPerSquaredUnitYear))) {
    const value = task.riskPerSquaredUnitYear;
    throw new ScheduleInvalidError('riskPerSquaredUnitYear', value, 'is no risk', 'Give (γ/2)σ²S², or 0.');
  }
  return total;
}

function timesIn({ endSeconds, startSeconds }: ScheduleTask): Record<'startSeconds' | 'endSeconds', number> {
  return { startSeconds, endSeconds };
}

function rest(reason: RestReason, slices: readonly Slice[], undone: Decimal): RestOfSchedule {
  return Object.freeze({ reason, slices: Object.freeze(slices), undoneDeltaUnits: undone.toFixed() });
}
