import type { ChildOrder, RebalanceIntent, Spent } from '@evenkeel/intents';
import { remainingSpend } from '../execution/coverage.js';
import type { Programme } from '../model/programme.js';
import { sameAddress, type Token } from '../model/token.js';
import type { Flow } from '../ports/journal.js';
import { type Delegation, isLive } from './delegation.js';
import { DelegationLeavesLessError } from './errors.js';

/** Children that may still draw: all that are not provably over. */
export function liveChildren(delegations: readonly Delegation[]): readonly ChildOrder[] {
  return delegations.filter(isLive).map(({ order }) => order.child);
}

/** What is gone for good by the recorded flows, fills of ended orders included: what `assertChildWithin` wants. */
export function spentOf(intent: RebalanceIntent, flows: readonly Flow[]): readonly Spent[] {
  return intent.spending.map(({ chainId, maxSpend, token }) => {
    const left = remainingSpend(intent, chainId, flows, bare(chainId));
    const own = left.find((each) => sameAddress(each.token.address, token));
    return { chainId, token, atoms: maxSpend - (own?.atoms ?? 0n) };
  });
}

/**
 * Refuses a programme of our own that would spend, together with all that is gone and all that live orders may still
 * draw, more than the intent allows. The guard does not know of live orders: ask this before.
 *
 * @throws {DelegationLeavesLessError} naming what is left.
 */
export function assertRoomBeside(
  intent: RebalanceIntent,
  delegations: readonly Delegation[],
  flows: readonly Flow[],
  programme: Pick<Programme, 'steps'>,
): void {
  const live = liveChildren(delegations);
  for (const { chainId, maxSpend, token } of intent.spending) {
    const is = (other: { readonly chainId: number; readonly token: string }): boolean =>
      other.chainId === chainId && sameAddress(other.token, token);
    const gone = spentOf(intent, flows)
      .filter(is)
      .reduce((sum, { atoms }) => sum + atoms, 0n);
    const held = live
      .filter(({ order }) => order.originChainId === chainId)
      .flatMap(({ order }) => order.inputs)
      .filter((input) => sameAddress(input.token, token))
      .reduce((sum, { amount }) => sum + amount, 0n);
    const wanted = programme.steps
      .flatMap((step) => (step.kind === 'calls' ? step.spends : []))
      .filter((spend) => is({ chainId: spend.token.chainId, token: spend.token.address }))
      .reduce((sum, { atoms }) => sum + atoms, 0n);
    const left = maxSpend - gone - held;
    if (wanted > 0n && wanted > left) throw new DelegationLeavesLessError(token, wanted, left < 0n ? 0n : left);
  }
}

function bare(chainId: number): (address: string) => Token {
  return (address) => ({ chainId, address: address as Token['address'], symbol: address, decimals: 0 });
}
