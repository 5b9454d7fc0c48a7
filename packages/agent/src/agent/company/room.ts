import type { Clock } from '@evenkeel/core';
import {
  type BatchFill,
  type BatchInput,
  type BatchOrder,
  clearBatch,
  prospectOf,
  type RouteRemainder,
  savingOf,
  type WaitDecision,
  waitForCompany,
} from '@evenkeel/core/batch';
import { quoteAtomsOf, type ReadMarket } from '../../batch/market.js';
import { type Alone, type Need, ownCostIn } from './need.js';

/** A market of a batch, cleared: everybody has its fill, nobody has signed yet. */
export interface ClearedBatch {
  readonly id: string;
  readonly read: ReadMarket;
  readonly cleared: ReturnType<typeof clearBatch>['markets'][number];
  readonly needs: readonly Need[];
}

export interface Seat {
  readonly kind: 'seat';
  readonly batch: ClearedBatch;
  readonly need: Need;
  readonly fill: BatchFill;
  /** Why it waited, last said. */
  readonly waited: WaitDecision | undefined;
  readonly waitedSeconds: number;
}

export interface RoomParts {
  readonly maxWaitSeconds: number;
  readonly clock: Clock;
  /** Reads the markets that these needs can be settled in. */
  readonly read: (needs: readonly Need[]) => Promise<readonly ReadMarket[]>;
  /** Who is expected to come within so many seconds, one list a future. */
  readonly expected: (
    here: readonly Need[],
    markets: readonly ReadMarket[],
    waitSeconds: number,
  ) => readonly (readonly BatchOrder[])[];
  /** Told of every decision to wait. */
  readonly waits: (need: Need, decision: WaitDecision) => Promise<void>;
  /** Told of every batch, before anybody learns of its seat. */
  readonly cleared: (batch: ClearedBatch) => void;
}

/** Where slices wait for company, until the rule says that it pays no longer. */
export interface Room {
  /** @param gone aborts when the slice is to wait no longer: it trades alone */
  join(need: Need, gone: AbortSignal): Promise<Seat | Alone>;
  /** Who is waiting. */
  readonly here: () => readonly Need[];
}

interface Guest {
  readonly need: Need;
  readonly answer: (answer: Seat | Alone) => void;
  readonly fail: (error: unknown) => void;
  said: WaitDecision | undefined;
}

/** Shares of the time that is left at which waiting is weighed. */
const WAITS = [0.05, 0.25, 0.5, 1];

export function openRoom(parts: RoomParts): Room {
  const { clock } = parts;
  const guests = new Map<string, Guest>();
  let turn: Promise<void> = Promise.resolve();
  let alarm: AbortController | undefined;
  let batches = 0;
  const nowSeconds = (): number => Math.floor(clock.now() / 1000);

  /** One look at who is here at a time; whoever comes meanwhile is seen by the next. */
  const consider = (): void => {
    alarm?.abort();
    alarm = undefined;
    turn = turn.then(async () => {
      const present = [...guests.values()];
      if (present.length === 0) return;
      try {
        await decide(present);
      } catch (error) {
        for (const guest of present) if (guests.delete(guest.need.order.id)) guest.fail(error);
      }
    });
  };

  const decide = async (present: readonly Guest[]): Promise<void> => {
    const needs = present.map(({ need }) => need);
    const markets = await parts.read(needs);
    const input = inputOf(needs, markets, nowSeconds());
    const decision = decisionOf(parts, needs, markets, input, nowSeconds());
    if (decision.decision === 'wait') {
      for (const guest of present) {
        if (guest.said === undefined) await parts.waits(guest.need, decision);
        guest.said = decision;
      }
      // Somebody may have come, or gone, while the markets were read: that look is due already.
      ring(decision.waitSeconds);
      return;
    }
    settle(present, markets, input, decision);
  };

  const ring = (seconds: number): void => {
    const own = new AbortController();
    alarm = own;
    clock.sleep(seconds * 1000, own.signal).then(consider, () => undefined);
  };

  const settle = (
    present: readonly Guest[],
    markets: readonly ReadMarket[],
    input: BatchInput,
    decision: WaitDecision,
  ): void => {
    const { markets: all, removed } = clearBatch(input);
    const seated = new Map<string, Seat>();
    for (const cleared of all.filter(({ fills }) => fills.length > 1)) {
      const own = cleared.fills.map(({ order }) => guests.get(order.id)).filter((guest) => guest !== undefined);
      // Whoever has gone since takes the batch with it: those who are left are looked at again.
      if (own.length < cleared.fills.length) continue;
      const read = markets.find(({ market }) => market.id === cleared.marketId)!;
      batches += 1;
      const id = `${nowSeconds()}-${batches}`;
      const batch = Object.freeze({ id, read, cleared, needs: own.map(({ need }) => need) });
      parts.cleared(batch);
      cleared.fills.forEach((fill, i) => {
        const { need, said } = own[i]!;
        const waitedSeconds = nowSeconds() - need.sinceSeconds;
        seated.set(fill.order.id, { kind: 'seat', batch, need, fill, waited: said, waitedSeconds });
      });
    }
    for (const { answer, need } of present) {
      if (!guests.delete(need.order.id)) continue;
      // Of one who is alone the auction has nothing to say.
      const why = present.length === 1 ? undefined : removed.find(({ orderId }) => orderId === need.order.id);
      answer(seated.get(need.order.id) ?? aloneOf(decision, why, nowSeconds() - need.sinceSeconds));
    }
  };

  return Object.freeze({
    here: () => [...guests.values()].map(({ need }) => need),
    join: (need, gone) =>
      new Promise((answer, fail) => {
        const { id } = need.order;
        guests.set(id, { need, answer, fail, said: undefined });
        const leave = (): void => {
          if (!guests.delete(id)) return;
          const sentence = 'It was told to wait no longer.';
          answer({ kind: 'alone', code: 'BATCH_GONE', sentence, details: {} });
          consider();
        };
        if (gone.aborted) leave();
        else gone.addEventListener('abort', leave, { once: true });
        consider();
      }),
  } satisfies Room);
}

