import type { CostCurve } from '../model/cost-curve.js';
import { Decimal, type DecimalString, parseDecimal } from '../model/decimal.js';
import { ScheduleInvalidError } from './errors.js';
import { seededUniforms } from './jitter.js';
import type { Schedule, Slice } from './schedule.js';
import { bestSliceCount } from './slice-count.js';

/** Moves each slice within its interval, so that its time cannot be told beforehand. */
export interface Jitter {
  readonly seed: string;
  /** From 0 (none) to 1 (anywhere in the interval). */
  readonly shareOfInterval: number;
}

export type ScheduleRequest =
  | { readonly kind: 'single' }
  | {
      readonly kind: 'twap';
      /** The most slices that may be made. */
      readonly parts: number;
      readonly spanSeconds: number;
      readonly jitter?: Jitter;
    }
  | {
      readonly kind: 'vwap';
      readonly parts: number;
      readonly spanSeconds: number;
      /** Expected volume of equal bins of the span; any positive scale. */
      readonly volumeProfile: readonly number[];
      readonly jitter?: Jitter;
    };

export interface ScheduleInput {
  readonly request: ScheduleRequest;
  /** Signed; not zero. */
  readonly deltaChangeUnits: DecimalString;
  /** Slices but the last are whole multiples of this. */
  readonly lotUnits: DecimalString;
  /** Cost of the side that is traded. */
  readonly curve: CostCurve;
  readonly startSeconds: number;
  readonly nowSeconds: number;
  /** No slice later than this. */
  readonly deadlineSeconds: number;
  /** Time after which the pools are back where they were: slices come no closer together. */
  readonly recoverySeconds: number;
  /** Numeraire for each squared unit that stays open for a year, (γ/2)σ²S²; 0 leaves waiting out of account. */
  readonly riskPerSquaredUnitYear: number;
}

const MOST_PARTS = 10_000;

/**
 * Spreads a change of delta over time. Pure: the same input, seed included, gives the same schedule; its hash can be
 * committed to before the first slice.
 *
 * `parts` is the most that is allowed; how many are made follows from the cost curve (see {@link bestSliceCount}), so that
 * no slice is smaller than its gas is worth. A TWAP has equal slices at equal distances; a VWAP the same distances and
 * slices n_j ∝ the volume expected in their interval. Rounding to lots carries over, the last slice takes the
 * remainder, and a slice that rounds to nothing is left out.
 *
 * Source of the VWAP weights: Bialkowski, Darolles, Le Fol, "Improving VWAP strategies" (2008).
 *
 * @throws {ScheduleInvalidError} for no slices, no size, a span that is over or beyond the deadline, a bad profile
 *
 * @example
 * ```ts
 * planSchedule({ request: { kind: 'twap', parts: 8, spanSeconds: 1800 }, deltaChangeUnits: '-20', lotUnits: '0.001',
 *   curve: sellCurve, startSeconds: now, nowSeconds: now, deadlineSeconds: now + 3600, recoverySeconds: 120,
 *   riskPerSquaredUnitYear: 0 }).slices
 * ```
 */
export function planSchedule(input: ScheduleInput): Schedule {
  const { deadlineSeconds, deltaChangeUnits, request, startSeconds } = input;
  const total = parseDecimal(deltaChangeUnits, 'deltaChangeUnits');
  checkInput(input, total);
  if (request.kind === 'single') {
    const slices = [{ index: 0, atSeconds: startSeconds, deltaUnits: total.toFixed() }];
    return freeze('single', input, deadlineSeconds, slices, 'One piece, as the request says.');
  }
  checkRequest(request, input);
  const { spanSeconds } = request;
  const lots = total.abs().div(input.lotUnits).integerValue(Decimal.ROUND_CEIL).toNumber();
  const apart = Math.floor(spanSeconds / input.recoverySeconds);
  const { count, sentence } = bestSliceCount({
    sizeUnits: total.abs().toNumber(),
    curve: input.curve,
    most: Math.max(1, Math.min(request.parts, lots, apart)),
    spanSeconds,
    riskPerSquaredUnitYear: input.riskPerSquaredUnitYear,
  });
  const weights =
    request.kind === 'twap' ? Array.from({ length: count }, () => 1) : rebin(request.volumeProfile, count);
  const sizes = splitExactly(total, weights, input.lotUnits);
  const times = timesOf(startSeconds, spanSeconds, count, request.jitter);
  const slices = sizes
    .map((size, i) => ({ size, atSeconds: times[i]! }))
    .filter(({ size }) => !size.isZero())
    .map(({ atSeconds, size }, index) => ({ index, atSeconds, deltaUnits: size.toFixed() }));
  return freeze(request.kind, input, startSeconds + spanSeconds, slices, sentence);
}

/**
 * Splits by weight: each cumulative share is rounded down to lots, so that errors never add up; the last part takes the
 * remainder, and the parts sum to `total` exactly.
 */
export function splitExactly(total: Decimal, weights: readonly number[], lotUnits: DecimalString): Decimal[] {
  const sum = weights.reduce((a, b) => a + b, 0);
  let weight = 0;
  let done = new Decimal(0);
  return weights.map((each, i) => {
    weight += each;
    const share = total.times(String(weight)).div(String(sum));
    const lots = share.div(lotUnits).integerValue(Decimal.ROUND_DOWN).times(lotUnits);
    const upTo = i === weights.length - 1 ? total : lots;
    const part = upTo.minus(done);
    done = upTo;
    return part;
  });
}

