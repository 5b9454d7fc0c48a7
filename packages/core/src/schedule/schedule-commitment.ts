import { canonicalHash, type Hex } from '@evenkeel/intents';
import type { Schedule } from './schedule.js';

/**
 * The hash that commits to a schedule before its slices are known to anybody: of its kind, total, span and slices with a
 * secret salt (32 random bytes as hexadecimal), without which few slices could be guessed.
 *
 * @example
 * ```ts
 * const hash = scheduleCommitment(schedule, salt) // goes into the intent as { kind: 'hidden', hash }
 * ```
 */
export function scheduleCommitment(schedule: Schedule, salt: Hex): Hex {
  const { endSeconds, kind, slices, startSeconds, totalDeltaUnits } = schedule;
  return canonicalHash({
    kind,
    totalDeltaUnits,
    startSeconds,
    endSeconds,
    salt,
    slices: slices.map(({ atSeconds, deltaUnits, index }) => ({ index, atSeconds, deltaUnits })),
  });
}
