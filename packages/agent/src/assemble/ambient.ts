import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock, Random } from '@evenkeel/core';

/** The wall clock. */
export const systemClock: Clock = Object.freeze({
  now: () => Date.now(),
  sleep: async (milliseconds: number, signal?: AbortSignal) => {
    await delay(milliseconds, undefined, signal === undefined ? {} : { signal });
  },
});

/** Unpredictable: for nonces of intents with real money. */
export const systemRandom: Random = Object.freeze({
  next: () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48,
  bytes: (length: number) => new Uint8Array(randomBytes(length)),
});

/** Reproducible (mulberry32, Ettinger 2017): for demonstrations and tests. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return Object.freeze({
    next,
    bytes: (length: number) => Uint8Array.from({ length }, () => Math.floor(next() * 256)),
  });
}
