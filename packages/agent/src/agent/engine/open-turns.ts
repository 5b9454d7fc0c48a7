import type { OpenBook } from '@evenkeel/core/workflow';

/** The turns that this process has under way. */
export interface OpenTurns {
  /** A book whose turn counts until it is over. */
  counted(open: () => Promise<OpenBook>): Promise<OpenBook>;
  /** Resolves once none is under way. */
  over(): Promise<void>;
}

export function openTurns(): OpenTurns {
  let count = 0;
  let waiting: (() => void)[] = [];
  const leave = (): void => {
    count -= 1;
    if (count > 0) return;
    for (const resolve of waiting) resolve();
    waiting = [];
  };
  return Object.freeze({
    counted: async (open) => {
      count += 1;
      try {
        const book = await open();
        return {
          ...book,
          over: async (turn) => {
            try {
              await book.over?.(turn);
            } finally {
              leave();
            }
          },
        };
      } catch (error) {
        leave();
        throw error;
      }
    },
    over: () => (count === 0 ? Promise.resolve() : new Promise<void>((resolve) => waiting.push(resolve))),
  } satisfies OpenTurns);
}
