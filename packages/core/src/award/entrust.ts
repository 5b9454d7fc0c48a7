import { EvenkeelError } from '@evenkeel/intents';
import type { Call } from '../model/call.js';
import type { Hex } from '../model/token.js';
import type { TypedData } from '../ports/account.js';
import type { Clock } from '../ports/ambient.js';
import type { Bid, DeathProof, Fills, SolverAdapter, SolverOrder, SolverStatus } from '../ports/solver.js';
import { SolverInconsistentError } from './errors.js';

/** What an order needs of its owner and of the world until it has ended. */
export interface EntrustContext {
  readonly solver: SolverAdapter;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Signs as the intent's signer. */
  readonly sign: (data: TypedData, signal: AbortSignal) => Promise<Hex>;
  /** Sends calls of the owner, guarded and journaled like all others; ends when they are mined. */
  readonly send: (calls: readonly Call[], signal: AbortSignal) => Promise<void>;
  /** Writes the order down. Called before anybody else hears of it; with it, {@link followToEnd} goes on after a restart. */
  readonly remember: (order: SolverOrder) => Promise<void>;
  /** Between two looks. */
  readonly pollMs: number;
  /** Unix seconds after which it is cancelled; the order's own end at the latest. */
  readonly patientUntil: number;
  /** Whether other live orders need the allowances of this one: then they are left as they are. Default: no. */
  readonly sharesAllowances?: boolean;
  readonly onStatus?: (status: SolverStatus) => void;
}

/**
 * How it ended. `filled` leaves nothing to do. Anything else comes with the proof that the order can never draw again, and
 * so with what may go elsewhere; there is no end without one of the two.
 */
export type EntrustedEnd =
  | { readonly state: 'filled'; readonly order: SolverOrder; readonly fills: Fills }
  | { readonly state: 'dead'; readonly order: SolverOrder; readonly proof: DeathProof };

/**
 * Gives a bid that was awarded to its network, and follows it to its end. The order is written down before it leaves. A
 * submission that fails leaves open whether the network has it, so that it counts as given from the signature on.
 *
 * @throws what `sign`, `send` and `remember` throw before the order has left; SolverInconsistentError for a network whose
 * words about it contradict one another.
 * @example
 * ```ts
 * const end = await entrust(result.bid, { solver: cow, clock, signal, sign, send, remember, pollMs: 5_000, patientUntil })
 * if (end.state === 'dead') await routeOurselves(requestForRest(request, end.proof))
 * ```
 */
export async function entrust(bid: Bid, context: EntrustContext): Promise<EntrustedEnd> {
  const { remember, send, sign, signal, solver } = context;
  if (bid.approvals.length > 0) await send(bid.approvals, signal);
  const signature = await sign(bid.typedData, signal);
  const order = solver.orderOf(bid, signature);
  assertSameOrder(bid, order);
  await remember(order);
  if (order.calls.length > 0) await tolerate(send(order.calls, signal));
  await tolerate(solver.submit(order, signature, signal));
  return followToEnd(order, context);
}

/**
 * Follows an order that a network may have to its end: waits while it may be filled, cancels it when patience is over,
 * and then waits for the proof that it is dead.
 *
 * @throws the signal's reason; what is no EvenkeelError, and an EvenkeelError that does not pass by itself
 */
export async function followToEnd(order: SolverOrder, context: EntrustContext): Promise<EntrustedEnd> {
  const { clock, onStatus, patientUntil, pollMs, signal, solver } = context;
  let cancelled = false;
  let before: SolverStatus | undefined;
  for (;;) {
    signal.throwIfAborted();
    const status = await whenReadable(() => solver.track(order, signal));
    if (status !== undefined && JSON.stringify(status, plainBigint) !== JSON.stringify(before, plainBigint)) {
      onStatus?.(status);
      before = status;
    }
    if (status?.state === 'filled') {
      assertWithin(order, status);
      return Object.freeze({ state: 'filled', order, fills: status });
    }
    const over = status?.state === 'dead' || status?.state === 'refund-pending';
    if (!over && !cancelled && clock.now() / 1000 >= patientUntil) cancelled = await cancel(order, context);
    if (over || cancelled) {
      const proof = await whenReadable(() => solver.proveDead(order, signal));
      if (proof !== undefined) return await conclude(order, proof, context);
      if (status?.state === 'refund-pending') await release(order, status, context);
    }
    await clock.sleep(pollMs, signal);
  }
}

/** Whether its owner's calls have gone through; without any, time alone ends it, which needs no second try. */
async function cancel(order: SolverOrder, { send, sign, signal, solver }: EntrustContext): Promise<boolean> {
  const cancellation = await whenReadable(() => solver.cancel(order, signal));
  if (cancellation === undefined) return false;
  const { calls, request } = cancellation;
  if (request !== undefined && solver.requestCancellation !== undefined) {
    // Free, and no proof: that it fails changes nothing.
    await tolerate(solver.requestCancellation(order, await sign(request, signal), signal));
  }
  if (calls.length === 0) return true;
  return (await whenReadable(() => send(calls, signal).then(() => true))) ?? false;
}

async function conclude(order: SolverOrder, proof: DeathProof, context: EntrustContext): Promise<EntrustedEnd> {
  assertWithin(order, proof);
  if (proof.reason === 'filled') return Object.freeze({ state: 'filled', order, fills: proof });
  const status = { ...proof, state: 'dead', reason: proof.reason } as const;
  await release(order, status, context);
  return Object.freeze({ state: 'dead', order, proof });
}

/** Allowances that nobody needs any more, and what a network still holds. */
async function release(order: SolverOrder, status: SolverStatus, context: EntrustContext): Promise<void> {
  const { send, sharesAllowances = false, signal, solver } = context;
  if (solver.recover === undefined || (sharesAllowances && status.state === 'dead')) return;
  const calls = await whenReadable(() => solver.recover!(order, status, signal));
  if (calls !== undefined && calls.length > 0) await send(calls, signal);
}

function assertSameOrder(bid: Bid, order: SolverOrder): void {
  const { child, guaranteedOutput, input } = bid;
  const same =
    order.adapter === bid.adapter &&
    order.child.order.nonce === child.order.nonce &&
    order.input.atoms === input.atoms &&
    order.guaranteedOutput.atoms === guaranteedOutput.atoms;
  if (!same) throw new SolverInconsistentError(bid.adapter, order.id, 'is not the order of the bid that was signed');
}

function assertWithin({ adapter, id, input }: SolverOrder, { drawn }: Fills): void {
  if (drawn.atoms < 0n || drawn.atoms > input.atoms) {
    throw new SolverInconsistentError(adapter, id, `is said to have drawn ${drawn.atoms} of ${input.atoms} atoms`);
  }
}

/** Undefined for what may pass by itself: a node or a network that cannot be read now. */
async function whenReadable<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof EvenkeelError && error.retryable) return undefined;
    throw error;
  }
}

/** What comes of it is seen by looking: an error says nothing about whether it arrived. */
async function tolerate(attempt: Promise<void>): Promise<void> {
  try {
    await attempt;
  } catch (error) {
    if (!(error instanceof EvenkeelError)) throw error;
  }
}

function plainBigint(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
