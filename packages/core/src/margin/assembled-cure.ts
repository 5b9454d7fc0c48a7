import type { CurePart, CureSource, MarginCure } from './cure-source.js';
import type { MarginLimits } from './limits.js';
import { type MarginAccount, marginState, surplusOf } from './margin-account.js';
import { amountsWithin, changed } from './plans.js';

export interface CureTiming {
  /** How far the spot may move in a time, as a share of it. */
  readonly moveIn: (seconds: number) => number;
  /** What a cure that takes so long has to leave. */
  readonly restored: (seconds: number) => MarginLimits;
}

/** Of more the cheapest for what they do are looked at: all their subsets are. */
const MOST_SOURCES = 9;

/**
 * The cheapest cure of several sources together: all of some, and of one no more than is still missing. Where one limit
 * binds and costs are linear with a fixed part no other mix is cheaper, for of two that are both taken in part the cheaper
 * can always take over from the other. Each part has to arrive before liquidation may come, with what has arrived before
 * it counted.
 *
 * @returns undefined where all of them together are not enough, or too late
 */
export function assembledCure(
  account: MarginAccount,
  sources: readonly CureSource[],
  timing: CureTiming,
): MarginCure | undefined {
  const usable = sources.filter(({ available }) => available > 0);
  const looked = [...usable].sort((a, b) => pricePer(account, a) - pricePer(account, b)).slice(0, MOST_SOURCES);
  let best: MarginCure | undefined;
  for (let mask = 1; mask < 2 ** looked.length; mask += 1) {
    const members = looked.filter((_, index) => (mask & (2 ** index)) !== 0);
    if (members.length < 2 || sharesPurse(members)) continue;
    for (const partial of members) {
      const cure = cureOf(account, members, partial, timing);
      if (cure === undefined) continue;
      if (best === undefined || cure.cost < best.cost) best = cure;
    }
  }
  return best;
}

/** What a unit of surplus at the present spot costs by it, all of it taken. */
function pricePer({ spot }: MarginAccount, { available, change, cost }: CureSource): number {
  const gain = surplusOf({ ...change, spot }) * available;
  return gain > 0 ? cost(available) / gain : Infinity;
}

function sharesPurse(members: readonly CureSource[]): boolean {
  const purses = members.flatMap(({ purse }) => purse ?? []);
  return new Set(purses).size < purses.length;
}

/** All of the members, and of one of them what is still missing. */
function cureOf(
  account: MarginAccount,
  members: readonly CureSource[],
  partial: CureSource,
  { moveIn, restored }: CureTiming,
): MarginCure | undefined {
  const seconds = Math.max(...members.map((each) => each.seconds));
  const full = members.filter((each) => each !== partial);
  const rest = full.reduce((now, { available, change }) => changed(now, change, available), account);
  const { least, most } = amountsWithin(rest, partial.change, restored(seconds));
  // Where nothing is missing fewer are enough.
  if (least === 0 || least > Math.min(most, partial.available)) return undefined;
  const amountOf = (each: CureSource): number => (each === partial ? least : each.available);
  if (isBeyondRoom(members, amountOf)) return undefined;
  const inOrder = [...members].sort((a, b) => a.seconds - b.seconds || (a.id < b.id ? -1 : 1));
  const parts: CurePart[] = [];
  let now = account;
  for (const each of inOrder) {
    if (marginState(now).distance <= moveIn(each.seconds)) return undefined;
    const amount = amountOf(each);
    parts.push({ id: each.id, amount, cost: each.cost(amount), seconds: each.seconds });
    now = changed(now, each.change, amount);
  }
  return { parts, cost: parts.reduce((sum, { cost }) => sum + cost, 0), seconds };
}

function isBeyondRoom(members: readonly CureSource[], amountOf: (source: CureSource) => number): boolean {
  const used = new Map<string, number>();
  for (const each of members) {
    if (each.inlet === undefined) continue;
    const { id, room } = each.inlet;
    used.set(id, (used.get(id) ?? 0) + amountOf(each));
    if (used.get(id)! > room) return true;
  }
  return false;
}
