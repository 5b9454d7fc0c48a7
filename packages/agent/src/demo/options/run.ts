import type { Account, Address, Call } from '@evenkeel/core';
import type { VenueMemory, VenueWatch } from '@evenkeel/core/watch';
import type { Actors, World } from '@evenkeel/devnet';
import type { WorldClock } from './clock.js';
import type { HedgeContext } from './contenders.js';
import type { Ledger, Movements } from './ledger.js';
import type { LoopParts } from './loop.js';
import type { DerivativeChain, Markets } from './markets.js';
import type { BookEvent, HedgeTrade, LookRecord, OpenedRecord } from './records.js';
import { sendCalls } from './send.js';

/** Hears what happens as it happens. */
export interface BookListener {
  opened(option: OpenedRecord): void;
  looked(look: LookRecord): void;
  traded(trade: HedgeTrade): void;
  happened(event: BookEvent): void;
  progress(done: number, of: number): void;
}

/** A run of the book: what is fixed, and what has come together so far. */
export interface Run {
  readonly world: World;
  readonly actors: Actors;
  readonly markets: Markets;
  readonly account: Account;
  readonly clock: WorldClock;
  readonly loop: LoopParts;
  /** Looks once, simulates what it would trade, and sends nothing of it. */
  readonly dryRun: boolean;
  readonly owner: Address;
  readonly ledger: Ledger;
  readonly watches: readonly VenueWatch[];
  /** The contracts that hold what is lent, by chain. */
  readonly lenders: ReadonlyMap<number, readonly Address[]>;
  readonly expirySeconds: number;
  readonly stepSeconds: number;
  readonly listener: BookListener;
  readonly signal: AbortSignal;
  readonly opened: OpenedRecord[];
  readonly trades: HedgeTrade[];
  readonly looks: LookRecord[];
  readonly events: BookEvent[];
  /** By look, of all that was offered: the least for a unit, one way, as a share of its value. */
  readonly leastShares: number[];
  /** Numeraire. */
  readonly gas: { hedge: number; book: number };
  seen: VenueMemory;
}

/** Sends calls of the owner on one chain and books what they did; gas goes to one of the two accounts. */
export async function send(
  run: Run,
  { chain, tokens }: DerivativeChain,
  calls: readonly Call[],
  targets: readonly Address[],
  about: { readonly spot: number; readonly gasOf: keyof Run['gas'] },
): Promise<Movements> {
  const request = { chain, account: run.account, calls, targets, tokens: Object.values(tokens) };
  const movements = run.ledger.book(chain.id, await sendCalls(request, run.signal));
  run.gas[about.gasOf] += Number(movements.gasWei) * 1e-18 * about.spot;
  return movements;
}

export function tell({ events, listener }: Run, event: BookEvent): void {
  events.push(event);
  listener.happened(event);
}

/** The time of the chains is the time of everything that follows. */
export async function contextOf(run: Run, spot: number): Promise<HedgeContext> {
  const { clock, expirySeconds, markets, owner, signal, world } = run;
  const fees = await Promise.all(
    markets.chains.map(async ({ chain }) => [chain.id, (await chain.fees(signal)).baseFeeWei] as const),
  );
  const nowSeconds = await world.clockSeconds();
  clock.set(nowSeconds);
  return { markets, owner, spot, nowSeconds, expirySeconds, gasPriceWei: Object.fromEntries(fees) };
}
