import type { RiskGoals } from '../choose/quadratic-risk.js';
import { type PartsOutcome, tradeInParts } from '../choose/trade-in-parts.js';
import type { Exposure } from '../model/exposure.js';
import { PartStoppedError } from './errors.js';
import type { HedgingResult } from './trade.js';
import type { InstrumentOrder } from './trade-one.js';

/** A hedge that goes from one instrument to another: what is opened for it, and what is closed. */
export interface HedgeMoveOrders {
  readonly open: InstrumentOrder;
  readonly close: InstrumentOrder;
}

export interface HedgeMoved {
  readonly outcome: PartsOutcome;
  /** All that was traded, what was taken back included, in the order in which it was. */
  readonly trades: readonly HedgingResult[];
}

export interface MoveParts {
  readonly trade: (order: InstrumentOrder, signal: AbortSignal) => Promise<HedgingResult>;
  readonly goals: RiskGoals;
  /** Of the whole book, as it is at the time of asking. */
  readonly exposure: () => Promise<Exposure>;
}

/**
 * Opens first: the book is never without the hedge. Where the old one cannot be closed the new one is kept only if the risk is
 * lower with it, and taken back else.
 *
 * @throws what opening throws: nothing was done; PARTS_STUCK where it cannot be taken back
 */
export async function moveHedge(
  { close, open }: HedgeMoveOrders,
  { exposure, goals, trade }: MoveParts,
  signal: AbortSignal,
): Promise<HedgeMoved> {
  const trades: HedgingResult[] = [];
  const carryOut = async (order: InstrumentOrder, until: AbortSignal): Promise<void> => {
    const traded = await trade(order, until);
    trades.push(traded);
    if (!isWhole(traded)) throw new PartStoppedError(order.adapter, order.chainId, traded.report.reason);
  };
  const part = (order: InstrumentOrder) => ({
    name: `${order.units} by ${order.adapter} on ${order.chainId}`,
    make: () => carryOut(order, signal),
    // An abort does not stop it: the book may not stay hedged twice.
    undo: () => carryOut({ ...order, units: negated(order.units) }, new AbortController().signal),
  });
  const outcome = await tradeInParts([part(open), part(close)], { goals, exposure }, signal);
  return Object.freeze({ outcome, trades: Object.freeze(trades) });
}

/** Of an instrument its one programme; of spot all slices that were to come. */
export function isWhole({ instrument, schedule, slices }: HedgingResult): boolean {
  if (instrument !== undefined) return instrument.execution.state === 'completed';
  const done = slices.filter(({ execution }) => execution.state === 'completed');
  return schedule !== undefined && done.length > 0 && done.length >= schedule.slices.length;
}

/** The way back. */
export const negated = (units: string): string => (units.startsWith('-') ? units.slice(1) : `-${units}`);
