import * as v from 'valibot';
import type { PortfolioLimits, TotalLimits } from '../config/schema.js';
import type { AgentState } from '../state/open-state.js';
import { LimitReachedError, TradingStoppedError } from './errors.js';
import { type Amounts, brokenBy, DAY_MS, level, levelsOf, type LimitLevel, risen, type Use, usedIn } from './limits.js';
import type { Others } from './shared-ledger.js';
import { EVERYWHERE, type Stop, stoppedBy } from './stops.js';

/** A trade that asks to be begun. */
export interface Proposal extends Amounts {
  readonly portfolio: string;
  readonly isExit: boolean;
  /** A ripcord: no limit holds it; pulled by hand, no stop either. */
  readonly ripcord?: 'automatic' | 'by-hand';
}

/** A limit that has come near or was reached, for whoever has to know. */
export interface LimitNews {
  /** Undefined for the limits of all portfolios together. */
  readonly portfolio: string | undefined;
  readonly level: LimitLevel;
}

/** The use of limits and the stops, on disk before a trade is signed. */
export interface Desk {
  /**
   * Sets aside what a trade may use. An exit is let through whatever its limits, counts as used, and passes a kill
   * switch; a pause stops it, too.
   *
   * @returns the reservation's id
   * @throws {TradingStoppedError} TRADING_STOPPED
   * @throws {LimitReachedError} LIMIT_REACHED
   */
  reserve(proposal: Proposal, limits: PortfolioLimits, total: TotalLimits): number;
  /** What the trade has really used. */
  settle(id: number, used: Amounts): void;
  /** Nobody knows what the trade has used, for it was left in its middle: all of it stays used. */
  keep(id: number): void;
  /** Nothing was signed: gives the reservation back. */
  release(id: number): void;
  levels(portfolio: string, limits: PortfolioLimits): readonly LimitLevel[];
  totalLevels(total: TotalLimits): readonly LimitLevel[];
  used(portfolio?: string): Amounts;
  stops(): readonly Stop[];
  stop(kind: Stop['kind'], scope: string, reason: string): Stop;
  /** @returns whether there was one */
  reset(kind: Stop['kind'], scope: string): boolean;
  /** What the other agents on an engine have used counts here, and what anybody has stopped stands. */
  hear(others: Others): void;
  /** Own reservations and uses that count, and one of them. */
  ids(): readonly number[];
  use(id: number): Use | undefined;
  /** Own stops that others have not been heard to know. */
  untoldStops(): readonly Stop[];
  /** The others know of a stop from now on: once it is gone there, it is gone here. */
  told(stop: Stop): void;
}

interface Entry extends Use {
  readonly id: number;
}

const useRow = v.object({
  id: v.number(),
  portfolio: v.string(),
  at_ms: v.number(),
  notional: v.number(),
  gas: v.number(),
  loss: v.number(),
  slippage: v.number(),
});
const stopRow = v.object({
  scope: v.string(),
  kind: v.picklist(['killed', 'paused']),
  at_ms: v.number(),
  reason: v.string(),
  told: v.number(),
});

/**
 * @param onNews told of each limit that has come near or was reached, once a rise
 */
