import { type Address, type Call, type Chain, type GasUse, sameAddress, type SolverRequest } from '@evenkeel/core';
import { allowanceRead, approveCalls, REVOKE_GAS, revokeCall } from './erc20.js';
import { readContracts } from './read.js';

/** Measured: an approval as a transaction of its own, of a token with a proxy in front. */
const APPROVE_GAS = 60_000n;

/** Approvals that an order needs, and what they use of the owner's gas. */
export interface SolverApprovals {
  readonly calls: readonly Call[];
  readonly gas: readonly GasUse[];
  /** The block that was read. */
  readonly blockNumber: number;
  readonly timeSeconds: number;
}

/**
 * The allowance that `spender` needs for an order of the request, and not an atom more: the order's input and that of
 * every live order beside it in the same token, which an exact approval for this one alone would take from them.
 */
export async function solverApprovals(
  chain: Chain,
  { input, intent, liveChildren }: SolverRequest,
  drawn: bigint,
  spender: Address,
  signal: AbortSignal,
): Promise<SolverApprovals> {
  const beside = liveChildren
    .filter(({ order }) => order.originChainId === input.token.chainId)
    .flatMap(({ order }) => order.inputs)
    .filter(({ token }) => sameAddress(token, input.token.address))
    .reduce((sum, { amount }) => sum + amount, 0n);
  const wanted = drawn + beside;
  const { block, values } = await readContracts(chain, [allowanceRead(input.token, intent.signer, spender)], signal);
  const [allowed] = values;
  const { number: blockNumber, timeSeconds } = block;
  if (allowed >= wanted) return { calls: [], gas: [], blockNumber, timeSeconds };
  const calls = approveCalls(input.token, spender, wanted, allowed > 0n);
  const units = APPROVE_GAS + (allowed > 0n ? REVOKE_GAS : 0n);
  return { calls, gas: [{ chainId: chain.id, units }], blockNumber, timeSeconds };
}

/** What takes the allowance of an order away that needs it no more; nothing when there is none. */
export async function releaseCalls(
  chain: Chain,
  token: SolverRequest['input']['token'],
  owner: Address,
  spender: Address,
  signal: AbortSignal,
): Promise<readonly Call[]> {
  const { values } = await readContracts(chain, [allowanceRead(token, owner, spender)], signal);
  return values[0] === 0n ? [] : [revokeCall(token, spender)];
}
