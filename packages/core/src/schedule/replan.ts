import { Decimal, type DecimalString, parseDecimal } from '../model/decimal.js';
import { splitExactly } from './plan-schedule.js';
import type { Schedule } from './schedule.js';

export interface ReplanInput {
  readonly schedule: Schedule;
  /** Signed change that was really made so far, over all slices. */
  readonly filledDeltaUnits: DecimalString;
  /** Signed change that the *net* delta asks for now. */
  readonly neededDeltaUnits: DecimalString;
  /** Index of the first slice that has not been tried. */
  readonly nextIndex: number;
  readonly lotUnits: DecimalString;
  readonly nowSeconds: number;
}

/**
 * The rest of a schedule after fills, partial fills and misses, from what the net delta needs *now* rather than from what
 * was once planned. Never turns round: when the need has gone or changed its sign, nothing is left. Never exceeds the
 * total that was planned (and signed). Slices whose time has passed are spread over those to come, in proportion; when
 * none is to come and the schedule has not ended, the rest is one slice now. After its end nothing is left.
 *
 * @example
 * ```ts
 * replan({ schedule, filledDeltaUnits: '-7.2', neededDeltaUnits: '-12.8', nextIndex: 3, lotUnits: '0.001', nowSeconds })
 * ```
 */
export function replan(input: ReplanInput): Schedule {
  const { lotUnits, neededDeltaUnits, nextIndex, nowSeconds, schedule } = input;
  const sign = schedule.totalDeltaUnits.startsWith('-') ? -1 : 1;
  const needed = parseDecimal(neededDeltaUnits, 'neededDeltaUnits').times(sign);
  const filled = parseDecimal(input.filledDeltaUnits, 'filledDeltaUnits').times(sign);
  const unfilled = new Decimal(schedule.totalDeltaUnits).times(sign).minus(filled);
  const left = Decimal.max(0, Decimal.min(needed, unfilled));
  if (needed.lte(0)) return rest(schedule, [], 'The delta is where it should be: nothing is left to trade.');
  if (unfilled.lte(0)) return rest(schedule, [], 'All that was planned is filled.');
  if (nowSeconds > schedule.endSeconds) return rest(schedule, [], 'The schedule has ended.');
  const open = schedule.slices.filter(({ atSeconds, index }) => index >= nextIndex && atSeconds >= nowSeconds);
  const upcoming =
    open.length > 0 ? open : [{ index: nextIndex, atSeconds: nowSeconds, deltaUnits: schedule.totalDeltaUnits }];
  const weights = upcoming.map(({ deltaUnits }) => Math.abs(Number(deltaUnits)));
  const sizes = splitExactly(left.times(sign), weights, lotUnits);
  const slices = upcoming
    .map((slice, i) => Object.freeze({ ...slice, deltaUnits: sizes[i]!.toFixed() }))
    .filter(({ deltaUnits }) => Number(deltaUnits) !== 0);
  const sentence = `${left.toFixed()} of ${new Decimal(schedule.totalDeltaUnits).abs().toFixed()} left to trade in ${slices.length}.`;
  return rest(schedule, slices, sentence);
}

function rest(schedule: Schedule, slices: Schedule['slices'], sentence: string): Schedule {
  return Object.freeze({ ...schedule, slices: Object.freeze([...slices]), sentence });
}
