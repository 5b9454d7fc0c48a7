import { EvenkeelError, type Hex } from '@evenkeel/intents';
import { sameAddress } from '../model/token.js';
import type { Context } from './context.js';
import { type Opening, openTrades, recordClosing } from './opening.js';
import type { SlicesRun } from './run-slices.js';

/**
 * Carries a trade's slices out and writes down that nothing more is to come. A trade that ends by an error is closed as
 * well, unless it can go on: it was in the middle of a programme, the process is told to go, or the error may pass. What
 * is left is then for a resumption.
 */
export async function untilClosed(
  { ports: { clock, journal } }: Context,
  intentId: Hex,
  signal: AbortSignal,
  slices: () => Promise<SlicesRun>,
): Promise<SlicesRun> {
  const close = (sentence: string): Promise<void> => recordClosing(journal, intentId, sentence, clock.now());
  try {
    const run = await slices();
    await close(run.endedBecause ?? 'Every slice is done.');
    return run;
  } catch (error) {
    const mayPass = signal.aborted || (error instanceof EvenkeelError && error.retryable);
    const [open] = await journal.programmes({ intentId, state: 'running' });
    if (open === undefined && !mayPass) await close('It ended by an error, with nothing under way.');
    throw error;
  }
}

/** The portfolio's own trades of which slices may still be to come: one at least was begun. */
export async function ownOpenTrades({
  portfolio,
  ports,
}: Pick<Context, 'portfolio' | 'ports'>): Promise<readonly Opening[]> {
  const { account, journal } = ports;
  const open: Opening[] = [];
  for (const opening of await openTrades(journal)) {
    const intent = (await journal.intent(opening.intentId))?.intent;
    if (intent?.underlying !== portfolio.underlying || !sameAddress(intent.signer, account.owner)) continue;
    open.push(opening);
  }
  return open;
}

/** Gives up the slices to come of every trade that is open. */
export async function closeOpenTrades(context: Context, sentence: string): Promise<void> {
  const { clock, journal } = context.ports;
  for (const { intentId } of await ownOpenTrades(context)) {
    await recordClosing(journal, intentId, sentence, clock.now());
  }
}
