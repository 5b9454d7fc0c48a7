import type { Hex } from '@evenkeel/intents';
import { type ExecutionResult, resumeProgramme } from '../execution/execute-programme.js';
import { followTransfers } from '../execution/follow-transfers.js';
import { recoverReservations } from '../execution/recover-reservations.js';
import { sameAddress } from '../model/token.js';
import type { ProgrammeRecord } from '../ports/journal.js';
import type { ExecutionReport } from '../report/execution-report.js';
import { ownOpenTrades, untilClosed } from './close-trade.js';
import { type Context, executionParts, nowSeconds } from './context.js';
import { type Opening, openingOf } from './opening.js';
import { isOwnSlice, runSlices, type SlicesRun } from './run-slices.js';
import { reportTrade } from './trade-report.js';

/** A programme that was left behind, and how it has ended now. */
export interface Resumption extends ExecutionResult {
  /**
   * Of the whole intent, from what the journal holds of it: as if one process had carried it. Null when the journal holds
   * no opening.
   */
  readonly report: ExecutionReport | null;
}

/** The portfolio's own programmes that have not come to their end; those around an order are its giver's to resume. */
export async function runningProgrammes(
  context: Pick<Context, 'portfolio' | 'ports'>,
): Promise<readonly ProgrammeRecord[]> {
  const { journal } = context.ports;
  const running = (await journal.programmes({ state: 'running' })).filter(isOwnSlice);
  const own = await Promise.all(running.map(({ programme }) => isOwn(context, programme.intentId)));
  return running.filter((_, i) => own[i]);
}

async function isOwn({ portfolio, ports }: Pick<Context, 'portfolio' | 'ports'>, intentId: Hex): Promise<boolean> {
  const signed = await ports.journal.intent(intentId);
  // An intent that is not there is for the resumption to complain about, not to be passed over here.
  if (signed === undefined) return true;
  return signed.intent.underlying === portfolio.underlying && sameAddress(signed.intent.signer, ports.account.owner);
}

/** One look at the transfers that were let go of; how many are still open. */
export function trackLate(context: Context, signal: AbortSignal): Promise<number> {
  return followTransfers(executionParts(context, false, signal), ({ key }) => isOwn(context, key.intentId));
}

/**
 * Brings every programme that a crash has left behind to its end, frees the nonces that nobody will come back for, and
 * carries out the slices that were still to come, as far as the net delta needs them now. Orders given to networks come to
 * their end in between: what they leave is part of what the net delta needs.
 */
export async function resumeAll(
  context: Context,
  signal: AbortSignal,
  cancelled: AbortSignal,
): Promise<readonly Resumption[]> {
  const parts = executionParts(context, false, signal);
  const ended: ExecutionResult[] = [];
  for (const { programme } of await runningProgrammes(context)) {
    ended.push(await resumeProgramme({ ...parts, intentId: programme.intentId, slice: programme.slice }));
  }
  const { networks } = context.ports;
  if (networks !== undefined) {
    const open = new Set((await ownOpenTrades(context)).map(({ intentId }) => intentId));
    ended.push(...(await networks.resume(context.portfolio, parts, (id) => cancelled.aborted || !open.has(id))));
  }
  await recoverReservations(parts);
  const endings = new Map<Hex, string | undefined>();
  for (const opening of await ownOpenTrades(context)) {
    const { endedBecause, results } = await finishTrade(context, opening, signal, cancelled);
    ended.push(...results.filter(({ replanned }) => replanned !== true).map(({ execution }) => execution));
    endings.set(opening.intentId, endedBecause);
  }
  const reports = new Map<Hex, ExecutionReport | null>();
  for (const { intentId } of ended) {
    if (reports.has(intentId)) continue;
    reports.set(intentId, await reportOf(context, intentId, ended, endings.get(intentId), signal));
  }
  return Object.freeze(ended.map((each) => Object.freeze({ ...each, report: reports.get(each.intentId) ?? null })));
}

/** The slices of a trade that an earlier process has not begun; none when one of those before has failed. */
async function finishTrade(
  context: Context,
  { intentId, plan }: Opening,
  signal: AbortSignal,
  cancelled: AbortSignal,
): Promise<SlicesRun> {
  const { journal } = context.ports;
  const signed = await journal.intent(intentId);
  const programmes = (await journal.programmes({ intentId })).filter(isOwnSlice);
  return untilClosed(context, intentId, signal, async () => {
    const broken = programmes.find(({ state }) => state !== 'completed');
    if (signed === undefined || broken !== undefined) {
      return { results: [], endedBecause: broken && `Slice ${broken.programme.slice} was ${broken.state}.` };
    }
    if (nowSeconds(context.ports) >= signed.intent.deadline) {
      return { results: [], endedBecause: 'The intent has expired.' };
    }
    return runSlices(context, { plan, signed, before: undefined, dryRun: false, signal, cancelled });
  });
}

async function reportOf(
  context: Context,
  intentId: Hex,
  ended: readonly ExecutionResult[],
  endedBecause: string | undefined,
  signal: AbortSignal,
): Promise<ExecutionReport | null> {
  const opening = await openingOf(context.ports.journal, intentId);
  if (opening === undefined) return null;
  const states = ended.filter((each) => each.intentId === intentId).map(({ state }) => state);
  return (await reportTrade(context, opening, { states, endedBecause }, signal)).report;
}
