import { assertChildWithin, type RebalanceIntent } from '@evenkeel/intents';
import { contradictionOf } from '../award/check-bid.js';
import { sameToken } from '../model/token.js';
import type { Flow } from '../ports/journal.js';
import type { Bid, DeathProof, SolverAdapter, SolverOrder } from '../ports/solver.js';
import type { Delegation } from './delegation.js';
import { DelegationBidInvalidError, DelegationProofInvalidError } from './errors.js';
import { liveChildren, spentOf } from './room.js';

/**
 * The last look at a bid before it is signed: it is its adapter's, it draws what its child says, its number is new, what
 * is to be signed is for the adapter's own contracts, and the intent covers it beside all live orders.
 *
 * @throws {DelegationBidInvalidError} and as `assertChildWithin`.
 */
export function assertBidTakeable(
  intent: RebalanceIntent,
  bid: Bid,
  adapter: SolverAdapter,
  delegations: readonly Delegation[],
  flows: readonly Flow[],
): void {
  const { child, id } = bid;
  const contradiction = contradictionOf(bid, adapter);
  if (contradiction !== undefined) throw new DelegationBidInvalidError(adapter.id, id, contradiction.sentence);
  if (delegations.some(({ index }) => index === child.index)) {
    throw new DelegationBidInvalidError(adapter.id, id, `Child ${child.index} was an order before.`);
  }
  assertChildWithin(intent, liveChildren(delegations), child, spentOf(intent, flows));
}

/**
 * A proof has to fit the order: nobody can have drawn more than was signed, nor paid less than was guaranteed for what was
 * drawn, nor filled it without drawing.
 *
 * @throws {DelegationProofInvalidError}
 */
export function assertProofFits(order: SolverOrder, proof: DeathProof): void {
  const { guaranteedOutput, input } = order;
  const { drawn, received, reason } = proof;
  const bad = (problem: string): DelegationProofInvalidError =>
    new DelegationProofInvalidError(order.adapter, order.id, problem);
  if (!sameToken(drawn.token, input.token) || !sameToken(received.token, guaranteedOutput.token)) {
    throw bad('names other tokens than the order');
  }
  if (drawn.atoms < 0n || drawn.atoms > input.atoms) throw bad(`${drawn.atoms} atoms of ${input.atoms} were drawn`);
  // What the chain enforces is rounded at most by one atom, in the owner's favour or not.
  if ((received.atoms + 1n) * input.atoms < guaranteedOutput.atoms * drawn.atoms) {
    throw bad(`only ${received.atoms} atoms arrived for ${drawn.atoms}`);
  }
  if (reason === 'filled' && drawn.atoms === 0n) throw bad('nothing was drawn');
  if (reason === 'refunded' && drawn.atoms !== 0n) throw bad(`${drawn.atoms} atoms are gone`);
  if (drawn.atoms > 0n && proof.txHashes.length === 0) throw bad('no transaction is named that drew');
}
