import { EvenkeelError, type Hex } from '@evenkeel/intents';
import type { Call } from '../model/call.js';
import type { Address } from '../model/token.js';
import type { Reconciliation } from '../report/reconcile.js';
import type { Context } from '../rebalancer/context.js';
import { runningProgrammes } from '../rebalancer/resume.js';
import type { Survey } from '../rebalancer/survey.js';
import { carryOut, stepsOf } from './chore.js';
import type { Executor } from './executor.js';

/** A venue on which positions come to an end, and somebody has to turn them into money. */
export interface Settlement extends Executor {
  readonly chainId: number;
  /** What ends all that is over, in order; none where nothing is. */
  readonly due: (owner: Address, signal: AbortSignal) => Promise<readonly Call[]>;
}

/** What was settled, or why it could not be. */
export interface Settled {
  readonly venue: string;
  readonly chainId: number;
  readonly outcome: 'settled' | 'failed' | 'simulated';
  /** Stable: `VENUE_SETTLED`, `SETTLEMENT_FAILED`. */
  readonly code: string;
  readonly sentence: string;
  readonly intentId?: Hex;
  readonly reconciliation?: Reconciliation;
}

export interface SettleOptions {
  /** Goes the same way, simulates, and sends nothing. */
  readonly dryRun?: boolean;
  readonly signal?: AbortSignal;
  /** Asked before anything is signed; what it throws stops it. */
  readonly permit?: (venue: string) => void | Promise<void>;
}

/**
 * Ends what is over, venue by venue, each by an intent and a programme of its own. One that fails keeps no other from it.
 *
 * @returns what was due
 * @throws PROGRAMME_OPEN, what `permit` throws, and what leaves a programme under way
 */
export async function settleAll(
  context: Context,
  settlements: readonly Settlement[],
  look: (signal: AbortSignal) => Promise<Survey>,
  { dryRun = false, permit, signal = new AbortController().signal }: SettleOptions,
): Promise<readonly Settled[]> {
  const all: Settled[] = [];
  for (const settlement of settlements) {
    const calls = await settlement.due(context.portfolio.owner, signal);
    if (calls.length === 0) continue;
    await permit?.(settlement.id);
    const settled = await settleOne(context, settlement, calls, { look, dryRun, signal });
    const { chainId, code, intentId, sentence, venue } = settled;
    await context.ports.journal.appendDecision({
      atMs: context.ports.clock.now(),
      ...(intentId === undefined ? {} : { intentId }),
      code,
      sentence,
      simulated: dryRun,
      details: { venue, chainId },
    });
    all.push(settled);
  }
  return Object.freeze(all);
}

async function settleOne(
  context: Context,
  settlement: Settlement,
  calls: readonly Call[],
  at: {
    readonly look: (signal: AbortSignal) => Promise<Survey>;
    readonly dryRun: boolean;
    readonly signal: AbortSignal;
  },
): Promise<Settled> {
  const { dryRun, look, signal } = at;
  const { chainId, id, name } = settlement;
  const base = { venue: id, chainId };
  const what = calls.map(({ description }) => description).join(', ');
  try {
    const { execution, reconciliation, signed } = await carryOut(
      context,
      await look(signal),
      {
        executor: settlement,
        chainIds: [chainId],
        spends: [],
        steps: stepsOf(context.ports.account, {
          ...{ name: 'settle', role: 'swap', after: [], adapter: id, calls, spends: [], nativeFeeWei: 0n },
        }),
        others: [],
        othersAfter: () => Promise.resolve([]),
      },
      { dryRun, signal },
    );
    const books = reconciliation === undefined ? {} : { reconciliation };
    const done = { ...base, intentId: signed.id, ...books };
    if (execution.state === 'completed' || execution.state === 'simulated') {
      const sentence = `What was over at ${name} is settled: ${what}.`;
      return Object.freeze({ ...done, outcome: dryRun ? 'simulated' : 'settled', code: 'VENUE_SETTLED', sentence });
    }
    const end = execution.steps.find(({ state }) => state === 'failed' || state === 'cancelled');
    const sentence = `What is over at ${name} could not be settled: ${end?.sentence ?? execution.state}`;
    return Object.freeze({ ...done, outcome: 'failed', code: 'SETTLEMENT_FAILED', sentence });
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof EvenkeelError) || error.code.startsWith('JOURNAL_')) throw error;
    if ((await runningProgrammes(context)).length > 0) throw error;
    const sentence = `What is over at ${name} could not be settled: ${error.message}`;
    return Object.freeze({ ...base, outcome: 'failed', code: 'SETTLEMENT_FAILED', sentence });
  }
}
