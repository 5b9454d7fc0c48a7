import { EvenkeelError } from '@evenkeel/intents';
import type { CurePart } from '../margin/cure-source.js';
import type { MarginReading, MarginVenue } from '../margin/margin-venue.js';
import { Decimal } from '../model/decimal.js';
import type { Context } from '../rebalancer/context.js';
import { runningProgrammes } from '../rebalancer/resume.js';
import type { Survey } from '../rebalancer/survey.js';
import { bringMargin } from './bring-margin.js';
import { MarginPartRefusedError } from './errors.js';
import type { MarginKept } from './margin-keeping.js';
import type { CureWay } from './margin-ways.js';
import type { InstrumentOrder } from './trade-one.js';
import type { HedgingResult } from './trade.js';

export interface CarryOutInput {
  readonly context: Context;
  readonly venue: MarginVenue;
  readonly trade: (order: InstrumentOrder, options: { dryRun: boolean; signal: AbortSignal }) => Promise<HedgingResult>;
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
}

export interface CureAt {
  readonly part: CurePart;
  readonly how: CureWay;
  readonly reading: MarginReading;
  readonly before: Survey;
}

export type PartDone = Pick<MarginKept, 'intentId' | 'reconciliation' | 'trade'> & {
  readonly isDone: boolean;
  readonly why: string;
};

/** A refusal is for the next way; what leaves something under way, or stops everything, is thrown on. */
export async function carryOutPart(input: CarryOutInput, at: CureAt): Promise<PartDone> {
  const { context, signal } = input;
  try {
    return at.how.way === 'reduce' ? await reduce(input, at, at.how.share) : await bring(input, at, at.how);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof EvenkeelError) || error.code.startsWith('JOURNAL_')) throw error;
    if ((await runningProgrammes(context)).length > 0) throw error;
    return { isDone: false, why: error.message };
  }
}

async function bring(
  { context, dryRun, signal, venue }: CarryOutInput,
  { before, part: { amount } }: CureAt,
  { lane, payment, reading }: Exclude<CureWay, { readonly way: 'reduce' }>,
): Promise<PartDone> {
  const paid = { context, before, venue, payment, reading, amount, dryRun, signal };
  const { execution, reconciliation, signed } = await bringMargin(lane === undefined ? paid : { ...paid, lane });
  const end = execution.steps.find(({ state }) => state === 'failed' || state === 'cancelled');
  return {
    isDone: execution.state === 'completed' || execution.state === 'simulated',
    why: end?.sentence ?? `it was ${execution.state}.`,
    intentId: signed.id,
    ...(reconciliation === undefined ? {} : { reconciliation }),
  };
}

async function reduce(
  { context, dryRun, signal, trade, venue: { carries, chainId, name } }: CarryOutInput,
  { part, reading: { position } }: CureAt,
  most: number,
): Promise<PartDone> {
  if (carries === undefined || position === undefined)
    throw new MarginPartRefusedError(name, 'nothing of it is traded');
  const { lotUnits } = context.portfolio.policy;
  const held = new Decimal(position.heldUnits.toFixed(18));
  const inLots = (share: number, rounding: 0 | 1): Decimal =>
    held.abs().times(share).div(lotUnits).integerValue(rounding).times(lotUnits);
  // Whole lots, no less than what is needed; no more than there is, or than can be paid for.
  const size = Decimal.min(
    inLots(part.amount, Decimal.ROUND_UP),
    most < 1 ? inLots(most, Decimal.ROUND_DOWN) : held.abs(),
  );
  if (size.isZero()) throw new MarginPartRefusedError(name, 'not one lot of it can be paid for');
  const units = (held.isNegative() ? size : size.negated()).toFixed();
  const result = await trade({ ...carries, chainId, units }, { dryRun, signal });
  const state = result.instrument?.execution.state;
  return {
    isDone: state === 'completed' || state === 'simulated',
    why: result.report.reason,
    trade: result,
    ...(result.signed === undefined ? {} : { intentId: result.signed.id }),
  };
}
