import type { JsonValue } from '../model/curve.js';

/** Signals of one run, by the order in which they were sent. */
export interface Mailbox {
  /** Takes signals in whose first has that place; those that are there already stay. */
  deliver(first: number, signals: readonly JsonValue[]): void;
  /** What is at that place; undefined while nothing is. */
  at(place: number): JsonValue | undefined;
  /** Resolves when something is at that place, or the signal aborts. */
  arrival(place: number, signal: AbortSignal): Promise<void>;
}

export function mailbox(): Mailbox {
  const letters = new Map<number, JsonValue>();
  let wake: (() => void) | undefined;
  return Object.freeze({
    deliver: (first, signals) => {
      for (const [i, signal] of signals.entries()) letters.set(first + i, signal);
      wake?.();
    },
    at: (place) => letters.get(place),
    arrival: (place, signal) =>
      new Promise<void>((resolve) => {
        const done = (): void => {
          wake = undefined;
          signal.removeEventListener('abort', done);
          resolve();
        };
        const look = (): void => {
          if (letters.has(place)) done();
        };
        wake = look;
        if (signal.aborted) {
          done();
          return;
        }
        signal.addEventListener('abort', done, { once: true });
        look();
      }),
  } satisfies Mailbox);
}
