import { setMaxListeners } from 'node:events';
import type { Journal } from '@evenkeel/core';
import type { World } from '@evenkeel/devnet';
import { seededRandom } from '../assemble/ambient.js';
import { accountFor } from '../demo/options/account-for.js';
import { worldClock } from '../demo/options/clock.js';
import { bookDocument } from '../demo/options/document.js';
import { marketsOf } from '../demo/options/markets.js';
import type { PricePath } from '../demo/options/price-path.js';
import { runBook } from '../demo/options/run-book.js';
import type { BookListener } from '../demo/options/run.js';
import { eventText, lookText, openedText, reportText, tradeText } from '../demo/options/text.js';
import { heading } from '../render/format.js';
import type { Screen } from '../render/show.js';

/** Events of hedges that did not come to their end. */
const UNFINISHED: ReadonlySet<string> = new Set(['HEDGE_FAILED']);

export interface DemoOptionsRequest {
  readonly json: boolean;
  readonly seed: number;
  readonly path?: PricePath;
  /** Between two looks at the book. */
  readonly stepSeconds: number;
  /** Looks once and simulates what it would trade. */
  readonly dryRun: boolean;
  /** Where the loop writes down what it does. */
  readonly journal: Journal;
  readonly startedAtMs: number;
}

/**
 * A book of real options on several chains, hedged until it expires with whatever is cheapest to hold, by the loop that every
 * portfolio has.
 *
 * @returns the exit code: 0 when the books are exact and every hedge came to its end, else 1
 */
export async function demoOptions(
  world: World,
  { dryRun, journal, json, path, seed, startedAtMs, stepSeconds }: DemoOptionsRequest,
  out: Screen,
  signal: AbortSignal,
): Promise<number> {
  // Everything that is read in a look listens to the one signal.
  setMaxListeners(0, signal);
  const actors = await world.startActors({ only: [] });
  out.print(heading(1, 'Options on Lyra, margin for perpetuals'));
  out.slow('Opening options and margins …');
  let looks = 0;
  const listener = {
    opened: (option) => out.print(openedText(option)),
    looked: (look) => {
      if (looks++ === 0) out.print(heading(2, dryRun ? 'One look, nothing is sent' : 'Until expiry'));
      out.print(lookText(look));
    },
    traded: (trade) => out.print(tradeText(trade, dryRun)),
    happened: (event) => out.print(eventText(event)),
    progress: (done, of) => out.slow(`The market moves: ${done} of ${of} …`),
  } satisfies BookListener;
  const clock = worldClock(await world.clockSeconds());
  const loop = { journal, random: seededRandom(seed) };
  const options = { seed, stepSeconds, dryRun, clock, loop, listener, ...(path === undefined ? {} : { path }) };
  const run = await runBook(world, actors, marketsOf(world, clock), options, signal);
  const account = accountFor(run);
  out.print(reportText(run, account));
  if (json) {
    process.stdout.write(`${JSON.stringify(bookDocument(run, account, Date.now() - startedAtMs), null, 2)}\n`);
  }
  return run.books.exact && !run.events.some(({ code }) => UNFINISHED.has(code)) ? 0 : 1;
}
