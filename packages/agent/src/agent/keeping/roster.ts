import { isDeepStrictEqual } from 'node:util';
import type { AgentConfig, AgentPortfolio } from '../config/parse-agent.js';
import type { Keeper } from './keeper.js';

/** The portfolios that are kept now. */
export interface Roster {
  readonly all: () => readonly Keeper[];
  /** What is in force of the file. */
  readonly config: () => AgentConfig;
  /**
   * Takes another file over: those that have not changed stay as they are, those that are busy until they are not.
   *
   * @throws what makes a portfolio unfit; then nothing has changed
   */
  readonly apply: (config: AgentConfig) => void;
  /** Goes on with what had to wait for somebody who was busy. */
  readonly settle: () => void;
}

/** @param open a keeper for settings that are new */
export function openRoster(first: AgentConfig, open: (settings: AgentPortfolio) => Keeper): Roster {
  let current = first;
  let waiting: AgentConfig | undefined;
  let keepers: readonly Keeper[] = [];

  const apply = (next: AgentConfig): void => {
    const before = new Map(keepers.map((keeper) => [keeper.name, keeper]));
    const postponed: Keeper[] = [];
    const wanted = next.portfolios.map((settings) => {
      const old = before.get(settings.config.name);
      before.delete(settings.config.name);
      if (old !== undefined && isDeepStrictEqual(old.settings, settings)) return old;
      const fresh = open(settings);
      if (old === undefined) return fresh;
      if (isBusy(old)) {
        postponed.push(old);
        return old;
      }
      Object.assign(fresh.now, old.now, { dueMs: 0, restUntilMs: 0 });
      return fresh;
    });
    const leaving = [...before.values()].filter(isBusy);
    const stay = new Set([...wanted, ...leaving]);
    for (const keeper of keepers) if (!stay.has(keeper)) keeper.close();
    keepers = Object.freeze([...stay]);
    current = next;
    waiting = postponed.length + leaving.length === 0 ? undefined : next;
  };

  apply(first);
  return Object.freeze({
    all: () => keepers,
    config: () => current,
    apply,
    settle: () => {
      if (waiting !== undefined) apply(waiting);
    },
  } satisfies Roster);
}

/** Something of it is under way, or has to be brought to its end. */
function isBusy({ now: { activity, unfinished } }: Keeper): boolean {
  return activity !== 'watching' || unfinished;
}
