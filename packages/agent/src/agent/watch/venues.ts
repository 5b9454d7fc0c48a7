import type { Journal } from '@evenkeel/core';
import { pollVenues, type VenueChange, type VenueCondition, type VenueMemory } from '@evenkeel/core/watch';
import * as v from 'valibot';
import type { Alerts } from '../alerts/alerts.js';
import type { AgentEvents } from '../events.js';
import type { Keeper } from '../keeping/keeper.js';
import type { AgentState } from '../state/open-state.js';

export interface VenueParts {
  readonly state: AgentState;
  readonly journal: Journal;
  readonly events: AgentEvents;
  readonly alerts: Pick<Alerts, 'raise'>;
  readonly now: () => number;
}

/** Looks at the venues that portfolios name, tells what has begun, ended or happened there, and notes what answers it. */
export interface Venues {
  readonly poll: (keepers: readonly Keeper[], signal: AbortSignal) => Promise<void>;
}

/** In these states nothing can be traded there, not even to close: nobody is asked. */
const SHUT: ReadonlySet<string> = new Set([
  'FEED_HALTED',
  'LIQUIDATION_ANNOUNCED',
  'MARKET_PAUSED',
  'VENUE_UNREADABLE',
]);
/** Worth waking somebody. */
const GRAVE: ReadonlySet<string> = new Set(['LIQUIDATED', 'LIQUIDATION_ANNOUNCED']);

/**
 * What was seen last is kept on disk: what happens while nobody looks is told by the first look afterwards, and what holds
 * on is not told again.
 */
export function openVenues({ alerts, events, journal, now, state }: VenueParts): Venues {
  const memories = new Map<string, VenueMemory>();

  const pollOne = async (keeper: Keeper, signal: AbortSignal): Promise<void> => {
    const { name, owner, watched } = keeper;
    const before = memories.get(name) ?? recall(state, name);
    const watches = watched.map(({ watch }) => watch);
    const { changes, memory } = await pollVenues(watches, owner, before, signal);
    for (const change of changes) {
      await tell(keeper, change);
      note(keeper, change);
      if (change.change === 'happened' && change.answer === 'rehedge') await believe(keeper, change, memory);
    }
    // Only what was told is remembered: what a crash has kept from being told is told again.
    memories.set(name, memory);
    remember(state, name, memory);
    keeper.now.shut = shutOf(keeper, memory);
  };

  const tell = async ({ name }: Keeper, change: VenueChange): Promise<void> => {
    const { answer, change: what, code, id, sentence: said } = change;
    const sentence = what === 'ended' ? `It is over: ${said}` : said;
    const details = { id, change: what, answer };
    await journal.appendDecision({ atMs: now(), code, sentence, simulated: false, details });
    const level = what === 'ended' ? 'info' : 'warn';
    events.emit({ kind: 'venue', level, code, portfolio: name, sentence, details });
    if (what === 'ended') return;
    const grave = GRAVE.has(code) ? 'critical' : 'warning';
    alerts.raise({ key: `${code}:${name}:${id}`, level: grave, code, portfolio: name, sentence });
  };

  /** What the venue's own log says was closed is not doubted: it is hedged anew at once. */
  const believe = async (
    { name, ports, watched }: Keeper,
    { sentence: said, watch }: Extract<VenueChange, { readonly change: 'happened' }>,
    memory: VenueMemory,
  ): Promise<void> => {
    const source = watched.find((each) => each.watch.id === watch)?.source;
    const blockNumber = memory.get(watch)?.blockNumber;
    if (source === undefined || blockNumber === undefined) return;
    for (const { id, label } of ports.memory.closedBy(source, blockNumber)) {
      const sentence = `${label} reads as nothing, and its venue says why: ${said}`;
      const details = { position: id };
      const code = 'EXTERNAL_CLOSE';
      await journal.appendDecision({ atMs: now(), code, sentence, simulated: false, details });
      events.emit({ kind: 'decision', level: 'warn', code, portfolio: name, sentence, details });
      alerts.raise({ key: `${code}:${name}:${id}`, level: 'warning', code, portfolio: name, sentence });
    }
  };

  return Object.freeze({
    poll: async (keepers, signal) => {
      const watching = keepers.filter(({ watched }) => watched.length > 0);
      await Promise.all(watching.map((keeper) => pollOne(keeper, signal)));
    },
  } satisfies Venues);
}

/** What the next rounds have to do about it. */
function note({ now, watched }: Keeper, { answer, change, id }: VenueChange): void {
  // A venue that is open again competes again.
  if (change === 'ended') {
    now.pressing ||= answer === 'hedge-elsewhere';
    return;
  }
  switch (answer) {
    case 'settle':
      now.settling = true;
      return;
    case 'compare':
      for (const { adapter, conditionId } of named(watched)) if (conditionId === id) now.comparing.add(adapter);
      now.pressing = true;
      return;
    case 'add-margin':
      now.marginRestMs = 0;
      return;
    case 'rehedge':
    case 'hedge-elsewhere':
      now.pressing = true;
      return;
    case 'force-close':
    case 'wait':
      return;
  }
}

/** Conditions of an account carry the name that the venue has on its chain, which is that of its instrument. */
function named(watched: Keeper['watched']): readonly { readonly adapter: string; readonly conditionId: string }[] {
  return watched.flatMap(({ adapter }) => (adapter === undefined ? [] : [{ adapter, conditionId: adapter }]));
}

function shutOf({ watched }: Keeper, memory: VenueMemory): ReadonlySet<string> {
  return new Set(
    watched.flatMap(({ adapter, watch }) => {
      const conditions = memory.get(watch.id)?.conditions ?? [];
      return adapter !== undefined && conditions.some(({ code }) => SHUT.has(code)) ? [adapter] : [];
    }),
  );
}

const bodySchema = v.object({
  conditions: v.array(v.custom<VenueCondition>((value) => typeof value === 'object' && value !== null)),
  blockNumber: v.optional(v.pipe(v.number(), v.safeInteger())),
});

function recall(state: AgentState, portfolio: string): VenueMemory {
  const rows = state.all('SELECT watch, body FROM venue WHERE portfolio = ?', [portfolio]);
  return new Map(
    rows.map((row) => {
      const { body, watch } = v.parse(v.object({ watch: v.string(), body: v.string() }), row);
      const { blockNumber, conditions } = v.parse(bodySchema, JSON.parse(body));
      return [watch, { conditions, blockNumber }] as const;
    }),
  );
}

function remember(state: AgentState, portfolio: string, memory: VenueMemory): void {
  state.transaction(() => {
    for (const [watch, seen] of memory) {
      state.run('INSERT OR REPLACE INTO venue (portfolio, watch, body) VALUES (?, ?, ?)', [
        portfolio,
        watch,
        JSON.stringify(seen),
      ]);
    }
  });
}
