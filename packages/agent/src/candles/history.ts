import { statSync } from 'node:fs';
import type { Bar } from '@evenkeel/core/forecast';
import { readCandles } from './read-candles.js';

/** Candles that have closed, and what was made of them. */
export interface ClosedCandles {
  readonly bars: readonly Bar[];
  readonly intervalSeconds: number;
  /** Close of the last one, unix seconds. */
  readonly endSeconds: number;
  /** What `make` makes of these candles, made once for all who ask by the same key. */
  readonly once: <T>(key: string, make: (bars: readonly Bar[]) => T) => T;
}

/** Files of candles, each read again when it has changed and not else, however many portfolios ask. */
export interface CandleHistory {
  /**
   * @throws CANDLES_*, BAR_INVALID
   */
  closed(file: string, nowSeconds: number): ClosedCandles;
}

interface ReadFile {
  readonly state: string;
  readonly candles: ReturnType<typeof readCandles>;
  readonly closed: Map<number, ClosedCandles>;
}

export function candleHistory(): CandleHistory {
  const files = new Map<string, ReadFile>();
  const read = (file: string): ReadFile => {
    const state = stateOf(file);
    const known = files.get(file);
    if (known !== undefined && state !== undefined && known.state === state) return known;
    const fresh = { state: state ?? '', candles: readCandles(file), closed: new Map<number, ClosedCandles>() };
    files.set(file, fresh);
    return fresh;
  };
  return Object.freeze({
    closed: (file, nowSeconds) => {
      const { candles, closed } = read(file);
      const { bars, intervalSeconds } = candles;
      const ended = bars.findLastIndex(({ timeSeconds }) => timeSeconds + intervalSeconds <= nowSeconds) + 1;
      const known = closed.get(ended);
      if (known !== undefined) return known;
      const fresh = closedCandles(ended === bars.length ? bars : bars.slice(0, ended), intervalSeconds);
      // Time goes on: what had closed before is not asked for again.
      closed.clear();
      closed.set(ended, fresh);
      return fresh;
    },
  } satisfies CandleHistory);
}

function closedCandles(bars: readonly Bar[], intervalSeconds: number): ClosedCandles {
  const made = new Map<string, unknown>();
  return Object.freeze({
    bars,
    intervalSeconds,
    endSeconds: (bars.at(-1)?.timeSeconds ?? 0) + intervalSeconds,
    once: <T>(key: string, make: (all: readonly Bar[]) => T): T => {
      if (!made.has(key)) made.set(key, make(bars));
      return made.get(key) as T;
    },
  });
}

/** Undefined for a file that cannot be looked at: reading it says why. */
function stateOf(file: string): string | undefined {
  const stats = statSync(file, { throwIfNoEntry: false, bigint: true });
  return stats === undefined ? undefined : `${stats.ino}:${stats.mtimeNs}:${stats.size}`;
}
