import { type Address, type Call, fromAtoms, type Hex, type LogEntry, sameAddress, type Token } from '@evenkeel/core';
import { Interface } from 'ethers';
import * as v from 'valibot';
import { type ContractRead, contractRead, decodeEvent } from './read.js';
import { addressSchema } from './schemas.js';

const erc20: Interface = new Interface([
  'function approve(address spender, uint256 amount)',
  'function allowance(address owner, address spender) view returns (uint256)',
  'function balanceOf(address owner) view returns (uint256)',
  'event Transfer(address indexed from, address indexed to, uint256 value)',
]);

/** Measured: taking an allowance away, as a transaction of its own. */
export const REVOKE_GAS = 27_000n;

const transferEvent = v.object({ from: addressSchema, to: addressSchema, value: v.bigint() });

export function allowanceRead(token: Token, owner: Address, spender: Address): ContractRead<bigint> {
  return contractRead(erc20, token.address, 'allowance', [owner, spender], v.bigint());
}

export function balanceRead(token: Token, owner: Address): ContractRead<bigint> {
  return contractRead(erc20, token.address, 'balanceOf', [owner], v.bigint());
}

/**
 * An exact approval. `resetFirst` takes an old allowance away before, because tokens such as USDT refuse to change one
 * that is not zero.
 */
export function approveCalls(token: Token, spender: Address, atoms: bigint, resetFirst: boolean): readonly Call[] {
  const approval: Call = {
    chainId: token.chainId,
    to: token.address,
    data: erc20.encodeFunctionData('approve', [spender, atoms]) as Hex,
    valueWei: 0n,
    purpose: 'approve',
    description: `allow ${spender} to take ${fromAtoms(token, atoms)} ${token.symbol}`,
  };
  return resetFirst ? [revokeCall(token, spender), approval] : [approval];
}

/** Takes an allowance away. */
export function revokeCall(token: Token, spender: Address): Call {
  return {
    chainId: token.chainId,
    to: token.address,
    data: erc20.encodeFunctionData('approve', [spender, 0n]) as Hex,
    valueWei: 0n,
    purpose: 'revoke',
    description: `take the allowance of ${spender} over ${token.symbol} away`,
  };
}

/** What `account` gained (and did not pass on) of each token in these logs, by token address in lower case. */
export function netReceived(logs: readonly LogEntry[], account: Address): ReadonlyMap<Address, bigint> {
  const net = new Map<Address, bigint>();
  for (const log of logs) {
    const transfer = decodeEvent(erc20, 'Transfer', log, transferEvent);
    if (transfer === undefined) continue;
    const change =
      (sameAddress(transfer.to, account) ? transfer.value : 0n) -
      (sameAddress(transfer.from, account) ? transfer.value : 0n);
    const token = log.address.toLowerCase() as Address;
    if (change !== 0n) net.set(token, (net.get(token) ?? 0n) + change);
  }
  return new Map([...net].filter(([, atoms]) => atoms > 0n));
}

/** What `account` gained of one token in these logs. */
export function receivedOf(logs: readonly LogEntry[], token: Token, account: Address): bigint {
  return netReceived(logs, account).get(token.address.toLowerCase() as Address) ?? 0n;
}
