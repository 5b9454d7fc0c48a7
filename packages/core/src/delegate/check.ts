import { assertChildWithin, type RebalanceIntent } from '@evenkeel/intents';
import { sameAddress, sameToken } from '../model/token.js';
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
  const bad = (field: string, value: unknown, problem: string): DelegationBidInvalidError =>
    new DelegationBidInvalidError(adapter.id, field, value, problem);
  const { child, guaranteedOutput, input } = bid;
  if (bid.adapter !== adapter.id || child.adapter !== adapter.id)
    throw bad('adapter', bid.adapter, 'is another network');
  if (delegations.some(({ index }) => index === child.index)) throw bad('child.index', child.index, 'was used before');
  const [drawn, ...more] = child.order.inputs;
  const [paid, ...others] = child.order.outputs;
  if (drawn === undefined || paid === undefined || more.length > 0 || others.length > 0) {
    throw bad('child.order', child.order.inputs.length, 'does not change one token into one other');
  }
  const draws = child.order.originChainId === input.token.chainId && sameAddress(drawn.token, input.token.address);
  if (!draws || drawn.amount !== input.atoms || input.atoms <= 0n) {
    throw bad('input', input.atoms, `is not what its order draws, ${drawn.amount} atoms of ${drawn.token}`);
  }
  const pays = paid.chainId === guaranteedOutput.token.chainId && paid.amount === guaranteedOutput.atoms;
  if (!pays || !sameAddress(`0x${paid.token.slice(26)}`, guaranteedOutput.token.address)) {
    throw bad('guaranteedOutput', guaranteedOutput.atoms, 'is not what its order pays');
  }
  const verifier = bid.typedData.domain['verifyingContract'];
  const targets = adapter.targets(input.token.chainId);
  if (typeof verifier !== 'string' || !targets.some((target) => sameAddress(target, verifier))) {
    throw bad('typedData.domain.verifyingContract', verifier, 'is no contract of the network');
  }
  if (
    bid.typedData.domain['chainId'] !== undefined &&
    Number(bid.typedData.domain['chainId']) !== input.token.chainId
  ) {
    throw bad('typedData.domain.chainId', bid.typedData.domain['chainId'], 'is another chain');
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
