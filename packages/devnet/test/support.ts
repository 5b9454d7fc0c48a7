import { Contract, Wallet } from 'ethers';
import type { TransactionReceipt } from 'ethers';
import type { Address, TestAccount, Token, WorldChain } from '../src/index.js';

/** Sends a call of `signature` and returns its receipt. */
export async function send(
  chain: WorldChain,
  from: TestAccount,
  to: Address,
  signature: string,
  args: readonly unknown[],
  overrides: { value?: bigint; gasLimit?: bigint } = {},
): Promise<TransactionReceipt> {
  const contract = new Contract(to, [`function ${signature}`], new Wallet(from.privateKey, chain.provider));
  const method = contract.getFunction(signature.slice(0, signature.indexOf('(')));
  const sent = await method(...args, overrides);
  return sent.wait();
}

/** Calls without sending; `signature` with its returns. */
export async function view(chain: WorldChain, to: Address, signature: string, args: readonly unknown[]): Promise<any> {
  const contract = new Contract(to, [`function ${signature}`], chain.provider);
  return contract.getFunction(signature.slice(0, signature.indexOf('('))).staticCall(...args);
}

export function balanceOf(chain: WorldChain, token: Token, owner: string): Promise<bigint> {
  return view(chain, token.address, 'balanceOf(address) view returns (uint256)', [owner]);
}

export function approve(chain: WorldChain, from: TestAccount, token: Token, spender: Address, atoms: bigint) {
  return send(chain, from, token.address, 'approve(address,uint256)', [spender, atoms]);
}

export const word = (address: string): string => `0x${address.slice(2).toLowerCase().padStart(64, '0')}`;
