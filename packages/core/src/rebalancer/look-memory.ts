import type { PositionMemory } from '../exposure/doubt-vanished.js';
import type { DecimalString } from '../model/decimal.js';

/** What is kept of a look for the next one. */
export interface EarlierLook {
  readonly price: DecimalString;
  readonly memory: PositionMemory;
  /** Whether our own trades may have moved what the owner holds since then. */
  readonly hasTraded: boolean;
}

/** The last look at one portfolio, shared by all who look at it: each holds what it reads against what was seen last. */
export interface LookMemory {
  /** Undefined before the first look. */
  recall(): EarlierLook | undefined;
  keep(seen: EarlierLook): void;
}

/**
 * An empty memory, for one portfolio and as long as it is kept.
 *
 * @example
 * ```ts
 * const memory = lookMemory()
 * const rebalancer = createRebalancer(portfolio, { ...ports, memory })
 * ```
 */
export function lookMemory(): LookMemory {
  let last: EarlierLook | undefined;
  return Object.freeze({
    recall: () => last,
    keep: (seen) => {
      last = seen;
    },
  } satisfies LookMemory);
}