export function openDesk(state: AgentState, now: () => number, onNews: (news: LimitNews) => void): Desk {
  const entries = new Map<number, Entry>();
  /** Reservations of this process; those of a dead one count as used, not as running. */
  const running = new Set<number>();
  const stops = new Map<string, Stop>();
  /** Keys of stops that others know: gone there, they are gone here. */
  const told = new Set<string>();
  let others: Omit<Others, 'stops'> = { uses: [], underWay: [] };
  for (const row of state.all('SELECT * FROM use WHERE at_ms > ?', [now() - DAY_MS])) {
    const { at_ms: atMs, gas, id, loss, notional, portfolio, slippage } = v.parse(useRow, row);
    const amounts = { notionalUsd: notional, gasUsd: gas, lossUsd: loss, slippageUsd: slippage };
    entries.set(id, { id, portfolio, atMs, ...amounts });
  }
  for (const row of state.all('SELECT * FROM stop', [])) {
    const { at_ms: atMs, kind, reason, scope, told: isTold } = v.parse(stopRow, row);
    stops.set(`${kind} ${scope}`, Object.freeze({ kind, scope, atMs, reason }));
    if (isTold === 1) told.add(`${kind} ${scope}`);
  }

  const usesOf = (portfolio: string | undefined): readonly Use[] =>
    [...entries.values(), ...others.uses].filter((each) => portfolio === undefined || each.portfolio === portfolio);
  const used = (portfolio?: string): Amounts => usedIn(usesOf(portfolio), now());
  const totalLevels = (total: TotalLimits): readonly LimitLevel[] => [
    ...levelsOf(total, used()),
    ...level('open-intents', underWay(), total.maxOpenIntents),
  ];
  /** A portfolio that others have under way, and that is asked for here, is no second one. */
  const underWay = (asking?: string): number => running.size + others.underWay.filter((each) => each !== asking).length;
  const known = new Map<number, { limits: PortfolioLimits; total: TotalLimits }>();

  const toldLevels = new Map<string, readonly LimitLevel[]>();
  const tell = (portfolio: string | undefined, levels: readonly LimitLevel[]): void => {
    const key = portfolio ?? EVERYWHERE;
    for (const each of risen(toldLevels.get(key) ?? [], levels)) {
      // Open intents come and go with every trade: that they are many is no news.
      if (each.kind !== 'open-intents') onNews({ portfolio, level: each });
    }
    toldLevels.set(key, levels);
  };
  const tellAll = (portfolio: string, limits: PortfolioLimits, total: TotalLimits): void => {
    tell(portfolio, levelsOf(limits, used(portfolio)));
    tell(undefined, levelsOf(total, used()));
  };
  const forget = (): void => {
    const before = now() - DAY_MS;
    for (const [id, { atMs }] of entries) if (atMs <= before && !running.has(id)) entries.delete(id);
  };

  const reserve = (proposal: Proposal, limits: PortfolioLimits, total: TotalLimits): number => {
    forget();
    const { isExit, portfolio, ripcord } = proposal;
    const stop = ripcord === 'by-hand' ? undefined : stoppedBy([...stops.values()], proposal);
    if (stop !== undefined) throw new TradingStoppedError(portfolio, stop);
    if (ripcord === undefined && underWay(portfolio) >= total.maxOpenIntents) {
      const [most] = level('open-intents', underWay(portfolio) + 1, total.maxOpenIntents);
      throw new LimitReachedError(portfolio, 'total', most!);
    }
    if (!isExit && ripcord === undefined) {
      const own = brokenBy(limits, used(portfolio), proposal);
      if (own !== undefined) throw new LimitReachedError(portfolio, 'portfolio', own);
      const all = brokenBy(total, used(), proposal);
      if (all !== undefined) throw new LimitReachedError(portfolio, 'total', all);
    }
    const { gasUsd, lossUsd, notionalUsd, slippageUsd } = proposal;
    const atMs = now();
    const id = state.transaction(() => {
      const [row] = state.all(
        'INSERT INTO use (portfolio, at_ms, settled, notional, gas, loss, slippage) VALUES (?, ?, 0, ?, ?, ?, ?) RETURNING id',
        [portfolio, atMs, notionalUsd, gasUsd, lossUsd, slippageUsd],
      );
      return v.parse(v.object({ id: v.number() }), row).id;
    });
    entries.set(id, { id, portfolio, atMs, notionalUsd, gasUsd, lossUsd, slippageUsd });
    running.add(id);
    known.set(id, { limits, total });
    tellAll(portfolio, limits, total);
    return id;
  };

  const settle = (id: number, amounts: Amounts): void => {
    const entry = entries.get(id);
    const scope = known.get(id);
    const { gasUsd, lossUsd, notionalUsd, slippageUsd } = amounts;
    state.run('UPDATE use SET settled = 1, notional = ?, gas = ?, loss = ?, slippage = ? WHERE id = ?', [
      notionalUsd,
      gasUsd,
      lossUsd,
      slippageUsd,
      id,
    ]);
    running.delete(id);
    known.delete(id);
    if (entry === undefined || scope === undefined) return;
    entries.set(id, { ...entry, ...amounts });
    tellAll(entry.portfolio, scope.limits, scope.total);
  };

  const putStop = (stop: Stop, isTold: boolean): void => {
    const { atMs, kind, reason, scope } = stop;
    state.run('INSERT OR REPLACE INTO stop (scope, kind, at_ms, reason, told) VALUES (?, ?, ?, ?, ?)', [
      scope,
      kind,
      atMs,
      reason,
      isTold ? 1 : 0,
    ]);
    stops.set(`${kind} ${scope}`, stop);
    if (isTold) told.add(`${kind} ${scope}`);
  };
  const reset = (kind: Stop['kind'], scope: string): boolean => {
    const key = `${kind} ${scope}`;
    state.run('DELETE FROM stop WHERE scope = ? AND kind = ?', [scope, kind]);
    told.delete(key);
    return stops.delete(key);
  };

  return Object.freeze({
    reserve,
    settle,
    keep: (id) => {
      running.delete(id);
      known.delete(id);
    },
    release: (id) => {
      state.run('DELETE FROM use WHERE id = ? AND settled = 0', [id]);
      entries.delete(id);
      running.delete(id);
      known.delete(id);
    },
    levels: (portfolio, limits) => levelsOf(limits, used(portfolio)),
    totalLevels,
    used,
    stops: () => [...stops.values()],
    stop: (kind, scope, reason) => {
      const standing = stops.get(`${kind} ${scope}`);
      if (standing !== undefined) return standing;
      const stop: Stop = Object.freeze({ kind, scope, atMs: now(), reason });
      putStop(stop, false);
      return stop;
    },
    reset,
    hear: ({ stops: heard, ...used }) => {
      others = used;
      const standing = new Set(heard.map(({ kind, scope }) => `${kind} ${scope}`));
      for (const stop of heard) if (!stops.has(`${stop.kind} ${stop.scope}`)) putStop(stop, true);
      for (const key of told) {
        const stop = stops.get(key);
        if (stop !== undefined && !standing.has(key)) reset(stop.kind, stop.scope);
      }
    },
    ids: () => [...entries.keys()],
    use: (id) => entries.get(id),
    told: (stop) => {
      if (stops.has(`${stop.kind} ${stop.scope}`)) putStop(stop, true);
    },
    untoldStops: () => [...stops].filter(([key]) => !told.has(key)).map(([, stop]) => stop),
  } satisfies Desk);
}
