import { EvenkeelError } from '@evenkeel/intents';
import { codeOf } from '../execution/context.js';
import {
  createRebalancer,
  type RebalanceOptions,
  type Rebalancer,
  type Rebalancing,
  type Resumption,
} from '../rebalancer.js';
import { ownOpenTrades } from '../rebalancer/close-trade.js';
import type { Portfolio, RebalancerPorts } from '../rebalancer/portfolio.js';
import { runningProgrammes } from '../rebalancer/resume.js';
import type { IntentTurn, IntentTurns, TurnRequest } from './intent-workflow.js';
import type { OrderedLimits } from './orders.js';

/** A portfolio and what it is traded with. */
export interface OpenBook {
  readonly portfolio: Portfolio;
  /** Where several processes share accounts, a journal that was claimed for this turn. */
  readonly ports: RebalancerPorts;
  /** Shown every rebalancer before it does anything, for its events. */
  readonly watch?: (rebalancer: Rebalancer) => void;
  /** As the rebalancer's own option: asked before anything is signed. */
  readonly permit?: NonNullable<RebalanceOptions['permit']>;
  /** Told what a turn has come to, also one that was interrupted. */
  readonly over?: (turn: TurnOver) => void | Promise<void>;
}

/** What one process knows of a turn that is over. */
export interface TurnOver {
  /** Of a trade that was decided and brought to its end in this one turn. */
  readonly result: Rebalancing | undefined;
  /** Of what earlier turns had left, with reports of the whole. */
  readonly left: readonly Resumption[];
}

/** Aborts what waits for its slice: the engine waits in its place. */
class SliceAheadError extends EvenkeelError {
  constructor(untilSeconds: number) {
    super('SLICE_AHEAD', `The next slice is due at ${untilSeconds}.`, { retryable: true });
  }
}

/**
 * Turns by the rebalancer: what an earlier turn has left is resumed by its journal, up to the slice that has to be waited
 * for, where the trade is parked as it is by a process that stops. The first turn decides where nothing was left.
 *
 * @param open asked at every turn, so that whoever takes over finds what is there then
 */
export function rebalancerTurns(open: (portfolio: string) => OpenBook | Promise<OpenBook>): IntentTurns {
  const inTurn = async (
    { limits, portfolio: name }: TurnRequest,
    signal: AbortSignal,
    work: (
      book: OpenBook & { readonly rebalancer: Rebalancer },
      untilWait: AbortSignal,
      end: TurnEnd,
    ) => Promise<IntentTurn>,
  ): Promise<IntentTurn> => {
    const book = await open(name);
    const end: TurnEnd = { result: undefined, left: [] };
    try {
      const rebalancer = createRebalancer(withLimits(book.portfolio, limits), book.ports);
      book.watch?.(rebalancer);
      const opened = { ...book, rebalancer };
      return await turn(opened, signal, (untilWait) => work(opened, untilWait, end));
    } finally {
      await book.over?.(end);
    }
  };
  return Object.freeze({
    next: (request, signal) =>
      inTurn(request, signal, async ({ permit, rebalancer }, untilWait, end) => {
        const { deltaChangeUnits, mayBegin } = request;
        end.left = await rebalancer.resume(untilWait);
        if (end.left.length > 0 || !mayBegin) return endedBy(end.left);
        end.result = await rebalancer.rebalance({
          ...(deltaChangeUnits === undefined ? {} : { deltaChangeUnits }),
          ...(permit === undefined ? {} : { permit }),
          signal: untilWait,
        });
        const { outcome, reason: sentence } = end.result.report;
        return { state: 'ended', outcome, sentence };
      }),
    cancel: (request, signal) =>
      inTurn(request, signal, async ({ rebalancer }, untilWait, end) => {
        await rebalancer.cancel();
        end.left = await rebalancer.resume(untilWait);
        const sentence = 'It was cancelled; what was under way is at its end.';
        return { state: 'ended', outcome: 'cancelled', sentence };
      }),
  } satisfies IntentTurns);
}

/** What a turn has come to, as it goes on. */
type TurnEnd = { -readonly [Key in keyof TurnOver]: TurnOver[Key] };

/** Runs until it is done, or would have to wait for a slice. */
async function turn(
  { portfolio, ports, rebalancer }: OpenBook & { readonly rebalancer: Rebalancer },
  signal: AbortSignal,
  work: (untilWait: AbortSignal) => Promise<IntentTurn>,
): Promise<IntentTurn> {
  const park = new AbortController();
  let dueSeconds: number | undefined;
  rebalancer.on('waiting', ({ untilSeconds }) => {
    dueSeconds = untilSeconds;
    park.abort(new SliceAheadError(untilSeconds));
  });
  try {
    return await work(AbortSignal.any([signal, park.signal]));
  } catch (error) {
    signal.throwIfAborted();
    if (dueSeconds !== undefined) return { state: 'waiting', untilSeconds: dueSeconds };
    // A journal that fails, or that another process has claimed, says nothing about the trade.
    if (error instanceof EvenkeelError && error.code.startsWith('JOURNAL_')) throw error;
    const isUnderWay = await hasUnfinished({ portfolio, ports });
    if (isUnderWay || (error instanceof EvenkeelError && error.retryable)) {
      return { state: 'blocked', code: codeOf(error), sentence: sentenceOf(error) };
    }
    if (!(error instanceof EvenkeelError)) throw error;
    return { state: 'ended', outcome: 'failed', sentence: `${error.code}: ${error.message}` };
  }
}

function endedBy(left: readonly Resumption[]): IntentTurn {
  const report = left.at(-1)?.report;
  if (report !== undefined && report !== null) {
    return { state: 'ended', outcome: report.outcome, sentence: report.reason };
  }
  return { state: 'ended', outcome: 'done', sentence: 'Nothing of it was left to be done.' };
}

async function hasUnfinished(book: Pick<OpenBook, 'portfolio' | 'ports'>): Promise<boolean> {
  return (await runningProgrammes(book)).length > 0 || (await ownOpenTrades(book)).length > 0;
}

function sentenceOf(error: unknown): string {
  return error instanceof EvenkeelError ? error.message : 'It failed by an error that nobody has foreseen.';
}

function withLimits(portfolio: Portfolio, ordered: OrderedLimits): Portfolio {
  const { maxFeePerGasWei, ...limits } = ordered;
  const fees = Object.entries(maxFeePerGasWei ?? {}).map(([chainId, wei]) => [Number(chainId), BigInt(wei)] as const);
  return {
    ...portfolio,
    limits: { ...portfolio.limits, ...limits },
    execution: {
      ...portfolio.execution,
      ...(fees.length === 0
        ? {}
        : { maxFeePerGasWei: { ...portfolio.execution?.maxFeePerGasWei, ...Object.fromEntries(fees) } }),
    },
  };
}
