import { addDecimals, compareDecimals, isPlainDecimal, negateDecimal, normaliseDecimal } from './decimal.js';
import { InvalidInputError } from './errors.js';
import { deepFreeze } from './freeze.js';
import { IntentFillRefusedError, IntentTransitionIllegalError } from './intent-errors.js';
import type { FillProblem } from './intent-errors.js';
import type { RebalanceIntent, SignedIntent } from './intent.js';
import { parseNowSeconds } from './schema.js';
import { hashIntent } from './typed-data.js';

/**
 * The life of an intent as a pure state machine. {@link INTENT_TRANSITIONS} is the whole of it: `advance` accepts at
 * compile time only events that the table has for a state, `transition` checks the same table at run time.
 *
 * ```
 * draft ─sign─▶ signed ─schedule─▶ scheduled ─start─▶ executing ─fill, settle─▶ filled
 *                                                      ▲  │ fill (a part)
 *                                                      │  ▼
 *                                           start ── partially-filled ─settle─▶ filled
 * signed … partially-filled ⇄ paused;  any of them ─▶ cancelled, expired, failed
 * ```
 */

/** One execution that counts towards the change. */
export interface IntentFill {
  /** Unique within the intent: a transaction hash with log index, an order id. */
  readonly id: string;
  /** Signed units of the underlying, in the direction of the intent's change. */
  readonly units: string;
}

/** How far the change is done. `filledUnits` is the exact sum of the fills. */
export interface FillProgress {
  readonly filledUnits: string;
  readonly fills: readonly IntentFill[];
}

/** States that a paused intent came from and goes back to. */
export type ResumableStatus = 'signed' | 'scheduled' | 'executing' | 'partially-filled';

export interface DraftState {
  readonly status: 'draft';
  readonly intent: RebalanceIntent;
}
export interface SignedState extends SignedIntent, FillProgress {
  readonly status: 'signed';
}
/** Cut into slices that wait for their time. */
export interface ScheduledState extends SignedIntent, FillProgress {
  readonly status: 'scheduled';
}
/** A slice is under way. */
export interface ExecutingState extends SignedIntent, FillProgress {
  readonly status: 'executing';
}
/** A part is done, the rest waits. */
export interface PartiallyFilledState extends SignedIntent, FillProgress {
  readonly status: 'partially-filled';
}
/** Nothing new is started; what is in flight may still fill. */
export interface PausedState extends SignedIntent, FillProgress {
  readonly status: 'paused';
  readonly resumesTo: ResumableStatus;
  readonly reason: string;
}
export interface FilledState extends SignedIntent, FillProgress {
  readonly status: 'filled';
}
export interface ExpiredState extends FillProgress {
  readonly status: 'expired';
  readonly intent: RebalanceIntent;
}
export interface CancelledState extends FillProgress {
  readonly status: 'cancelled';
  readonly intent: RebalanceIntent;
  readonly reason: string;
}
export interface FailedState extends SignedIntent, FillProgress {
  readonly status: 'failed';
  /** Code of the error that ended it. */
  readonly code: string;
  readonly reason: string;
}

export type IntentState =
  | DraftState
  | SignedState
  | ScheduledState
  | ExecutingState
  | PartiallyFilledState
  | PausedState
  | FilledState
  | ExpiredState
  | CancelledState
  | FailedState;
export type IntentStatus = IntentState['status'];

export type IntentEvent =
  | { readonly type: 'sign'; readonly signed: SignedIntent }
  | { readonly type: 'schedule' }
  | { readonly type: 'start' }
  | { readonly type: 'fill'; readonly fill: IntentFill }
  /** The rest is not worth a trade: the delta lies in the admissible interval, although the fills fall short. */
  | { readonly type: 'settle'; readonly postTradeDelta: { readonly low: string; readonly high: string } }
  | { readonly type: 'pause'; readonly reason: string }
  | { readonly type: 'resume' }
  | { readonly type: 'cancel'; readonly reason: string }
  | { readonly type: 'fail'; readonly code: string; readonly reason: string }
  | { readonly type: 'expire'; readonly nowSeconds: number };
export type IntentEventType = IntentEvent['type'];

/** For each state the events that it takes, and the states to which each may lead. States without events are final. */
export const INTENT_TRANSITIONS = {
  draft: { sign: ['signed'], cancel: ['cancelled'], expire: ['expired'] },
  signed: {
    schedule: ['scheduled'],
    pause: ['paused'],
    cancel: ['cancelled'],
    fail: ['failed'],
    expire: ['expired'],
  },
  scheduled: { start: ['executing'], pause: ['paused'], cancel: ['cancelled'], fail: ['failed'], expire: ['expired'] },
  executing: {
    fill: ['partially-filled', 'filled'],
    settle: ['filled'],
    pause: ['paused'],
    cancel: ['cancelled'],
    fail: ['failed'],
    expire: ['expired'],
  },
  'partially-filled': {
    start: ['executing'],
    fill: ['partially-filled', 'filled'],
    settle: ['filled'],
    pause: ['paused'],
    cancel: ['cancelled'],
    fail: ['failed'],
    expire: ['expired'],
  },
  paused: {
    fill: ['paused', 'filled'],
    settle: ['filled'],
    resume: ['signed', 'scheduled', 'executing', 'partially-filled'],
    cancel: ['cancelled'],
    fail: ['failed'],
    expire: ['expired'],
  },
  filled: {},
  expired: {},
  cancelled: {},
  failed: {},
} as const;

