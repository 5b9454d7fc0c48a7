import type { World } from '@evenkeel/devnet';
import { setMaxListeners } from 'node:events';
import { accountFor } from '../demo/options/account-for.js';
import { bookDocument } from '../demo/options/document.js';
import { marketsOf } from '../demo/options/markets.js';
import { runBook } from '../demo/options/run-book.js';
import type { BookListener } from '../demo/options/run.js';
import { eventText, lookText, openedText, reportText, tradeText } from '../demo/options/text.js';
import { heading } from '../render/format.js';
import type { Screen } from '../render/show.js';

export interface DemoOptionsRequest {
  readonly json: boolean;
  readonly seed: number;
  /** Between two looks at the book. */
  readonly stepSeconds: number;
  readonly startedAtMs: number;
}

/**
 * A book of real options on several chains, hedged until it expires with whatever is cheapest to hold.
 *
 * @returns the exit code: 0 when the books are exact, else 1
 */
export async function demoOptions(
  world: World,
  { json, seed, startedAtMs, stepSeconds }: DemoOptionsRequest,
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
      if (looks++ === 0) out.print(heading(2, 'Until expiry'));
      out.print(lookText(look));
    },
    traded: (trade) => out.print(tradeText(trade)),
    happened: (event) => out.print(eventText(event)),
    progress: (done, of) => out.slow(`The market moves: ${done} of ${of} …`),
  } satisfies BookListener;
  const run = await runBook(world, actors, marketsOf(world), { seed, stepSeconds, listener }, signal);
  const account = accountFor(run);
  out.print(reportText(run, account));
  if (json) {
    process.stdout.write(`${JSON.stringify(bookDocument(run, account, Date.now() - startedAtMs), null, 2)}\n`);
  }
  return run.books.exact ? 0 : 1;
}
