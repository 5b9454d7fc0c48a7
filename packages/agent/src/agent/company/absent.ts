import type { Portfolio } from '@evenkeel/core/rebalancer';
import type { Keeper } from '../keeping/keeper.js';
import type { Absent } from './expected.js';
import type { Need } from './need.js';

/** The portfolios of the same agent and market that may come: those that are watched, and those on their way. */
export function absentOf(keepers: readonly Keeper[], here: readonly Need[], nowMs: number): readonly Absent[] {
  const present = new Set(here.map(({ portfolio }) => portfolio));
  const market = here[0] === undefined ? undefined : marketOf(here[0].slice.portfolio);
  return keepers.flatMap(({ name, now, owner, portfolio, settings }): Absent[] => {
    const { activity, dueMs, outlook, restUntilMs, unfinished } = now;
    const isKnown = outlook !== undefined && !unfinished && marketOf(portfolio) === market;
    if (!isKnown || settings.batch === undefined || present.has(name)) return [];
    if (activity === 'rebalancing') return [{ name, owner, outlook, comesInSeconds: 0 }];
    if (activity !== 'watching') return [];
    const comesInSeconds = Math.max(0, Math.max(dueMs, restUntilMs) - nowMs) / 1000;
    return [{ name, owner, outlook, comesInSeconds }];
  });
}

/** What is traded for what: whoever trades other tokens can cross nobody here. */
function marketOf({ baseTokens, quoteTokens, underlying }: Portfolio): string {
  return JSON.stringify([
    underlying,
    [...baseTokens, ...quoteTokens].map(({ address, chainId }) => [chainId, address]),
  ]);
}
