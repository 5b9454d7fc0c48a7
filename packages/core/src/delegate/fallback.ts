import type { TokenAmount } from '../model/token.js';
import type { Delegation } from './delegation.js';
import { delegateSlice, type DelegateRequest } from './delegate.js';
import { DelegationUnprovenError } from './errors.js';

/** What a slice that was given out has brought, and what of it is provably left. Atoms. */
export interface Unfilled {
  /** Of the order's input: what may be spent elsewhere now. */
  readonly input: TokenAmount;
  /** What the order drew, and what arrived for it. */
  readonly drawn: TokenAmount;
  readonly received: TokenAmount;
}

/**
 * What an order leaves to be done elsewhere.
 *
 * @throws {DelegationUnprovenError} while the order is live: nothing of it may go elsewhere.
 */
export function unfilledOf({ order, proof, state }: Delegation): Unfilled {
  const { guaranteedOutput, input } = order;
  switch (state) {
    case 'given':
    case 'submitting':
    case 'ending':
      throw new DelegationUnprovenError(order.adapter, order.id, { details: { state } });
    case 'withdrawn':
      return Object.freeze({ input, drawn: { ...input, atoms: 0n }, received: { ...guaranteedOutput, atoms: 0n } });
    case 'ended': {
      const { drawn, received } = proof!;
      return Object.freeze({ input: { token: input.token, atoms: input.atoms - drawn.atoms }, drawn, received });
    }
  }
}

export interface FallbackResult<T> {
  readonly delegation: Delegation;
  readonly unfilled: Unfilled;
  /** What the own route came to; undefined when nothing was left to do. */
  readonly own: T | undefined;
}

/**
 * Gives a slice to a network, and does by an own route what is provably left of it afterwards.
 *
 * @param ownRoute Plans and executes for at most `unfilled.input`, as a programme of the same intent and slice. After a
 * crash `begun` says that the journal holds that programme already: it is to be resumed, not planned anew.
 * @throws as {@link delegateSlice}, and what `ownRoute` throws.
 * @example
 * ```ts
 * const { own } = await delegateWithFallback(request, async ({ input }, begun) =>
 *   begun ? resumeProgramme({ ...parts, intentId, slice }) : executeProgramme(await planFor(input)))
 * ```
 */
export async function delegateWithFallback<T>(
  request: DelegateRequest,
  ownRoute: (unfilled: Unfilled, begun: boolean) => Promise<T>,
): Promise<FallbackResult<T>> {
  const delegation = await delegateSlice(request);
  const unfilled = unfilledOf(delegation);
  if (unfilled.input.atoms === 0n) return Object.freeze({ delegation, unfilled, own: undefined });
  const { intentId, slice } = delegation;
  const begun = (await request.journal.programme({ intentId, slice })) !== undefined;
  const own = await ownRoute(unfilled, begun);
  return Object.freeze({ delegation, unfilled, own });
}
