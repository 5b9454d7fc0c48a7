import type { PortfolioLimits, TotalLimits } from '../config/schema.js';
import type { Desk, Proposal } from './desk.js';
import { DAY_MS } from './limits.js';
import type { LedgerEntries, SharedLedger } from './shared-ledger.js';
import type { Stop } from './stops.js';

/**
 * The desk of an agent that shares an engine: limits and stops hold for all agents together. The own file comes first, and
 * what it has is told to the others at once or, where they cannot be reached, with the next exchange.
 */
export interface SharedDesk extends Desk {
  /**
   * As `reserve`, after a look at what all others have used and stopped, while none of them can set anything aside.
   *
   * @throws as `reserve`; SHARED_LIMITS_UNREACHABLE, and then nothing is set aside
   */
  reserveAmongAll(proposal: Proposal, limits: PortfolioLimits, total: TotalLimits): Promise<number>;
  /** A portfolio's turn is here now: what others had under way for it is no more. */
  takeOver(portfolio: string): Promise<void>;
  /** Tells what is still to be told, and hears what others have used and stopped. @throws SHARED_LIMITS_UNREACHABLE */
  exchange(): Promise<void>;
}

interface Telling {
  readonly tell: (entries: LedgerEntries) => Promise<void>;
  /** Once it is sure that the others can know. */
  readonly told?: () => void;
}

/**
 * Both have to be told apart by nothing but the writer: `ledger` is opened with the identity of the file behind `desk`.
 *
 * @throws SHARED_LIMITS_UNREACHABLE when what the file has cannot be told at the start
 */
export async function shareDesk(desk: Desk, ledger: SharedLedger, now: () => number): Promise<SharedDesk> {
  let untold: readonly Telling[] = [];
  const tellAllOf = async (entries: LedgerEntries): Promise<readonly Telling[]> => {
    const told = untold;
    for (const each of told) await each.tell(entries);
    return told;
  };
  const inOneTransaction = async <T>(body: (entries: LedgerEntries) => Promise<T>): Promise<T> => {
    const [told, result] = await ledger.alone(async (entries) => {
      const all = await tellAllOf(entries);
      desk.hear(await entries.others(now() - DAY_MS));
      return [all, await body(entries)] as const;
    });
    for (const each of told) each.told?.();
    untold = untold.filter((each) => !told.includes(each));
    return result;
  };
  // One after another here as well: nothing is told again that has just been told.
  let last: Promise<unknown> = Promise.resolve();
  const within = <T>(body: (entries: LedgerEntries) => Promise<T>): Promise<T> => {
    const next = last.then(() => inOneTransaction(body));
    last = next.catch(() => undefined);
    return next;
  };
  const exchange = (): Promise<void> => within(() => Promise.resolve());
  /** Written down already: whether the others hear of it at once changes nothing here. */
  const tell = (telling: Telling): void => {
    untold = [...untold, telling];
    void exchange().catch(() => undefined);
  };
  const useTold = (id: number): Telling => ({
    tell: async (entries) => {
      const use = desk.use(id);
      if (use !== undefined) await entries.put(id, use, false);
    },
  });
  const stopTold = (stop: Stop): Telling => ({
    tell: (entries) => entries.putStop(stop),
    told: () => desk.told(stop),
  });

  // Of an earlier life of this agent nothing is under way, and it may not have told how it ended.
  untold = [...desk.ids().map(useTold), ...desk.untoldStops().map(stopTold)];
  await exchange();

  return Object.freeze({
    ...desk,
    exchange,
    reserveAmongAll: async (proposal, limits, total) => {
      let id: number | undefined;
      try {
        return await within(async (entries) => {
          id = desk.reserve(proposal, limits, total);
          await entries.put(id, desk.use(id)!, true);
          return id;
        });
      } catch (error) {
        if (id !== undefined) desk.release(id);
        throw error;
      }
    },
    takeOver: (portfolio) => within((entries) => entries.takeOver(portfolio)),
    settle: (id, used) => {
      desk.settle(id, used);
      tell(useTold(id));
    },
    keep: (id) => {
      desk.keep(id);
      tell(useTold(id));
    },
    release: (id) => {
      desk.release(id);
      tell({ tell: (entries) => entries.remove(id) });
    },
    stop: (kind, scope, reason) => {
      const stop = desk.stop(kind, scope, reason);
      tell(stopTold(stop));
      return stop;
    },
    reset: (kind, scope) => {
      const had = desk.reset(kind, scope);
      if (had) tell({ tell: (entries) => entries.removeStop(kind, scope) });
      return had;
    },
  } satisfies SharedDesk);
}
