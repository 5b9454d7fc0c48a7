import type { Keeper } from '../keeping/keeper.js';
import type { Absent } from './expected.js';
import type { Need } from './need.js';

/** The portfolios of the same agent and underlying that may come: those that are watched, and those on their way. */
export function absentOf(keepers: readonly Keeper[], here: readonly Need[], nowMs: number): readonly Absent[] {
  const present = new Set(here.map(({ portfolio }) => portfolio));
  const underlying = here[0]?.slice.portfolio.underlying;
  return keepers.flatMap(({ name, now, owner, portfolio, settings }): Absent[] => {
    const { activity, dueMs, outlook, restUntilMs, unfinished } = now;
    const isKnown = outlook !== undefined && !unfinished && portfolio.underlying === underlying;
    if (!isKnown || settings.batch === undefined || present.has(name)) return [];
    if (activity === 'rebalancing') return [{ name, owner, outlook, comesInSeconds: 0 }];
    if (activity !== 'watching') return [];
    const comesInSeconds = Math.max(0, Math.max(dueMs, restUntilMs) - nowMs) / 1000;
    return [{ name, owner, outlook, comesInSeconds }];
  });
}
