import { parentPort, workerData } from 'node:worker_threads';
import { serialiseBands } from '@evenkeel/core/lattice';
import { EvenkeelError } from '@evenkeel/intents';
import { boundedBands } from './bounded-bands.js';
import { storeTable } from './shelf.js';
import type { WorkerAnswer, WorkerTask } from './in-thread.js';

/** What a thread does: one table, onto the disk and to whoever asked. */
function work({ folder, request }: WorkerTask): WorkerAnswer {
  try {
    const table = serialiseBands(boundedBands(request.problem));
    storeTable(folder, request, table);
    return { kind: 'table', table };
  } catch (error) {
    if (!(error instanceof EvenkeelError)) throw error;
    return { kind: 'refused', code: error.code, message: error.message };
  }
}

parentPort?.postMessage(work(workerData as WorkerTask));
