import { EvenkeelError } from '@evenkeel/intents';
import type { Address } from '../model/token.js';

/** What a venue may be in, that a book on it has to know of. */
export type ConditionCode =
  /** Options of it are over; nobody has settled it. */
  | 'BOARD_EXPIRED'
  /** Its owner has stopped it. */
  | 'BOARD_FROZEN'
  /** In its last hours, in which nothing can be traded. */
  | 'BOARD_CLOSING'
  /** The venue trades options within a range of delta only, and this one has left it. */
  | 'DELTA_OUT_OF_RANGE'
  /** What the venue has reckoned from its feed is older than it allows, or the spot has left it. */
  | 'FEED_STALE'
  /** The venue's feed gives no price. */
  | 'FEED_HALTED'
  | 'FUNDING_AGAINST'
  | 'MARKET_PAUSED'
  /** The venue lets nobody trade further away from its feed. */
  | 'PRICE_BAND'
  /** The vault takes no more deposits. */
  | 'DEPOSIT_CAP'
  /** As many positions are open on the side as the venue allows. */
  | 'MARKET_FULL'
  /** Somebody has announced a liquidation: until it is carried out nothing can be done with the position. */
  | 'LIQUIDATION_ANNOUNCED'
  /** As much is borrowed as the venue allows. */
  | 'BORROW_CAP'
  /** Nothing new is supplied or borrowed; what is there can be repaid and withdrawn. */
  | 'RESERVE_FROZEN'
  /** Liquidation is nearer than the limit. */
  | 'MARGIN_NEAR'
  | 'VENUE_UNREADABLE';

/** What has been done to an account by others, or by time. */
export type HappeningCode = 'LIQUIDATED' | 'OPTION_SETTLED';

/** What brings a book back in order, by who has to act on it. */
export type Answer =
  /** Settle what is over, and take what it pays. */
  | 'settle'
  /** Read the exposure again and hedge what is open now. */
  | 'rehedge'
  /** Let the other instruments compete for the size that is held here. */
  | 'compare'
  /** New trades go elsewhere; what is held can be closed, or is kept. */
  | 'hedge-elsewhere'
  /** Close through the venue's emergency way if it has to be closed. */
  | 'force-close'
  | 'add-margin'
  /** Nothing can be done until it is over. */
  | 'wait';

/** Something that holds at present. */
export interface VenueCondition {
  /** Of the thing that it is about: `lyra-1/board-3`. With `code` it is unique in a look. */
  readonly id: string;
  readonly code: ConditionCode;
  readonly sentence: string;
  readonly answer: Answer;
}

/** Something that happened once. */
export interface VenueHappening {
  /** Unique for ever: transaction and place in it. */
  readonly id: string;
  readonly code: HappeningCode;
  readonly sentence: string;
  readonly answer: Answer;
}

/** One look at a venue. */
export interface VenueLook {
  /** What holds now. */
  readonly conditions: readonly VenueCondition[];
  /** What happened from block `sinceBlock` on. */
  readonly happened: readonly VenueHappening[];
  /** The block of this look; the next one starts after it. */
  readonly blockNumber: number;
}

/** Watches one venue for an account. */
export interface VenueWatch {
  readonly id: string;
  /** @param sinceBlock first block of which happenings are wanted; absent at the first look: none */
  look(owner: Address, sinceBlock: number | undefined, signal: AbortSignal): Promise<VenueLook>;
}

/** A condition that has begun or ended since the look before, or something that happened in between. */
export type VenueChange =
  | ({ readonly change: 'began' } & VenueCondition)
  | ({ readonly change: 'ended' } & VenueCondition)
  | ({ readonly change: 'happened'; /** Id of the watch that saw it. */ readonly watch: string } & VenueHappening);

/** What the looks so far have seen, by watch. Give each poll the memory that the one before has answered. */
export type VenueMemory = ReadonlyMap<string, Seen>;

interface Seen {
  readonly conditions: readonly VenueCondition[];
  readonly blockNumber: number | undefined;
}

export interface VenuePoll {
  readonly changes: readonly VenueChange[];
  readonly memory: VenueMemory;
}

/**
 * One poll of all venues: what began, ended or happened since the poll before. A venue that cannot be read is a condition
 * of its own, `VENUE_UNREADABLE`; what was known of it stays, and what happens meanwhile is told when it answers again.
 *
 * @throws what is no EvenkeelError, and the signal's reason when it aborts
 * @example
 * ```ts
 * const { changes, memory } = await pollVenues(watches, owner, memoryOfThePollBefore, signal)
 * for (const { answer, code, sentence } of changes) act(answer)
 * ```
 */
export async function pollVenues(
  watches: readonly VenueWatch[],
  owner: Address,
  before: VenueMemory,
  signal: AbortSignal,
): Promise<VenuePoll> {
  const polls = await Promise.all(watches.map((watch) => pollOne(watch, owner, before.get(watch.id), signal)));
  return Object.freeze({
    changes: Object.freeze(polls.flatMap(({ changes }) => changes)),
    memory: new Map(polls.map(({ id, seen }) => [id, seen])),
  });
}

interface PollOfOne {
  readonly id: string;
  readonly changes: readonly VenueChange[];
  readonly seen: Seen;
}

async function pollOne(
  watch: VenueWatch,
  owner: Address,
  before: Seen | undefined,
  signal: AbortSignal,
): Promise<PollOfOne> {
  const { id } = watch;
  const known = before ?? { conditions: [], blockNumber: undefined };
  const since = known.blockNumber === undefined ? undefined : known.blockNumber + 1;
  try {
    const { blockNumber, conditions, happened } = await watch.look(owner, since, signal);
    const once = happened.map((each): VenueChange => ({ change: 'happened', watch: id, ...each }));
    return { id, changes: [...once, ...changesOf(known.conditions, conditions)], seen: { conditions, blockNumber } };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof EvenkeelError)) throw error;
    const sentence = `${id} cannot be read: ${error.code}.`;
    const unreadable: VenueCondition = { id, code: 'VENUE_UNREADABLE', sentence, answer: 'wait' };
    const kept = known.conditions.filter(({ code }) => code !== 'VENUE_UNREADABLE');
    const conditions = [...kept, unreadable];
    return { id, changes: changesOf(known.conditions, conditions), seen: { ...known, conditions } };
  }
}

function changesOf(before: readonly VenueCondition[], now: readonly VenueCondition[]): readonly VenueChange[] {
  const missing = (from: readonly VenueCondition[], condition: VenueCondition): boolean =>
    !from.some(({ code, id }) => code === condition.code && id === condition.id);
  return [
    ...now.filter((each) => missing(before, each)).map((each): VenueChange => ({ change: 'began', ...each })),
    ...before.filter((each) => missing(now, each)).map((each): VenueChange => ({ change: 'ended', ...each })),
  ];
}
