import type { Clock, DecimalString, Journal } from '@evenkeel/core';
import { checkTokens } from '../../assemble/check-tokens.js';
import type { Alerts } from '../alerts/alerts.js';
import type { AgentEvents } from '../events.js';
import type { Desk } from '../limits/desk.js';
import { EVERYWHERE } from '../limits/stops.js';
import type { AgentState } from '../state/open-state.js';
import { decisionEvent, type Keeper, note } from '../keeping/keeper.js';
import { ordersUnderWay, transfersUnderWay } from '../keeping/left-behind.js';
import type { Roster } from '../keeping/roster.js';
import type { Worker } from '../keeping/worker.js';
import { look, type Looked, undecided } from './look.js';
import { hasNearMargin } from './near-margin.js';
import { isInPlace, type Outside } from './outside.js';
import type { SharedChains } from './shared-chains.js';
import { openVenues } from './venues.js';

/** What one round has seen and done. */
export interface RoundReport {
  /** Portfolios that were due. */
  readonly looked: number;
  /** Portfolios that are looked at in full now, because they may have to trade, and ripcords. */
  readonly begun: number;
  /** Unix milliseconds. */
  readonly endedMs: number;
  /** From its begin to the last decision. */
  readonly durationMs: number;
  /** JSON-RPC calls, by chain. */
  readonly calls: Readonly<Record<number, number>>;
}

export interface RoundParts {
  readonly roster: Roster;
  readonly chains: SharedChains;
  readonly journal: Journal;
  readonly worker: Worker;
  readonly outside: Outside;
  readonly desk: Desk;
  /** Hears what other agents on the engine have used and stopped. Default: there are no others. */
  readonly exchange?: () => Promise<void>;
  readonly alerts: Alerts;
  readonly events: AgentEvents;
  readonly state: AgentState;
  readonly clock: Clock;
}

/** A look a little before its time counts as in time: timers and blocks are never exact. */
const EARLY_SHARE = 0.05;
/** A portfolio whose trade is under way is looked at so much later than it would be. */
const BUSY_MS = 30_000;
/** Between two looks at a transfer that was late. */
const TRACK_MS = 60_000;
/** Out of place for so long, ripcord or not: people are told. */
const OUTSIDE_ALERT_MS = 1_800_000;

