import type { Clock } from '../../src/ports/ambient.js';

/** A clock whose sleepers wake at once, and find that their time has passed. */
export interface VirtualClock extends Clock {
  advance(milliseconds: number): void;
  onAdvance(listener: () => void): void;
}

export function virtualClock(startMs: number): VirtualClock {
  let nowMs = startMs;
  const listeners: (() => void)[] = [];
  const advance = (milliseconds: number): void => {
    nowMs += milliseconds;
    for (const listener of listeners) listener();
  };
  return {
    now: () => nowMs,
    advance,
    onAdvance: (listener) => void listeners.push(listener),
    sleep: async (milliseconds, signal) => {
      signal?.throwIfAborted();
      // A turn of the event loop, so that those who run beside get theirs.
      await new Promise((resolve) => setImmediate(resolve));
      signal?.throwIfAborted();
      advance(milliseconds);
    },
  };
}
