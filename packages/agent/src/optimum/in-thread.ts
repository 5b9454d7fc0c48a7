import { Worker } from 'node:worker_threads';
import type { BandTable } from '@evenkeel/core';
import { type BandTableJson, parseBands } from '@evenkeel/core/lattice';
import { EvenkeelError } from '@evenkeel/intents';
import type { PrepareTable } from './preparer.js';
import type { TableRequest } from './table-request.js';

export interface WorkerTask {
  readonly folder: string;
  readonly request: TableRequest;
}

export type WorkerAnswer =
  | { readonly kind: 'table'; readonly table: BandTableJson }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string };

/** A table could not be prepared in its thread; the code is the thread's own, or `BAND_THREAD_FAILED`. */
export class BandThreadError extends EvenkeelError {
  constructor(code: string, message: string, cause?: unknown) {
    super(code, message, { hint: 'The closed form decides meanwhile.', cause });
  }
}

/**
 * Tables made in a thread of their own, one thread a table, written to the folder by the thread. A thread keeps no process
 * alive, and the signal ends it at once.
 */
export function inThread(folder: string): PrepareTable {
  return (request, signal) =>
    new Promise<BandTable>((resolve, reject) => {
      signal.throwIfAborted();
      const workerData: WorkerTask = { folder, request };
      const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData });
      worker.unref();
      const end = (): void => void worker.terminate();
      const done = new AbortController();
      signal.addEventListener(
        'abort',
        () => {
          end();
          reject(signal.reason as Error);
        },
        { once: true, signal: done.signal },
      );
      worker.once('message', (answer: WorkerAnswer) => {
        if (answer.kind === 'refused') reject(new BandThreadError(answer.code, answer.message));
        else resolve(parseBands(answer.table));
      });
      worker.once('error', (cause) => {
        reject(new BandThreadError('BAND_THREAD_FAILED', 'The thread that prepared a table failed.', cause));
      });
      worker.once('exit', () => {
        done.abort();
        reject(new BandThreadError('BAND_THREAD_FAILED', 'The thread that prepared a table ended without one.'));
      });
    });
}