/** A profile of any number of bins as `count` bins over the same span; volume within a bin is taken as even. */
export function rebin(profile: readonly number[], count: number): number[] {
  const cumulative = (share: number): number => {
    const at = share * profile.length;
    const whole = Math.min(Math.floor(at), profile.length);
    const before = profile.slice(0, whole).reduce((a, b) => a + b, 0);
    return before + (profile[whole] ?? 0) * (at - whole);
  };
  return Array.from({ length: count }, (_, i) => cumulative((i + 1) / count) - cumulative(i / count));
}

/** When the slices of a span are due, each at the start of its interval or moved within it. */
export function timesOf(
  startSeconds: number,
  spanSeconds: number,
  count: number,
  jitter: Jitter | undefined,
): number[] {
  const interval = spanSeconds / count;
  const moves = jitter === undefined ? [] : seededUniforms(jitter.seed, count);
  return Array.from({ length: count }, (_, i) => {
    const moved = (moves[i] ?? 0) * (jitter?.shareOfInterval ?? 0);
    return startSeconds + Math.floor((i + moved) * interval);
  });
}

function freeze(
  kind: Schedule['kind'],
  { deltaChangeUnits, startSeconds }: ScheduleInput,
  endSeconds: number,
  slices: readonly Slice[],
  sentence: string,
): Schedule {
  return Object.freeze({
    kind,
    totalDeltaUnits: deltaChangeUnits,
    startSeconds,
    endSeconds,
    slices: Object.freeze(slices.map((slice) => Object.freeze(slice))),
    sentence,
  });
}

function checkInput(input: ScheduleInput, total: Decimal): void {
  const { deadlineSeconds, lotUnits, nowSeconds, recoverySeconds, riskPerSquaredUnitYear, startSeconds } = input;
  if (total.isZero()) {
    throw new ScheduleInvalidError(
      'deltaChangeUnits',
      input.deltaChangeUnits,
      'is zero',
      'Plan only what is to trade.',
    );
  }
  if (!parseDecimal(lotUnits, 'lotUnits').gt(0)) {
    throw new ScheduleInvalidError('lotUnits', lotUnits, 'is not above zero', 'Give the smallest tradable size.');
  }
  for (const [field, time] of Object.entries({ startSeconds, nowSeconds, deadlineSeconds })) {
    if (!Number.isSafeInteger(time)) {
      throw new ScheduleInvalidError(field, time, 'is not a unix time', 'Give whole seconds.');
    }
  }
  if (startSeconds < nowSeconds) {
    throw new ScheduleInvalidError(
      'startSeconds',
      startSeconds,
      `is before now (${nowSeconds})`,
      'Start now or later.',
    );
  }
  if (deadlineSeconds <= startSeconds) {
    throw new ScheduleInvalidError(
      'deadlineSeconds',
      deadlineSeconds,
      'is not after the start',
      'Extend the deadline.',
    );
  }
  if (!(recoverySeconds > 0 && Number.isFinite(recoverySeconds))) {
    throw new ScheduleInvalidError(
      'recoverySeconds',
      recoverySeconds,
      'is not above zero',
      'One block is a good start.',
    );
  }
  if (!(riskPerSquaredUnitYear >= 0 && Number.isFinite(riskPerSquaredUnitYear))) {
    const hint = 'Give (γ/2)σ²S², or 0.';
    throw new ScheduleInvalidError('riskPerSquaredUnitYear', riskPerSquaredUnitYear, 'is no risk', hint);
  }
}

function checkRequest(request: Exclude<ScheduleRequest, { kind: 'single' }>, input: ScheduleInput): void {
  const { jitter, parts, spanSeconds } = request;
  if (!(Number.isSafeInteger(parts) && parts >= 1 && parts <= MOST_PARTS)) {
    throw new ScheduleInvalidError('parts', parts, `is not between 1 and ${MOST_PARTS}`, 'Allow at least one slice.');
  }
  if (!(spanSeconds > 0 && Number.isSafeInteger(spanSeconds))) {
    throw new ScheduleInvalidError('spanSeconds', spanSeconds, 'is no span', 'Give whole seconds above zero.');
  }
  if (input.startSeconds + spanSeconds > input.deadlineSeconds) {
    throw new ScheduleInvalidError('spanSeconds', spanSeconds, 'ends after the deadline', 'Shorten it.');
  }
  if (jitter !== undefined && !(jitter.shareOfInterval >= 0 && jitter.shareOfInterval <= 1)) {
    const hint = 'Give a share from 0 to 1.';
    throw new ScheduleInvalidError('jitter.shareOfInterval', jitter.shareOfInterval, 'is no share', hint);
  }
  if (request.kind === 'vwap') {
    const { volumeProfile } = request;
    const total = volumeProfile.reduce((a, b) => a + b, 0);
    if (!(total > 0 && Number.isFinite(total) && volumeProfile.every((volume) => volume >= 0))) {
      const hint = 'Give what is expected of each bin, some of it above 0.';
      throw new ScheduleInvalidError('volumeProfile', volumeProfile, 'is no volume profile', hint);
    }
  }
}
