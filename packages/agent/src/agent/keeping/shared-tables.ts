import { join } from 'node:path';
import { bandCacheFolder } from '../../cache/band-cache.js';
import { inThread } from '../../optimum/in-thread.js';
import type { OptimumOptions } from '../../optimum/optimum.js';
import type { PrepareTable } from '../../optimum/preparer.js';

/**
 * How the tables of all portfolios are made: in a thread of their own, one at a time for the whole agent, in the order in
 * which they were asked for. However many portfolios there are, one core is busy with tables and no round waits for any.
 *
 * @param prepare how a table is made. Default: in a thread
 */
export function sharedTables(
  folder: string = join(bandCacheFolder(), 'books'),
  prepare: PrepareTable = inThread(folder),
): Required<Pick<OptimumOptions, 'folder' | 'prepare'>> {
  return Object.freeze({ folder, prepare: oneAtATime(prepare) });
}

function oneAtATime(prepare: PrepareTable): PrepareTable {
  let last: Promise<unknown> = Promise.resolve();
  return (request, signal) => {
    const made = last.then(() => {
      // Who has gone meanwhile is passed over.
      signal.throwIfAborted();
      return prepare(request, signal);
    });
    last = made.catch(() => undefined);
    return made;
  };
}
