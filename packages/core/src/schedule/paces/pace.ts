import type { CostFunction } from '../../policy/cost-function.js';
import { ScheduleInvalidError } from '../errors.js';
import { type Jitter, timesOf } from '../plan-schedule.js';

/** A trade that was made. */
export interface Fill {
  readonly atSeconds: number;
  /** In the direction of the task, so that they are positive. */
  readonly units: number;
}

/** What a pace decides from: what is left, what was done, and when. Units in the direction of the task. */
export interface Work {
  readonly leftUnits: number;
  readonly fills: readonly Fill[];
  readonly nowSeconds: number;
  readonly startSeconds: number;
  readonly endSeconds: number;
  /** Cost of the side that is traded. */
  readonly cost: CostFunction;
  /** Numeraire for each squared unit that stays open for a year, (γ/2)σ²S². */
  readonly riskPerSquaredUnitYear: number;
  readonly lotUnits: number;
}

/** A slice before it is rounded and guarded. */
export interface Proposal {
  readonly atSeconds: number;
  readonly units: number;
}

/** How the rest of a trade is spread over the time that is left: a pure function of the state of the work. */
export interface Pace {
  readonly kind: 'twap' | 'vwap' | 'pov' | 'almgren-chriss' | 'obizhaeva-wang' | 'optimal';
  /** Ascending in time, none before now, together no more than what is left. */
  readonly propose: (work: Work) => readonly Proposal[];
}

/** One of the times at which a slice may be made. */
export interface Slot {
  readonly index: number;
  readonly atSeconds: number;
}

export interface Slots {
  readonly parts: number;
  readonly jitter?: Jitter;
}

/**
 * The slots that are still to come; when all have passed and time is left, one now.
 *
 * @throws {ScheduleInvalidError} for less than one slot
 */
export function openSlots({ endSeconds, nowSeconds, startSeconds }: Work, { jitter, parts }: Slots): readonly Slot[] {
  if (!(Number.isSafeInteger(parts) && parts >= 1)) {
    throw new ScheduleInvalidError('parts', parts, 'is no number of slices', 'Allow at least one slice.');
  }
  const open = timesOf(startSeconds, endSeconds - startSeconds, parts, jitter)
    .map((atSeconds, index) => ({ index, atSeconds }))
    .filter(({ atSeconds }) => atSeconds >= nowSeconds);
  return open.length > 0 ? open : [{ index: parts - 1, atSeconds: nowSeconds }];
}

/**
 * What is left, in proportion to the weights of the slots to come. Slots whose part has been done ahead, by a slice that was
 * joined of several or because the need has shrunk, are passed over.
 */
export function spread(work: Work, slots: Slots, weightOf: (index: number) => number): readonly Proposal[] {
  const weights = Array.from({ length: slots.parts }, (_, index) => weightOf(index));
  const whole = total(weights);
  const done = doneUnits(work);
  // Rounding to lots may leave what was done one lot behind.
  const share = done > 0 ? (done + 1.01 * work.lotUnits) / (done + work.leftUnits) : 0;
  const isAhead = (index: number): boolean => total(weights.slice(0, index + 1)) <= share * whole;
  const open = openSlots(work, slots);
  const due = open.filter(({ index }, i) => i === open.length - 1 || !(done > 0 && isAhead(index)));
  const ahead = total(due.map(({ index }) => weights[index]!));
  // Nothing more is expected of the slots to come: all that is left is due in the first of them.
  const shareOf = (index: number, i: number): number => (ahead > 0 ? weights[index]! / ahead : i === 0 ? 1 : 0);
  return due.map(({ atSeconds, index }, i) => ({ atSeconds, units: work.leftUnits * shareOf(index, i) }));
}

export function doneUnits({ fills }: Work): number {
  return total(fills.map(({ units }) => units));
}

export function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
