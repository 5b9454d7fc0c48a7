import type { Clock } from '@evenkeel/core';
import { systemClock } from '../../assemble/ambient.js';

/** A clock that goes with the world's chains, whose time is taken forward. */
export interface WorldClock extends Clock {
  /** @param seconds what the chains' clocks say now */
  set(seconds: number): void;
}

export function worldClock(seconds: number): WorldClock {
  let aheadMs = 0;
  const set = (to: number): void => {
    aheadMs = to * 1_000 - systemClock.now();
  };
  set(seconds);
  return Object.freeze({
    set,
    now: () => systemClock.now() + aheadMs,
    sleep: (milliseconds: number, signal?: AbortSignal) => systemClock.sleep(milliseconds, signal),
  });
}