type Table = typeof INTENT_TRANSITIONS;

/** Types of the events that every one of the states `S` takes. */
export type LegalEventType<S extends IntentStatus> = Extract<keyof Table[S], IntentEventType>;
/** The events that every one of the states `S` takes. */
export type LegalEvent<S extends IntentStatus> = Extract<IntentEvent, { readonly type: LegalEventType<S> }>;
/** The states to which an event of type `E` may lead from `S`. */
export type NextStatus<S extends IntentStatus, E extends IntentEventType> = S extends IntentStatus
  ? E extends keyof Table[S]
    ? Table[S][E] extends readonly (infer N extends IntentStatus)[]
      ? N
      : never
    : never
  : never;
export type StateOf<S extends IntentStatus> = Extract<IntentState, { readonly status: S }>;

/** Where every intent begins. */
export function draftState(intent: RebalanceIntent): DraftState {
  return Object.freeze({ status: 'draft', intent });
}

/** True when nothing can happen to it any more. */
export function isFinal(state: IntentState): state is FilledState | ExpiredState | CancelledState | FailedState {
  return Object.keys(INTENT_TRANSITIONS[state.status]).length === 0;
}

/**
 * {@link transition} for a state that is known at compile time: an event that the state does not take does not compile,
 * and the result is narrowed to the states that can follow.
 *
 * @throws as `transition` does, for what types cannot show (amounts, times).
 * @example
 * ```ts
 * const signed = advance(draftState(intent), { type: 'sign', signed: await signIntent(intent, wallet) });
 * const scheduled = advance(signed, { type: 'schedule' });
 * ```
 */
export function advance<S extends IntentStatus, E extends LegalEvent<S>>(
  state: StateOf<S> & { readonly status: S },
  event: E,
): StateOf<NextStatus<S, E['type']>> {
  // The table that types the result is the one that `transition` obeys.
  return transition(state, event) as StateOf<NextStatus<S, E['type']>>;
}

/**
 * Applies an event to a state. Total: for every pair it gives the next state or throws; the input is never changed.
 * A final state takes no event at all, so that a late fill is an error that somebody sees, not a silent loss.
 *
 * @throws {IntentTransitionIllegalError} when the state does not take the event.
 * @throws {IntentFillRefusedError} when a fill goes the wrong way, exceeds the change, is a part of an all-or-nothing
 * intent, comes before anything was started, or was booked before.
 * @throws {InvalidInputError} for a payload that cannot be: another intent's signature, expiry before the deadline,
 * settlement outside of the admissible interval.
 */
export function transition(state: IntentState, event: IntentEvent): IntentState {
  const handlers: Readonly<Record<string, Handler>> = HANDLERS[state.status];
  const handler = Object.hasOwn(handlers, event.type) ? handlers[event.type] : undefined;
  if (handler === undefined) throw new IntentTransitionIllegalError(state.status, event.type, Object.keys(handlers));
  return deepFreeze(handler(state as never, event as never));
}

type Handler = (state: never, event: never) => IntentState;
type EventOf<E extends IntentEventType> = Extract<IntentEvent, { readonly type: E }>;
type OngoingState = SignedState | ScheduledState | ExecutingState | PartiallyFilledState | PausedState;
type StartedState = ExecutingState | PartiallyFilledState | PausedState;

/** One handler for every entry of the table, returning what the table allows: else this does not compile. */
type Handlers = {
  readonly [S in IntentStatus]: {
    readonly [E in LegalEventType<S>]: (state: StateOf<S>, event: EventOf<E>) => StateOf<NextStatus<S, E>>;
  };
};

const HANDLERS: Handlers = {
  draft: { sign, cancel, expire },
  signed: { schedule, pause, cancel, fail, expire },
  scheduled: { start, pause, cancel, fail, expire },
  executing: { fill, settle, pause, cancel, fail, expire },
  'partially-filled': { start, fill, settle, pause, cancel, fail, expire },
  paused: { fill: fillPaused, settle, resume, cancel, fail, expire },
  filled: {},
  expired: {},
  cancelled: {},
  failed: {},
};

function sign(state: DraftState, { signed: { intent, id, signature } }: EventOf<'sign'>): SignedState {
  const expected = hashIntent(state.intent);
  if (id !== expected || hashIntent(intent) !== expected) {
    throw new InvalidInputError('event.signed.id', id, `is not this draft's id ${expected}`, 'Sign this very intent.');
  }
  return { status: 'signed', intent: state.intent, id, signature, ...NO_PROGRESS };
}

function schedule(state: SignedState): ScheduledState {
  return { ...carried(state), status: 'scheduled' };
}

function start(state: ScheduledState | PartiallyFilledState): ExecutingState {
  return { ...carried(state), status: 'executing' };
}

