import type { Address, Call, Hex } from '@evenkeel/core';
import { account } from './batch.js';

/**
 * The call of a delegated account to itself that makes all of these calls, or none; for whoever simulates or measures it
 * before it is signed. The account is its sender.
 *
 * @param self an EOA that delegates to a contract with `executeBatch` of eth-infinitism 0.8
 * @example
 * ```ts
 * const call = ownBatchCall(1, owner, [takeFromA, takeFromB, swap, payA])
 * ```
 */
export function ownBatchCall(chainId: number, self: Address, calls: readonly Call[]): Call {
  const tuples = calls.map(({ data, to, valueWei }) => [to.toLowerCase(), valueWei, data]);
  return Object.freeze({
    chainId,
    to: self,
    data: account.encodeFunctionData('executeBatch', [tuples]) as Hex,
    valueWei: 0n,
    purpose: 'action',
    description: `make ${calls.length} calls, all or none`,
  });
}
