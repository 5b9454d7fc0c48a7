import type { JsonValue } from '../model/curve.js';
import type { Clock } from '../ports/ambient.js';
import type { WorkflowContext } from './context.js';
import { WorkflowChangedError } from './errors.js';
import type { Mailbox } from './mailbox.js';
import type { WorkflowEntry, WorkflowStore } from './store.js';

export interface RecordedContextParts {
  readonly id: string;
  /** What earlier lives of the run have written down. */
  readonly entries: readonly WorkflowEntry[];
  readonly mail: Mailbox;
  readonly clock: Clock;
  readonly store: Pick<WorkflowStore, 'append'>;
  readonly signal: AbortSignal;
}

/** Timers are asked for no more than this at once: clocks jump, and timers beyond 24 days come at once. */
const LONGEST_SLEEP_MS = 3_600_000;

/** A context that answers from what is written down for as long as there is something, and writes down what comes after. */
export function recordedContext(parts: RecordedContextParts): WorkflowContext {
  const { clock, entries, id, mail, signal, store } = parts;
  let seq = 0;
  let taken = 0;

  /** One call: from the record, or by `find`, written down before it is answered. */
  const call = async (
    kind: WorkflowEntry['kind'],
    name: string,
    find: () => Promise<JsonValue>,
  ): Promise<JsonValue> => {
    const at = seq++;
    const known = entries[at];
    if (known === undefined) {
      signal.throwIfAborted();
      // As it will be read, so that a first run sees nothing that a second one does not.
      const body = plain(await find());
      await store.append(id, at, { kind, name, body });
      return body;
    }
    if (known.kind !== kind || known.name !== name) {
      throw new WorkflowChangedError(id, at, `${known.kind} ${known.name}`, `${kind} ${name}`);
    }
    return known.body;
  };
  const sleepUntil = async (atMs: number, until: AbortSignal): Promise<void> => {
    for (let left = atMs - clock.now(); left > 0; left = atMs - clock.now()) {
      await clock.sleep(Math.min(left, LONGEST_SLEEP_MS), until);
    }
  };
  /** Which signal came first: the awaited one, or none until its time. */
  const signalOrTime = async (untilMs: number | undefined): Promise<number | null> => {
    // What is there, or over, needs no waiting, and leaves nothing behind on the signal that lives as long as the engine.
    if (mail.at(taken) !== undefined) return taken;
    if (untilMs !== undefined && clock.now() >= untilMs) return null;
    const over = new AbortController();
    const either = AbortSignal.any([signal, over.signal]);
    const waits = [mail.arrival(taken, either)];
    if (untilMs !== undefined) waits.push(sleepUntil(untilMs, either));
    try {
      await Promise.race(waits);
    } finally {
      over.abort();
      await Promise.allSettled(waits);
    }
    signal.throwIfAborted();
    return mail.at(taken) === undefined ? null : taken;
  };

  return Object.freeze({
    id,
    step: async <T extends JsonValue>(name: string, body: (signal: AbortSignal) => Promise<T>) =>
      (await call('step', name, () => body(signal))) as T,
    sleepUntil: (atMs) => sleepUntil(atMs, signal),
    now: async () => Number(await call('now', '', () => Promise.resolve(clock.now()))),
    waitSignal: async (untilMs) => {
      const place = await call('signal', '', () => signalOrTime(untilMs));
      if (place === null) return undefined;
      taken = Number(place) + 1;
      return mail.at(Number(place));
    },
  } satisfies WorkflowContext);
}

function plain(value: JsonValue): JsonValue {
  return JSON.parse(JSON.stringify(value)) as JsonValue;
}
