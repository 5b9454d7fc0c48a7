import { eoaAccount } from '@evenkeel/accounts';
import { simulatePath } from '@evenkeel/core/backtest';
import { reconcile } from '@evenkeel/core/report';
import type { Actors, World } from '@evenkeel/devnet';
import { Wallet } from 'ethers';
import { answerVenues, watchesOf } from './answer-venues.js';
import { closeHedges, settleOptions } from './end-book.js';
import type { WorldClock } from './clock.js';
import { createLedger } from './ledger.js';
import type { LoopParts } from './loop.js';
import type { Markets } from './markets.js';
import { type PricePath, priceAt } from './price-path.js';
import { depositMargins, fundOwner, openOptions } from './open-book.js';
import type { BookRun } from './records.js';
import type { BookListener, Run } from './run.js';
import { ANNUAL_VOLATILITY } from './terms.js';
import { lookAndHedge } from './trade-hedge.js';
import { lendersOf, walletsOf } from './wallets.js';

const SPOT = 3_000;

export interface BookOptions {
  /** Draws the market's path, unless there is one. */
  readonly seed: number;
  /** The way of the price, from somebody. */
  readonly path?: PricePath;
  /** Between two looks at the book. */
  readonly stepSeconds: number;
  /** Ends after the first look, of which nothing is sent. */
  readonly dryRun: boolean;
  readonly clock: WorldClock;
  readonly loop: LoopParts;
  readonly listener: BookListener;
}

/** Before expiry nobody looks any more: what would be decided then would be done when all is over. */
const LAST_LOOK_SECONDS = 3_600;

/**
 * Writes and buys real options, then takes the market along a path until they expire, and at each look hedges by the policy
 * with whatever is cheapest to hold; settles, closes all hedges and takes all margin back.
 */
export async function runBook(
  world: World,
  actors: Actors,
  markets: Markets,
  options: BookOptions,
  signal: AbortSignal,
): Promise<BookRun> {
  const { listener, seed, stepSeconds } = options;
  await fundOwner(world, markets);
  const startSeconds = await world.clockSeconds();
  const run = await newRun(world, actors, markets, options, signal);
  const opening = await walletsOf(markets, run.owner, signal);
  await depositMargins(run, SPOT);
  await openOptions(run, SPOT, startSeconds + 3_600);
  const steps = Math.floor((run.expirySeconds - LAST_LOOK_SECONDS - startSeconds) / stepSeconds);
  const spotAt = options.path === undefined ? simulated(seed, steps, stepSeconds) : along(options.path, stepSeconds);
  for (let step = 0; step <= (run.dryRun ? 0 : steps); step += 1) {
    if (step > 0) await actors.moveTo({ seconds: startSeconds + step * stepSeconds, price: spotAt(step) });
    await answerVenues(run, spotAt(step));
    await lookAndHedge(run, spotAt(step));
    listener.progress(step + 1, steps + 2);
  }
  const last = run.dryRun ? SPOT : spotAt(steps + 1);
  if (!run.dryRun) {
    await actors.moveTo({ seconds: run.expirySeconds + 1, price: last });
    await answerVenues(run, last);
    await settleOptions(run, last);
    await closeHedges(run, last);
    listener.progress(steps + 2, steps + 2);
  }
  const closing = await walletsOf(markets, run.owner, signal);
  return {
    dryRun: run.dryRun,
    opened: run.opened,
    looks: run.looks,
    trades: run.trades,
    events: run.events,
    gas: run.gas,
    leastShares: run.leastShares,
    endSeconds: run.expirySeconds,
    spot: { opening: SPOT, closing: last },
    books: reconcile({ opening, flows: run.ledger.flows(), closing }),
    wallets: { opening, closing },
  };
}

/** By step, from the price at which the world opens. */
type Spots = (step: number) => number;

function simulated(seed: number, steps: number, stepSeconds: number): Spots {
  const { prices } = simulatePath({
    model: { kind: 'gbm', annualDrift: 0, annualVolatility: ANNUAL_VOLATILITY },
    spot: SPOT,
    startSeconds: 0,
    stepSeconds,
    steps: steps + 1,
    seed,
    index: 0,
  });
  return (step) => Number(prices[step]!.toFixed(2));
}

function along(path: PricePath, stepSeconds: number): Spots {
  return (step) => (step === 0 ? SPOT : (priceAt(path, step * stepSeconds) ?? SPOT));
}

async function newRun(
  world: World,
  actors: Actors,
  markets: Markets,
  { clock, dryRun, listener, loop, stepSeconds }: BookOptions,
  signal: AbortSignal,
): Promise<Run> {
  const owner = world.accounts.owner.address;
  const listed = await markets.adapters.lyra.list(signal);
  return {
    world,
    actors,
    markets,
    account: eoaAccount(new Wallet(world.accounts.owner.privateKey)),
    clock,
    loop,
    dryRun,
    owner,
    ledger: createLedger(
      owner,
      markets.chains.flatMap((each) => Object.values(each.tokens)),
    ),
    watches: watchesOf(markets),
    lenders: await lendersOf(markets),
    expirySeconds: Math.min(...listed.map(({ expirySeconds }) => expirySeconds ?? Infinity)),
    stepSeconds,
    listener,
    signal,
    opened: [],
    trades: [],
    looks: [],
    events: [],
    leastShares: [],
    gas: { hedge: 0, book: 0 },
    seen: new Map(),
  };
}
