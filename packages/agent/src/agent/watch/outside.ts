import type { AgentState } from '../state/open-state.js';
import type { Keeper, Standing } from '../keeping/keeper.js';

/** Holds that leave something undone that should be done: the delta is not where it belongs, or nobody knows. */
const STUCK: ReadonlySet<string> = new Set([
  'NO_ROUTE',
  'COST_ABOVE_LIMIT',
  'EXPOSURE_UNBOUNDED',
  'EXPOSURE_STRADDLES_TARGET',
]);

/** Whether a portfolio is where it belongs, as far as anybody knows. */
export function isInPlace({ action, code }: Standing): boolean {
  return action === 'hold' && !STUCK.has(code);
}

/** Since when portfolios have been out of place, on disk: a restart does not give them more time. */
export interface Outside {
  /** Notes whether a portfolio is where it belongs now. */
  readonly note: (keeper: Keeper, inPlace: boolean, atMs: number) => void;
  /** Takes over what is known of a portfolio that is new to this process. */
  readonly recall: (keeper: Keeper) => void;
}

export function openOutside(state: AgentState): Outside {
  return Object.freeze({
    note: ({ name, now }, inPlace, atMs) => {
      if (inPlace) {
        if (now.outsideSinceMs === undefined) return;
        now.outsideSinceMs = undefined;
        state.run('DELETE FROM outside WHERE portfolio = ?', [name]);
      } else if (now.outsideSinceMs === undefined) {
        now.outsideSinceMs = atMs;
        state.run('INSERT OR REPLACE INTO outside (portfolio, since_ms) VALUES (?, ?)', [name, atMs]);
      }
    },
    recall: (keeper) => {
      const [row] = state.all('SELECT since_ms FROM outside WHERE portfolio = ?', [keeper.name]);
      if (row !== undefined) keeper.now.outsideSinceMs = Number((row as { since_ms: unknown }).since_ms);
    },
  } satisfies Outside);
}