function inputOf(needs: readonly Need[], markets: readonly ReadMarket[], nowSeconds: number): BatchInput {
  const byId = new Map(markets.map((read) => [read.market.id, read]));
  const route: RouteRemainder = (id, side, baseAtoms) => quoteAtomsOf(byId.get(id)!.route(side, baseAtoms));
  const outsideCosts = new Map(needs.map((need) => [need.order.id, outsideCost(need, byId)]));
  return {
    markets: markets.map(({ market }) => market),
    orders: needs.map(({ order }) => order),
    nowSeconds,
    alone: 'in-turn',
    outsideCosts,
    route,
  };
}

/** In the market that makes least of its own route. */
function outsideCost(need: Need, byId: ReadonlyMap<string, ReadMarket>): number {
  return Math.min(...need.order.markets.map((id) => ownCostIn(need, byId.get(id)!)));
}

function decisionOf(
  { expected, maxWaitSeconds }: RoomParts,
  needs: readonly Need[],
  markets: readonly ReadMarket[],
  input: BatchInput,
  nowSeconds: number,
): WaitDecision {
  const first = Math.min(...needs.map(({ sinceSeconds }) => sinceSeconds));
  const deadline = Math.min(...needs.map(({ order }) => order.validUntil));
  const mostSeconds = Math.max(0, Math.min(first + maxWaitSeconds, deadline) - nowSeconds);
  const waits = mostSeconds === 0 ? [] : WAITS.map((share) => Math.max(1, Math.floor(share * mostSeconds)));
  const savingNow = savingIn(clearBatch(input));
  const prospects = [...new Set(waits)].map((seconds) => {
    const futures = expected(needs, markets, seconds);
    return prospectOf(input, seconds, futures);
  });
  const waiting = needs.map((need) => need.waiting);
  return waitForCompany({ waiting, savingNow, prospects, mostSeconds });
}

/** One order is no batch. */
function savingIn({ markets }: ReturnType<typeof clearBatch>): number {
  return savingOf(markets.filter(({ fills }) => fills.length > 1).flatMap(({ fills }) => fills));
}

function aloneOf(
  { code, sentence, weighed }: WaitDecision,
  why: { readonly code: string; readonly sentence: string } | undefined,
  waitedSeconds: number,
): Alone {
  const because = why === undefined ? sentence : `${sentence} ${why.code}: ${why.sentence}`;
  return { kind: 'alone', code: `BATCH_${why?.code ?? code}`, sentence: because, details: { waitedSeconds, weighed } };
}
