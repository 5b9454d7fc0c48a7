import { setMaxListeners } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { episodesOf } from './episodes.js';
import { type EpisodeOutcome, type EpisodeRange, runRange } from './run-range.js';
import type { Study } from './study.js';

/** Pieces of work per thread: enough that all threads end together and that progress is seen. */
const RANGES_PER_THREAD = 16;

export interface RunOptions {
  /** Threads that share the episodes; with 1 they run in this one. The results are the same. */
  readonly threads: number;
  readonly signal: AbortSignal;
  /** Told after each piece of work. */
  readonly progress?: (done: number, of: number) => void;
}

/** Runs all policies on all episodes: outcomes in the order of the episodes, and within one in that of the policies. */
export async function runStudy(study: Study, { progress, signal, threads }: RunOptions): Promise<EpisodeOutcome[]> {
  const { count } = episodesOf(study);
  const ranges = rangesOf(count, threads);
  let done = 0;
  const advance = ({ from, to }: EpisodeRange): void => progress?.((done += to - from), count);
  progress?.(0, count);
  if (threads === 1 || ranges.length === 1) {
    const outcomes: EpisodeOutcome[] = [];
    for (const range of ranges) {
      signal.throwIfAborted();
      outcomes.push(...runRange(study, range));
      advance(range);
      await nextTurn();
    }
    return outcomes;
  }
  const { Piscina } = await import('piscina');
  // Each piece of work listens to it, which is more than Node takes for normal.
  setMaxListeners(ranges.length + 1, signal);
  const pool = new Piscina<EpisodeRange, EpisodeOutcome[]>({
    filename: new URL('./worker.js', import.meta.url).href,
    workerData: { study },
    minThreads: Math.min(threads, ranges.length),
    maxThreads: Math.min(threads, ranges.length),
  });
  try {
    const parts = await Promise.all(
      ranges.map(async (range) => {
        const outcomes = await pool.run(range, { signal });
        advance(range);
        return outcomes;
      }),
    );
    return parts.flat();
  } finally {
    await pool.destroy();
  }
}

function rangesOf(count: number, threads: number): EpisodeRange[] {
  const size = Math.max(1, Math.ceil(count / (threads * RANGES_PER_THREAD)));
  return Array.from({ length: Math.ceil(count / size) }, (_, i) => ({
    from: i * size,
    to: Math.min(count, (i + 1) * size),
  }));
}
