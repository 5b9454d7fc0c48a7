import type { Clock } from '../ports/ambient.js';
import type { Bid, SolverAdapter, SolverRequest } from '../ports/solver.js';
import { checkPatience, failure, lateness, type RoundPatience, untilDeadline } from '../solicit/deadline.js';
import { SolicitAbortedError } from '../solicit/errors.js';
import { plainCopy } from '../solicit/plain-copy.js';
import { shapeProblem } from '../solicit/shapes.js';
import { BidShape } from './bid-shape.js';
import { type BidObjection, type BidRefusalCode, checkBid } from './check-bid.js';

export interface SolicitBidsContext extends RoundPatience {
  readonly solvers: readonly SolverAdapter[];
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** One that was left out, and why. */
export interface BidRefusal {
  readonly adapter: string;
  readonly code: BidRefusalCode;
  readonly sentence: string;
}

/** All bids that were accepted, by adapter, and all that were not. Deep copies, frozen. */
export interface Bids {
  readonly bids: readonly Bid[];
  readonly refusals: readonly BidRefusal[];
}

/**
 * Asks all networks at once for the same slice. Returns as soon as all have answered, at the latest at the deadline (plus
 * the grace in which stragglers stop): one that hangs, throws, answers nonsense, or bids with somebody else's intent, in
 * other tokens, for more than it may draw or less than was asked for, harms nobody else and is kept with its reason.
 *
 * @throws InvalidInputError for a deadline that is not positive; SolicitAbortedError when `signal` aborts.
 * @example
 * ```ts
 * const { bids, refusals } = await solicitBids(request, { solvers: [cow, uniswapx], clock, signal, deadlineMs: 2_000, graceMs: 50 })
 * const result = award(own, bids, basis)
 * ```
 */
export async function solicitBids(request: SolverRequest, context: SolicitBidsContext): Promise<Bids> {
  const { clock, deadlineMs, graceMs, signal, solvers } = context;
  checkPatience(context);
  if (signal.aborted) throw new SolicitAbortedError(signal.reason);
  const stop = new AbortController();
  const open = new Set(solvers);
  const bids: Bid[] = [];
  const refusals: BidRefusal[] = [];
  let closed = false;
  const refuse = ({ id }: SolverAdapter, { code, sentence }: BidObjection): void => {
    refusals.push(Object.freeze({ adapter: id, code, sentence }));
  };
  const runs = solvers.map(async (solver) => {
    try {
      const answer = await solver.bid(request, stop.signal);
      if (closed || answer === undefined) return;
      const judged = judge(answer, request, solver, clock.now() / 1000);
      if ('bid' in judged) bids.push(judged.bid);
      else refuse(solver, judged);
    } catch (error) {
      if (!closed && !stop.signal.aborted) refuse(solver, failure(error));
    } finally {
      open.delete(solver);
    }
  });
  const all = Promise.all(runs);
  await untilDeadline(all, clock, deadlineMs, signal, stop);
  const late = [...open];
  if (late.length > 0) {
    stop.abort(new DOMException(`No answer within ${deadlineMs} ms.`, 'TimeoutError'));
    await untilDeadline(all, clock, graceMs, signal, stop);
  }
  closed = true;
  for (const solver of late) refuse(solver, lateness(open.has(solver), deadlineMs));
  return withoutDuplicates(bids, refusals);
}

function judge(
  answer: unknown,
  request: SolverRequest,
  solver: SolverAdapter,
  nowSeconds: number,
): { readonly bid: Bid } | BidObjection {
  let copy: unknown;
  try {
    copy = plainCopy(answer);
  } catch (error) {
    return {
      code: 'INVALID_SHAPE',
      sentence: `It is not plain data: ${error instanceof Error ? error.message : 'it threw'}.`,
    };
  }
  const problem = shapeProblem(BidShape, copy);
  if (problem !== undefined) return { code: 'INVALID_SHAPE', sentence: problem };
  const bid = copy as Bid;
  return checkBid(bid, request, solver, nowSeconds) ?? { bid };
}

/** In the order of adapters and ids, whoever answered first; the second of one id is out. */
function withoutDuplicates(bids: readonly Bid[], refusals: readonly BidRefusal[]): Bids {
  const key = (bid: Bid): string => `${bid.adapter} ${bid.id}`;
  const sorted = [...bids].sort((a, b) => (key(a) < key(b) ? -1 : 1));
  const twice = sorted.filter((bid, index) => index > 0 && key(sorted[index - 1]!) === key(bid));
  const again = twice.map(({ adapter, id }) => {
    const sentence = `It offered ${id} twice.`;
    return Object.freeze({ adapter, code: 'DUPLICATE' as const, sentence });
  });
  return Object.freeze({
    bids: Object.freeze(sorted.filter((bid) => !twice.includes(bid))),
    refusals: Object.freeze([...refusals, ...again].sort((a, b) => (a.adapter < b.adapter ? -1 : 1))),
  });
}
