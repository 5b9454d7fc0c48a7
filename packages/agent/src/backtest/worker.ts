import { workerData } from 'node:worker_threads';
import type { EpisodeOutcome, EpisodeRange } from './run-range.js';
import { runRange } from './run-range.js';
import type { Study } from './study.js';

/** What a thread of the pool runs: the study comes once, with the thread. */
export default function work(range: EpisodeRange): EpisodeOutcome[] {
  return runRange((workerData as { readonly study: Study }).study, range);
}
