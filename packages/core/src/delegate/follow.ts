import { decodeTokenCall, encodeApprove } from '../guard/token-calls.js';
import type { Call } from '../model/call.js';
import type { DeathProof, SolverAdapter, SolverStatus } from '../ports/solver.js';
import { delegationsOf, record } from './book.js';
import { assertProofFits } from './check.js';
import { answerOf, type DelegationParts, solverOf } from './context.js';
import { type Delegation, type EndingReason, isLive } from './delegation.js';
import { DelegationUnprovenError } from './errors.js';

const POLL_MS = 3_000;
const LOOKS = 100_000;

/**
 * Brings a live order to its end, from wherever an earlier process has left it. What the network says moves nothing: only
 * a proof from the chain ends an order, and only our own clock and wish begin its cancellation.
 */
export async function follow(parts: DelegationParts, begun: Delegation): Promise<Delegation> {
  const { clock, patience = {}, signal } = parts;
  const adapter = solverOf(parts, begun.order.adapter);
  let now = begun;
  let submitted = false;
  let cancelled = false;
  for (let look = 0; look < (patience.looks ?? LOOKS); look += 1) {
    signal.throwIfAborted();
    const reason = endingReason(parts, now);
    if (now.state === 'given') {
      now = reason === undefined ? await letOut(parts, adapter, now) : await withdraw(parts, now, reason);
      if (!isLive(now)) return now;
    }
    const proof = await answerOf(parts, 'A proof', () => adapter.proveDead(now.order, signal));
    if (proof !== undefined) return conclude(parts, now, proof);
    if (now.state === 'submitting' && reason !== undefined) {
      const sentence = `Order ${now.order.id} of ${adapter.name} is ended: ${reason}.`;
      now = await record(parts, now, { kind: 'ending', reason }, sentence);
    }
    if (now.state === 'submitting' && !submitted) submitted = await submit(parts, adapter, now);
    // Past its deadline the chain refuses a fill by itself: then only the proof is missing.
    if (now.state === 'ending' && !cancelled && !isPast(parts, now)) cancelled = await cancel(parts, adapter, now);
    await recover(parts, adapter, now);
    await clock.sleep(patience.pollMs ?? POLL_MS, signal);
  }
  throw new DelegationUnprovenError(now.order.adapter, now.order.id, { details: { state: now.state } });
}

function endingReason({ clock, isEndWanted, patience }: DelegationParts, at: Delegation): EndingReason | undefined {
  const seconds = Math.floor(clock.now() / 1000);
  if (isEndWanted?.() === true) return 'ASKED';
  const { fillDeadline } = at.order.child.order;
  if (seconds >= Math.min(patience?.fallbackAt ?? fillDeadline, fillDeadline)) return 'PATIENCE_OVER';
  return at.state === 'given' && seconds >= at.validUntil ? 'NOT_SUBMITTED' : undefined;
}

function isPast({ clock }: DelegationParts, { order }: Delegation): boolean {
  return Math.floor(clock.now() / 1000) >= order.child.order.fillDeadline;
}

/** Approvals first; then the line after which the signature counts as known to the world. */
async function letOut(parts: DelegationParts, adapter: SolverAdapter, given: Delegation): Promise<Delegation> {
  if (!(await parts.send(given, 'approve', given.approvals, parts.signal))) {
    return withdraw(parts, given, 'NOT_SUBMITTED');
  }
  return record(parts, given, { kind: 'submitting' }, `Order ${given.order.id} is submitted to ${adapter.name}.`);
}

async function withdraw(parts: DelegationParts, given: Delegation, reason: EndingReason): Promise<Delegation> {
  const sentence = `Order ${given.order.id} was never let out: ${reason}.`;
  const withdrawn = await record(parts, given, { kind: 'withdrawn', reason }, sentence);
  await takeApprovalsAway(parts, withdrawn);
  return withdrawn;
}

/** Whether it need not be tried again in this process; a network that refuses may have taken it all the same. */
async function submit(
  parts: DelegationParts,
  adapter: SolverAdapter,
  { order, signature, ...rest }: Delegation,
): Promise<boolean> {
  const opened = await answerOf(parts, 'Opening the order', () =>
    parts.send({ ...rest, order }, 'open', order.calls, parts.signal),
  );
  if (opened !== true) return false;
  const answer = await answerOf(parts, 'Submitting the order', async () => {
    await adapter.submit(order, signature, parts.signal);
    return true;
  });
  return answer ?? false;
}

/** Asks the network for free, and makes the chain refuse a fill where that can be done. */
async function cancel(parts: DelegationParts, adapter: SolverAdapter, ending: Delegation): Promise<boolean> {
  const { account, signal } = parts;
  const ways = await answerOf(parts, 'Asking how to cancel', () => adapter.cancel(ending.order, signal));
  if (ways === undefined) return false;
  const { calls, request } = ways;
  if (request !== undefined && adapter.requestCancellation !== undefined) {
    await answerOf(parts, 'Asking the network to cancel', async () => {
      await adapter.requestCancellation!(ending.order, await account.signTypedData(request, signal), signal);
    });
  }
  return (await answerOf(parts, 'Cancelling on chain', () => parts.send(ending, 'cancel', calls, signal))) ?? false;
}

/** What the network still holds of ours is fetched as soon as it may be. */
async function recover(parts: DelegationParts, adapter: SolverAdapter, at: Delegation): Promise<void> {
  if (adapter.recover === undefined) return;
  const status: SolverStatus | undefined = await answerOf(parts, 'A look at the order', () =>
    adapter.track(at.order, parts.signal),
  );
  if (status?.state !== 'refund-pending' || status.refundableAt * 1000 > parts.clock.now()) return;
  await answerOf(parts, 'Fetching the refund', async () => {
    await parts.send(at, 'recover', await adapter.recover!(at.order, status, parts.signal), parts.signal);
  });
}

async function conclude(parts: DelegationParts, live: Delegation, proof: DeathProof): Promise<Delegation> {
  assertProofFits(live.order, proof);
  const ended = await record(parts, live, { kind: 'ended', proof }, proof.sentence);
  if (ended.proof?.drawn.atoms !== ended.order.input.atoms) await takeApprovalsAway(parts, ended);
  return ended;
}

/** An approval that no order will use goes, unless a live order of the same intent lives on it. */
async function takeApprovalsAway(parts: DelegationParts, over: Delegation): Promise<void> {
  const others = (await delegationsOf(parts.journal, over.intentId)).filter(isLive);
  const needed = new Set(others.flatMap(({ approvals }) => approvals.map(({ to }) => to.toLowerCase())));
  const revocations = over.approvals.flatMap((approval): Call[] => {
    const decoded = decodeTokenCall(approval.data);
    if (decoded.kind !== 'approve' || needed.has(approval.to.toLowerCase()) || decoded.atoms === 0n) return [];
    const description = `take the allowance of ${decoded.spender} away`;
    return [{ ...approval, data: encodeApprove(decoded.spender, 0n), purpose: 'revoke', description }];
  });
  if (revocations.length > 0) {
    await answerOf(parts, 'Taking approvals away', () => parts.send(over, 'revoke', revocations, parts.signal));
  }
}
