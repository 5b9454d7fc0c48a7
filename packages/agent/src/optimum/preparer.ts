import type { BandTable, Logger } from '@evenkeel/core';
import { EvenkeelError } from '@evenkeel/intents';
import type { Shelf } from './shelf.js';
import type { TableRequest } from './table-request.js';

/** Makes one table, elsewhere; ends when the signal does. */
export type PrepareTable = (request: TableRequest, signal: AbortSignal) => Promise<BandTable>;

/** Prepares what decisions have found missing, beside them. */
export interface Preparer {
  /** Asks for a table. One is made at a time; of those that wait only the last one is wanted still. */
  want(request: TableRequest): void;
  /** Whether something is being made or waits. */
  isBusy(): boolean;
  /** Until nothing is made and nothing waits. Rejects with the signal's reason. */
  settled(signal: AbortSignal): Promise<void>;
  /** Stops what is being made, and makes nothing any more. */
  close(): void;
}

/** While somebody waits, the process must not end: threads that prepare do not keep it alive. */
const KEEP_ALIVE_MS = 1 << 30;

/** A preparer that puts its tables on a shelf. A request that failed is not tried again. */
export function preparer(shelf: Shelf, prepare: PrepareTable, logger?: Logger): Preparer {
  const stop = new AbortController();
  const failed = new Set<string>();
  let current: TableRequest | undefined;
  let next: TableRequest | undefined;
  let under: Promise<void> = Promise.resolve();

  const make = async (request: TableRequest): Promise<void> => {
    try {
      shelf.put(request, await prepare(request, stop.signal));
    } catch (error) {
      if (stop.signal.aborted) return;
      failed.add(request.key);
      const code = error instanceof EvenkeelError ? error.code : 'UNEXPECTED';
      logger?.log('warn', 'A table of the exact optimum could not be prepared; the closed form decides on.', { code });
    }
  };
  const work = async (): Promise<void> => {
    while (next !== undefined && !stop.signal.aborted) {
      current = next;
      next = undefined;
      await make(current);
    }
    current = undefined;
  };
  return Object.freeze({
    want: (request) => {
      if (stop.signal.aborted || failed.has(request.key) || current?.key === request.key) return;
      next = request;
      if (current === undefined) under = work();
    },
    isBusy: () => current !== undefined,
    settled: async (signal) => {
      signal.throwIfAborted();
      const keepAlive = setInterval(() => undefined, KEEP_ALIVE_MS);
      const waiting = new AbortController();
      const aborted = new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error), { signal: waiting.signal });
      });
      try {
        await Promise.race([under, aborted]);
      } finally {
        waiting.abort();
        clearInterval(keepAlive);
      }
    },
    close: () => {
      next = undefined;
      stop.abort();
    },
  } satisfies Preparer);
}
