import type { Call, Hex } from '@evenkeel/core';
import { Interface } from 'ethers/abi';

export const account: Interface = new Interface([
  'function execute(address target, uint256 value, bytes data)',
  'function executeBatch((address target, uint256 value, bytes data)[] calls)',
]);

/** Calldata for the accounts of eth-infinitism 0.8 (BaseAccount.sol): all of the calls or none. `0x` for none. */
export function encodeBatch(calls: readonly Call[]): Hex {
  const [only, second] = calls;
  if (only === undefined) return '0x';
  // Lower case is right whatever checksum an adapter wrote or did not write.
  if (second === undefined) {
    return account.encodeFunctionData('execute', [only.to.toLowerCase(), only.valueWei, only.data]) as Hex;
  }
  const tuples = calls.map(({ data, to, valueWei }) => [to.toLowerCase(), valueWei, data]);
  return account.encodeFunctionData('executeBatch', [tuples]) as Hex;
}
