import { hashIntent, type Hex } from '@evenkeel/intents';
import type { Bid } from '../ports/solver.js';
import { delegationsOf, record } from './book.js';
import { assertBidTakeable } from './check.js';
import { type DelegationParts, solverOf } from './context.js';
import { type Delegation, isLive } from './delegation.js';
import { follow } from './follow.js';

export interface DelegateRequest extends DelegationParts {
  /** Which slice of the intent is given out. */
  readonly slice: number;
  readonly side: 'buy' | 'sell';
  /** The bid that has won the slice. */
  readonly bid: Bid;
}

/**
 * Gives a slice to an outside network and follows it until it is filled or *provably* dead: only then does it answer.
 *
 * The order is journaled before its signature can leave the process. Whoever calls again after a crash, with whatever bid,
 * goes on with the order that the journal holds: a slice never has two live orders, and one that was answered for is
 * answered again from the journal.
 *
 * @returns state `ended` with the proof, or `withdrawn` when the order never left.
 * @throws DELEGATION_BID_INVALID, CHILD_ORDER_* and SIGNER_* before anything leaves; DELEGATION_UNPROVEN (and the
 * signal's reason) when it is interrupted: then the order is live, and {@link resumeDelegation} goes on;
 * DELEGATION_PROOF_INVALID, DELEGATION_NETWORK_MISSING, JOURNAL_*.
 * @example
 * ```ts
 * const end = await delegateSlice({ slice: 0, side: 'buy', bid, signedIntent, account, solvers, send, journal, clock, signal })
 * const { input } = unfilledOf(end) // what may go elsewhere now
 * ```
 */
export async function delegateSlice(request: DelegateRequest): Promise<Delegation> {
  const { bid, journal, side, signal, signedIntent, slice } = request;
  const intentId = hashIntent(signedIntent.intent);
  await journal.putIntent(signedIntent);
  const known = await delegationsOf(journal, intentId);
  const before = known.find((each) => each.slice === slice && (isLive(each) || each.index === bid.child.index));
  if (before !== undefined) return isLive(before) ? follow(request, before) : before;
  const adapter = solverOf(request, bid.adapter);
  assertBidTakeable(signedIntent.intent, bid, adapter, known, await journal.flows({ intentId }));
  const signature = await request.account.signTypedData(bid.typedData, signal);
  const order = adapter.orderOf(bid, signature);
  const { approvals, expectedOutput, validUntil } = bid;
  const given = { kind: 'given', order, signature, slice, side, expectedOutput, validUntil, approvals } as const;
  const sentence = `Slice ${slice} goes to ${adapter.name}: at most ${order.input.atoms} atoms of ${order.input.token.symbol} for at least ${order.guaranteedOutput.atoms} atoms of ${order.guaranteedOutput.token.symbol}.`;
  return follow(request, await record(request, { intentId, index: bid.child.index, slice }, given, sentence));
}

/**
 * Goes on with the live orders of an intent after a crash, one after another, and answers how each ended.
 *
 * @throws as {@link delegateSlice}
 */
export async function resumeDelegations(parts: DelegationParts): Promise<readonly Delegation[]> {
  const ended: Delegation[] = [];
  const intentId: Hex = hashIntent(parts.signedIntent.intent);
  for (const each of await delegationsOf(parts.journal, intentId)) {
    if (isLive(each)) ended.push(await follow(parts, each));
  }
  return Object.freeze(ended);
}
