import { costFunction } from '../policy/cost-function.js';
import type { CostCurve } from '../model/cost-curve.js';
import { Decimal, type DecimalString } from '../model/decimal.js';
import { almgrenChriss } from './paces/almgren-chriss.js';
import { obizhaevaWang } from './paces/obizhaeva-wang.js';
import { optimal } from './paces/optimal.js';
import type { Pace } from './paces/pace.js';
import { pov, vwap } from './paces/vwap.js';
import { rebin } from './plan-schedule.js';
import { restOfSchedule, type RestReason, type ScheduleProgress } from './rest-of-schedule.js';
import type { Schedule } from './schedule.js';

/** Paces that are worked out anew after every fill. */
export type PacedKind = 'vwap' | 'pov' | 'almgren-chriss' | 'obizhaeva-wang' | 'optimal';

/** A paced schedule, and where it stands. */
export interface PacingQuestion extends ScheduleProgress {
  readonly schedule: Omit<Schedule, 'kind' | 'slices' | 'sentence'> & { readonly kind: PacedKind };
  /** The most slices. */
  readonly maxParts: number;
  /** Pools are back by then: 95 % of what was taken. */
  readonly recoverySeconds: number;
  /** Share of each slice's interval within which its time is drawn. */
  readonly jitterShare: number;
  /** What others are expected to trade in equal bins of the span; for `pov` in units, of which `participation` is ours. */
  readonly volumeUnits: readonly number[];
  readonly participation: number;
  readonly lotUnits: DecimalString;
  /** Cost of the side that is traded, as it is now. */
  readonly curve: CostCurve;
  /** Numeraire for each squared unit that stays open for a year, (γ/2)σ²S². */
  readonly riskPerSquaredUnitYear: number;
  /** Index of the next slice. */
  readonly nextIndex: number;
}

/** What is left of a paced schedule; the whole of it before the first fill. */
export type Pacing = (question: PacingQuestion) => Schedule;

const YEAR_SECONDS = 365 * 86_400;
const BACK = 20;

/**
 * The paces of this folder as the port `pacing` of a rebalancer: after every fill the rest follows from the net delta, the
 * curve of now, and what earlier slices have taken from the pools.
 *
 * @throws {ScheduleInvalidError} as {@link restOfSchedule}
 *
 * @example
 * ```ts
 * const rebalancer = createRebalancer({ ...portfolio, schedule: { ...portfolio.schedule, kind: 'optimal' } },
 *   { ...ports, pacing: pacedSlices })
 * ```
 */
export const pacedSlices: Pacing = (question) => {
  const { curve, lotUnits, nextIndex, riskPerSquaredUnitYear, schedule } = question;
  const { endSeconds, startSeconds, totalDeltaUnits } = schedule;
  const { reason, slices, undoneDeltaUnits } = restOfSchedule(
    paceOf(question),
    { totalDeltaUnits, startSeconds, endSeconds, lotUnits, curve, riskPerSquaredUnitYear },
    question,
  );
  return Object.freeze({
    ...schedule,
    slices: Object.freeze(
      slices.map((slice) =>
        Object.freeze({ ...slice, index: nextIndex + slice.index, atSeconds: Math.floor(slice.atSeconds) }),
      ),
    ),
    sentence: SENTENCES[reason](schedule.kind, slices.length, new Decimal(undoneDeltaUnits)),
  });
};

const undone = (units: Decimal): string => (units.isZero() ? '' : ` ${units.abs().toPrecision(6)} stay undone.`);
const SENTENCES: Record<RestReason, (kind: string, slices: number, undoneUnits: Decimal) => string> = {
  WORKING: (kind, slices, units) => `${slices} ${slices === 1 ? 'slice' : 'slices'} by ${kind}.${undone(units)}`,
  NOTHING_NEEDED: () => 'The delta is where it should be: nothing is left to trade.',
  ALL_FILLED: () => 'All that was planned is filled.',
  TIME_IS_OVER: (_kind, _slices, units) => `The schedule has ended.${undone(units)}`,
  NOT_WORTH_GAS: (_kind, _slices, units) => `What is left is not worth its gas.${undone(units)}`,
  NOTHING_FITS: (_kind, _slices, units) => `Nothing that is left fits a lot or the volume.${undone(units)}`,
};

function paceOf(question: PacingQuestion): Pace {
  const { jitterShare, maxParts: parts, participation, recoverySeconds, schedule, volumeUnits } = question;
  const resiliencePerSecond = Math.log(BACK) / recoverySeconds;
  const { seed } = schedule;
  const jitter = seed === undefined || jitterShare === 0 ? {} : { jitter: { seed, shareOfInterval: jitterShare } };
  switch (schedule.kind) {
    case 'vwap':
      return vwap({ bins: parts, expectedVolume: () => rebin(volumeUnits, parts), ...jitter });
    case 'pov':
      return pov({ bins: volumeUnits.length, expectedVolume: () => volumeUnits, participation, ...jitter });
    case 'almgren-chriss':
      return almgrenChriss({ parts, urgencyPerSecond: urgencyOf(question), ...jitter });
    case 'obizhaeva-wang':
      return obizhaevaWang({ parts, resiliencePerSecond, ...jitter });
    case 'optimal':
      return optimal({ parts, resiliencePerSecond, ...jitter });
  }
}

/** κ for the impact that the curve shows between nothing and the whole, with (γ/2)σ²S² in place of λσ². */
function urgencyOf({ curve, maxParts, riskPerSquaredUnitYear, schedule }: PacingQuestion): number {
  const interval = (schedule.endSeconds - schedule.startSeconds) / maxParts;
  const whole = Math.abs(Number(schedule.totalDeltaUnits));
  const cost = costFunction(curve);
  const size = Math.min(whole, cost.maxSizeUnits);
  const impactPerUnit = (cost.marginalCost(size) - cost.marginalCost(0)) / size;
  const risk = riskPerSquaredUnitYear / YEAR_SECONDS;
  return Math.acosh(1 + (risk * interval) / Math.max(impactPerUnit, Number.MIN_VALUE * 1e20)) / interval;
}
