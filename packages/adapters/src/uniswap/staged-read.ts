import type { Chain, ReadBatch } from '@evenkeel/core';
import { EvenkeelError } from '@evenkeel/intents';
import { allOf, type Read, runRead } from './read.js';

/** What an answer leads to: the value, or a further read that knows more. */
export type Advance<V, T> = { readonly kind: 'done'; readonly value: T } | { readonly kind: 'again'; readonly view: V };

/**
 * Something whose calls depend on what is known of it (its address, its active tick, its initialised ticks). Read with
 * what was known the last time, it is mostly done at once; only what has changed since is asked for a second time, and
 * then the whole of it, so that a value is never put together from two blocks.
 */
export interface StagedRead<V, S, T> {
  /** Under which the view is remembered. */
  readonly key: string;
  /** To begin with. */
  readonly unknown: V;
  plan(view: V): Read<S>;
  advance(view: V, state: S): Advance<V, T>;
}

export interface StagedValue<T> {
  readonly value: T;
  readonly block: ReadBatch['block'];
}

/** A state that changes faster than it can be read. Code `STATE_UNSETTLED`. */
export class StateUnsettledError extends EvenkeelError {
  constructor(chainId: number, keys: readonly string[]) {
    super('STATE_UNSETTLED', `${keys.join(', ')} on chain ${chainId} changed during each of ${MAX_ROUNDS} reads.`, {
      retryable: true,
      hint: 'Read again, or use a faster node.',
      details: { chainId, keys },
    });
  }
}

/** Discovery takes at most four rounds; the rest is for what changes meanwhile. */
const MAX_ROUNDS = 8;

/**
 * Reads everything in as few requests as what is remembered allows: one, when nothing structural has changed. The first
 * request is made in this turn of the event loop.
 *
 * @param memory Views by key, brought up to date.
 * @throws {StateUnsettledError} {@link ContractUnreadableError} and whatever the chain throws.
 */
export async function readStaged<V, S, T>(
  chain: Chain,
  subjects: readonly StagedRead<V, S, T>[],
  memory: Map<string, V>,
  signal: AbortSignal,
): Promise<readonly StagedValue<T>[]> {
  const values = new Map<string, StagedValue<T>>();
  let pending = subjects.map((subject) => ({ subject, view: memory.get(subject.key) ?? subject.unknown }));
  for (let round = 0; pending.length > 0; round++) {
    if (round === MAX_ROUNDS)
      throw new StateUnsettledError(
        chain.id,
        pending.map(({ subject }) => subject.key),
      );
    const reads = allOf(pending.map(({ subject, view }) => subject.plan(view)));
    const { value: states, block } = await runRead(chain, reads, signal);
    const next: typeof pending = [];
    pending.forEach(({ subject, view }, index) => {
      const step = subject.advance(view, states[index]!);
      if (step.kind === 'again') {
        next.push({ subject, view: step.view });
      } else {
        memory.set(subject.key, view);
        values.set(subject.key, { value: step.value, block });
      }
    });
    pending = next;
  }
  return subjects.map((subject) => values.get(subject.key)!);
}
