import type { Hex } from '@evenkeel/intents';
import type { Call } from '../model/call.js';
import type { DeathProof, SolverOrder } from '../ports/solver.js';
import { JournalCorruptError } from '../execution/journal-errors.js';

/** What is known of an order when it is written down, before anybody else can know of it. */
export interface GivenOrder {
  readonly order: SolverOrder;
  readonly signature: Hex;
  /** The slice of the intent that it serves. */
  readonly slice: number;
  readonly side: 'buy' | 'sell';
  /** Atoms of the output that the network expected to pay. */
  readonly expectedOutput: bigint;
  /** Unix seconds by which it has to be submitted. */
  readonly validUntil: number;
  /** Approvals that it needs before it can be filled. */
  readonly approvals: readonly Call[];
}

/** Why an order is ended before somebody has filled it. */
export type EndingReason = 'PATIENCE_OVER' | 'ASKED' | 'NOT_SUBMITTED';

/**
 * What happened to a delegation, in this order: `given`, then `submitting` once the signature leaves the process, then
 * perhaps `ending`, then `ended` by proof. `withdrawn` ends one whose signature never left.
 */
export type DelegationEvent =
  | ({ readonly kind: 'given' } & GivenOrder)
  | { readonly kind: 'submitting' }
  | { readonly kind: 'ending'; readonly reason: EndingReason }
  | { readonly kind: 'withdrawn'; readonly reason: EndingReason }
  | { readonly kind: 'ended'; readonly proof: DeathProof };

/** `given`, `submitting` and `ending` are live: the order may still draw. */
export type DelegationState = 'given' | 'submitting' | 'ending' | 'withdrawn' | 'ended';

/** An order given to an outside network on behalf of a slice, and where it stands by the journal. Plain data, frozen. */
export interface Delegation extends GivenOrder {
  readonly intentId: Hex;
  /** Number of the child within the intent. */
  readonly index: number;
  readonly state: DelegationState;
  readonly endingReason: EndingReason | undefined;
  /** Only of `ended`. */
  readonly proof: DeathProof | undefined;
}

export function isLive({ state }: Pick<Delegation, 'state'>): boolean {
  return state !== 'withdrawn' && state !== 'ended';
}

const ALLOWED: Readonly<Record<DelegationState, readonly DelegationEvent['kind'][]>> = {
  given: ['submitting', 'withdrawn'],
  submitting: ['ending', 'ended'],
  ending: ['ended'],
  withdrawn: [],
  ended: [],
};

/**
 * The delegation after one more event. An event that repeats the state is passed over: the same line may be written twice
 * around a crash.
 *
 * @throws JOURNAL_CORRUPT for one that cannot follow.
 */
export function applyEvent(
  before: Delegation | undefined,
  event: DelegationEvent,
  key: Pick<Delegation, 'intentId' | 'index'>,
): Delegation {
  if (event.kind === 'given') {
    if (before !== undefined) return before;
    const { kind: state, ...given } = event;
    return Object.freeze({ ...given, ...key, state, endingReason: undefined, proof: undefined });
  }
  if (before === undefined) {
    throw new JournalCorruptError(
      'decisions',
      `child ${key.index} of ${key.intentId} is ${event.kind} but was never given`,
    );
  }
  if (before.state === event.kind) return before;
  if (!ALLOWED[before.state].includes(event.kind)) {
    throw new JournalCorruptError(
      'decisions',
      `child ${key.index} of ${key.intentId} is ${event.kind} after ${before.state}`,
    );
  }
  return Object.freeze({
    ...before,
    state: event.kind,
    endingReason: 'reason' in event ? event.reason : before.endingReason,
    proof: event.kind === 'ended' ? event.proof : undefined,
  });
}
