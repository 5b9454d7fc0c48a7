import type { Chain, Clock } from '@evenkeel/core';
import type { AgentFile } from '../config/schema.js';

/** Says when it is time to look again. */
export interface Pace {
  /** Resolves at the next block, or at the end of the interval; rejects with the signal's reason. */
  next(signal: AbortSignal): Promise<void>;
}

type WatchConfig = AgentFile['agent']['watch'];

/**
 * @param leading the chain whose blocks count, for a watch by blocks
 */
export function openPace(watch: WatchConfig, leading: Chain, clock: Clock): Pace {
  if (watch.kind === 'interval') {
    let lastMs = Number.NEGATIVE_INFINITY;
    return Object.freeze({
      next: async (signal) => {
        const waitMs = lastMs + watch.everySeconds * 1000 - clock.now();
        if (waitMs > 0) await clock.sleep(waitMs, signal);
        signal.throwIfAborted();
        lastMs = clock.now();
      },
    } satisfies Pace);
  }
  let seen: number | undefined;
  return Object.freeze({
    next: async (signal) => {
      for (;;) {
        // A node that fails is asked again: the look itself says what is wrong with it.
        const number = await headOf(leading, signal);
        if (number === undefined || number !== seen) {
          seen = number;
          if (number !== undefined) return;
        }
        await clock.sleep(watch.pollSeconds * 1000, signal);
      }
    },
  } satisfies Pace);
}

async function headOf(chain: Chain, signal: AbortSignal): Promise<number | undefined> {
  try {
    return (await chain.block('latest', signal)).number;
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}
