import { type EarlierLook, type LookMemory, lookMemory } from '@evenkeel/core/rebalancer';

/** A position that reads as nothing, and what the venue says of it. */
export interface ProvenGone {
  readonly id: string;
  readonly label: string;
}

/** The memory of a portfolio's looks, which believes venues. */
export interface ProvenMemory extends LookMemory {
  /**
   * The venue's own log says that positions of a source were closed. What was read of them up to that block proves nothing
   * any more: a position that reads as nothing since then is believed, by looks at nodes that lag behind as well.
   *
   * @returns those that read as nothing, and were doubted until now
   */
  closedBy(source: string, blockNumber: number): readonly ProvenGone[];
}

/**
 * @example
 * ```ts
 * const memory = provenMemory()
 * memory.closedBy('perp-v2-10', 123_456_789) // a liquidation was seen there
 * ```
 */
export function provenMemory(): ProvenMemory {
  const inner = lookMemory();
  const proven = new Map<string, number>();
  const isOld = ({ reading }: Remembered): boolean => {
    const { blockNumber = Infinity, source } = reading.asOf;
    return blockNumber <= (proven.get(source) ?? -1);
  };
  return Object.freeze({
    recall: () => {
      const earlier = inner.recall();
      if (earlier === undefined || proven.size === 0) return earlier;
      return { ...earlier, memory: new Map([...earlier.memory].filter(([, each]) => !isOld(each))) };
    },
    keep: (seen) => inner.keep(seen),
    closedBy: (source, blockNumber) => {
      const before = [...(inner.recall()?.memory ?? [])];
      const known = new Set(before.filter(([, each]) => isOld(each)).map(([id]) => id));
      proven.set(source, Math.max(blockNumber, proven.get(source) ?? 0));
      return before
        .filter(([id, each]) => !known.has(id) && isOld(each) && each.goneSinceSeconds !== undefined)
        .map(([id, { reading }]) => ({ id, label: reading.label }));
    },
  } satisfies ProvenMemory);
}

type Remembered = EarlierLook['memory'] extends ReadonlyMap<string, infer T> ? T : never;