function fill(
  state: ExecutingState | PartiallyFilledState,
  event: EventOf<'fill'>,
): PartiallyFilledState | FilledState {
  const booked = book(state, event.fill);
  return { ...booked, status: isComplete(booked) ? 'filled' : 'partially-filled' };
}

/** What was in flight when the intent was paused still lands; it resumes as what it has become. */
function fillPaused(state: PausedState, event: EventOf<'fill'>): PausedState | FilledState {
  const booked = book(state, event.fill);
  return isComplete(booked)
    ? { ...booked, status: 'filled' }
    : { ...booked, status: 'paused', resumesTo: 'partially-filled', reason: state.reason };
}

function settle(state: StartedState, { postTradeDelta: actual }: EventOf<'settle'>): FilledState {
  const low = parseUnits(actual.low, 'event.postTradeDelta.low');
  const high = parseUnits(actual.high, 'event.postTradeDelta.high');
  const admissible = state.intent.postTradeDelta;
  if (
    compareDecimals(low, high) > 0 ||
    compareDecimals(low, admissible.low) < 0 ||
    compareDecimals(high, admissible.high) > 0
  ) {
    throw new InvalidInputError(
      'event.postTradeDelta',
      actual,
      `is not within ${admissible.low} … ${admissible.high}`,
      'Fill more, or cancel the rest.',
    );
  }
  if (state.fills.length === 0) {
    throw new InvalidInputError('event.type', 'settle', 'has no fill to settle', 'Cancel: nothing was done.');
  }
  if (state.intent.partialFill === 'all-or-nothing') {
    throw new InvalidInputError('event.type', 'settle', 'is not for all-or-nothing intents', 'Fill it whole.');
  }
  return { ...carried(state), status: 'filled' };
}

function pause(state: StateOf<ResumableStatus>, { reason }: EventOf<'pause'>): PausedState {
  return { ...carried(state), status: 'paused', resumesTo: state.status, reason };
}

function resume(state: PausedState): StateOf<ResumableStatus> {
  return { ...carried(state), status: state.resumesTo };
}

function cancel(state: DraftState | OngoingState, { reason }: EventOf<'cancel'>): CancelledState {
  return { status: 'cancelled', intent: state.intent, ...progress(state), reason };
}

function fail(state: OngoingState, { code, reason }: EventOf<'fail'>): FailedState {
  return { ...carried(state), status: 'failed', code, reason };
}

function expire(state: DraftState | OngoingState, { nowSeconds }: EventOf<'expire'>): ExpiredState {
  const { deadline } = state.intent;
  if (parseNowSeconds(nowSeconds) <= deadline) {
    throw new InvalidInputError(
      'event.nowSeconds',
      nowSeconds,
      `is not after the deadline ${deadline}`,
      'Cancel the intent to end it sooner.',
    );
  }
  return { status: 'expired', intent: state.intent, ...progress(state) };
}

const NO_PROGRESS: FillProgress = { filledUnits: '0', fills: [] };

function progress(state: DraftState | OngoingState): FillProgress {
  return state.status === 'draft' ? NO_PROGRESS : { filledUnits: state.filledUnits, fills: state.fills };
}

function carried({ intent, id, signature, filledUnits, fills }: OngoingState): SignedIntent & FillProgress {
  return { intent, id, signature, filledUnits, fills };
}

function book(state: StartedState, { id, units: written }: IntentFill): SignedIntent & FillProgress {
  const units = parseUnits(written, 'event.fill.units');
  const filledUnits = addDecimals(state.filledUnits, units);
  const problem = fillProblem(state, id, units, filledUnits);
  if (problem !== undefined) {
    const leftUnits = addDecimals(state.intent.deltaChangeUnits, negateDecimal(state.filledUnits));
    throw new IntentFillRefusedError(id, units, problem, leftUnits);
  }
  return { ...carried(state), filledUnits, fills: [...state.fills, { id, units }] };
}

function isComplete({ intent, filledUnits }: SignedIntent & FillProgress): boolean {
  return compareDecimals(filledUnits, intent.deltaChangeUnits) === 0;
}

function fillProblem(state: StartedState, fillId: string, units: string, filled: string): FillProblem | undefined {
  if (state.status === 'paused' && (state.resumesTo === 'signed' || state.resumesTo === 'scheduled')) {
    return 'not-started';
  }
  if (state.fills.some(({ id }) => id === fillId)) return 'booked-before';
  const change = state.intent.deltaChangeUnits;
  const direction = compareDecimals(change, '0');
  if (compareDecimals(units, '0') !== direction) return 'wrong-direction';
  if (compareDecimals(filled, change) === direction) return 'exceeds-change';
  if (state.intent.partialFill === 'all-or-nothing' && compareDecimals(filled, change) !== 0) return 'all-or-nothing';
  return undefined;
}

function parseUnits(units: unknown, field: string): string {
  if (typeof units !== 'string' || !isPlainDecimal(units)) {
    throw new InvalidInputError(field, units, 'is not a plain decimal', 'Write it as "-1.25".');
  }
  return normaliseDecimal(units);
}
