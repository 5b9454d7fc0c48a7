import type { Clock } from '@evenkeel/core';

/**
 * Unix seconds now, as good as it is known: a quiet chain's last block lies in the past, and a wall clock may be behind
 * a chain whose time was moved forward.
 */
export function nowSeconds(clock: Clock, ...blocks: readonly { readonly timeSeconds: number }[]): number {
  return Math.max(Math.floor(clock.now() / 1_000), ...blocks.map((block) => block.timeSeconds));
}