/** One look at all portfolios that are due, and what follows from it. */
export function rounds(parts: RoundParts): (signal: AbortSignal) => Promise<RoundReport> {
  const { alerts, chains, clock, desk, events, exchange, journal, outside, roster, state, worker } = parts;
  const lastPrices = new Map<string, DecimalString>();
  const knownTokens = new Set<string>();
  const venues = openVenues({ state, journal, events, alerts, now: () => clock.now() });

  const noted = ({ keeper, standing }: Looked): void => {
    outside.note(keeper, isInPlace(standing), standing.atMs);
    if (!note(keeper, standing)) return;
    events.emit(decisionEvent(keeper.name, standing, standing.action === 'undecided' ? 'warn' : 'info'));
  };

  /** What has become of positions by itself is told once, however long it lasts, and whatever is decided on it. */
  const tellChanges = async ({ changes, keeper }: Looked): Promise<void> => {
    const { name, now } = keeper;
    const known = now.changes;
    now.changes = new Set(changes.map(({ code, id }) => `${code}:${id}`));
    for (const { code, id, sentence } of changes) {
      if (known.has(`${code}:${id}`)) continue;
      const details = { position: id };
      await journal.appendDecision({ atMs: clock.now(), code, sentence, simulated: false, details });
      events.emit({ kind: 'decision', level: 'warn', code, portfolio: name, sentence, details });
      alerts.raise({ key: `${code}:${name}:${id}`, level: 'warning', code, portfolio: name, sentence });
    }
  };

  const isPaused = (name: string): boolean =>
    desk.stops().some(({ kind, scope }) => kind === 'paused' && (scope === EVERYWHERE || scope === name));

  const mayBegin = ({ name, now }: Keeper): boolean =>
    now.activity === 'watching' && !now.unfinished && clock.now() >= now.restUntilMs && !isPaused(name);

  /** A wrong number of decimals makes every amount wrong by powers of ten: the tokens of a market are asked once. */
  const tokensHold = async (keeper: Keeper, signal: AbortSignal): Promise<boolean> => {
    if (knownTokens.has(keeper.market)) return true;
    try {
      await checkTokens(keeper.portfolio, keeper.ports.chains, signal);
      knownTokens.add(keeper.market);
      return true;
    } catch (error) {
      signal.throwIfAborted();
      const { code, sentence } = undecided(error, clock.now());
      alerts.raise({ key: `tokens:${keeper.name}`, level: 'critical', code, portfolio: keeper.name, sentence });
      return false;
    }
  };

  /**
   * Those that may have to trade are looked at in full, which also says what is decided about them: the most urgent
   * first, as many as may be under way. The others wait for the next round.
   *
   * @returns those that were begun
   */
  const begin = async (looked: readonly Looked[], signal: AbortSignal): Promise<ReadonlySet<Looked>> => {
    const begun = new Set<Looked>();
    // Where something has happened a failure before it is no reason to rest.
    for (const { keeper } of looked) if (keeper.now.pressing) keeper.now.restUntilMs = 0;
    const wanting = looked.filter(({ keeper, mayTrade }) => (mayTrade || keeper.now.pressing) && mayBegin(keeper));
    for (const each of wanting.sort((a, b) => rank(b) - rank(a))) {
      if ((await tokensHold(each.keeper, signal)) && worker.rebalance(each.keeper)) begun.add(each);
    }
    return begun;
  };

  /** Margins first: what is liquidated has not to be hedged. @returns how many portfolios were begun */
  const keepMargins = async (keepers: readonly Keeper[], signal: AbortSignal): Promise<number> => {
    const ready = keepers.filter(({ name, now }) => {
      return now.activity === 'watching' && !now.unfinished && clock.now() >= now.marginRestMs && !isPaused(name);
    });
    const near = await Promise.all(ready.map((keeper) => hasNearMargin(keeper, signal)));
    return ready.filter((keeper, i) => near[i] === true && worker.keepMargin(keeper)).length;
  };

  /** Out of place for too long: people are told, and the ripcord is pulled where there is one. */
  const pullRipcord = (keeper: Keeper): boolean => {
    const { name, now, settings } = keeper;
    if (now.outsideSinceMs === undefined) return false;
    const outsideMs = clock.now() - now.outsideSinceMs;
    const { afterMinutes } = settings.ripcord;
    if (outsideMs >= OUTSIDE_ALERT_MS) {
      const minutes = Math.round(outsideMs / 60_000);
      const sentence = `${name} has been out of place for ${minutes} minutes. ${now.standing?.sentence ?? ''}`;
      alerts.raise({ key: `outside:${name}`, level: 'critical', code: 'OUTSIDE_TOO_LONG', portfolio: name, sentence });
    }
    if (afterMinutes === undefined || outsideMs < afterMinutes * 60_000 || !mayBegin(keeper)) return false;
    return worker.ripcord(keeper, 'automatic');
  };

  /** Nothing is signed before the same was asked again: a round without an answer may look on. */
  const hearOthers = async (): Promise<void> => {
    try {
      await exchange?.();
    } catch (error) {
      const { code, sentence } = undecided(error, clock.now());
      alerts.raise({ key: `shared-limits:${code}`, level: 'warning', code, sentence });
    }
  };

  /** What their trades have let go of, before anything is decided: what has arrived is there to be traded with. */
  const trackLate = async (keepers: readonly Keeper[], nowMs: number, signal: AbortSignal): Promise<void> => {
    const inFlight = await transfersUnderWay(journal);
    const wanted = keepers.filter(({ now }) => now.activity === 'watching' && nowMs - now.trackedMs >= TRACK_MS);
    const tracked = wanted.filter((keeper) => inFlight(keeper).length > 0);
    if (tracked.length === 0) return;
    for (const { now } of tracked) now.trackedMs = nowMs;
    // A claim may take its time, and the round has none to lose.
    await Promise.race([Promise.all(tracked.map((keeper) => worker.track(keeper))), aborted(signal)]);
  };

  return async (signal) => {
    const startedMs = clock.now();
    roster.settle();
    await hearOthers();
    const keepers = roster.all();
    const callsBefore = new Map(chains.all().map((chain) => [chain, chain.requestCount()]));
    for (const keeper of keepers) {
      const { activity, restUntilMs, unfinished } = keeper.now;
      if (unfinished && activity === 'watching' && startedMs >= restUntilMs) worker.resume(keeper);
    }
    await trackLate(keepers, startedMs, signal);
    const transfers = await transfersUnderWay(journal);
    const orders = await ordersUnderWay(journal, keepers);
    const inFlight = (keeper: Keeper) => [...transfers(keeper), ...orders(keeper)];
    // Those under way as well, less often: what a trade that hangs leaves open is told like anything else.
    const due = keepers.filter(({ now: { activity, dueMs } }) => {
      return startedMs >= dueMs + (activity === 'watching' ? 0 : BUSY_MS);
    });
    const busy = new Set(due.filter(({ now: { activity } }) => activity !== 'watching'));
    const looked = await look({ keepers: due, busy, lastPrices, inFlight, nowMs: () => clock.now(), signal });
    const calls = chains
      .all()
      .map((chain) => [chain.id, chain.requestCount() - (callsBefore.get(chain) ?? 0)] as const);
    for (const { now, portfolio } of due) {
      now.dueMs = startedMs + portfolio.policy.monitoringSeconds * 1000 * (1 - EARLY_SHARE);
    }
    const durationMs = clock.now() - startedMs;
    for (const { keeper, standing } of looked)
      if (busy.has(keeper)) outside.note(keeper, isInPlace(standing), standing.atMs);
    for (const each of looked) if (each.changes.length + each.keeper.now.changes.size > 0) await tellChanges(each);
    await venues.poll(due, signal);
    const saved = await keepMargins(due, signal);
    const settled = keepers.filter((keeper) => keeper.now.settling && mayBegin(keeper) && worker.settle(keeper)).length;
    // Before anything everyday: who has been out of place for too long does not wait behind it.
    const pulled = keepers.filter(pullRipcord).length;
    const inFull = await begin(looked, signal);
    // One write for all of them: a disk takes its time over each.
    state.transaction(() => {
      for (const each of looked) if (!inFull.has(each) && !busy.has(each.keeper)) noted(each);
    });
    const begun = saved + settled + pulled + inFull.size;
    const report: RoundReport = Object.freeze({
      looked: looked.length,
      begun,
      endedMs: clock.now(),
      durationMs,
      calls: Object.freeze(Object.fromEntries(calls)),
    });
    const sentence = `${looked.length} portfolios looked at, ${begun} of them in full.`;
    events.emit({ kind: 'round', level: 'debug', code: 'ROUND', sentence, details: { ...report } });
    return report;
  };
}

/** Who has something to answer comes first. */
const rank = ({ keeper, urgency }: Looked): number => (keeper.now.pressing ? Number.MAX_VALUE : urgency);

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
