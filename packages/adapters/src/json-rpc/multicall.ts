import { AbiCoder, Interface } from 'ethers';
import type { Address, Hex, ReadCall, ReadResult } from '@evenkeel/core';

/** Where Multicall3 stands on nearly every chain (github.com/mds1/multicall3). */
export const MULTICALL3_ADDRESS: Address = '0xcA11bde05977b3631167028862bE2a173976CA11';

const abi = new Interface([
  'function aggregate3((address target, bool allowFailure, bytes callData)[] calls) returns ((bool success, bytes returnData)[])',
  'function getBlockNumber() view returns (uint256)',
  'function getCurrentBlockTimestamp() view returns (uint256)',
  'function getBasefee() view returns (uint256)',
  'function getChainId() view returns (uint256)',
]);
const coder = AbiCoder.defaultAbiCoder();

/** Arbitrum's NUMBER opcode gives the block of Ethereum; its own number comes from ArbSys (Arbitrum precompiles). */
const ARB_SYS_BLOCK_NUMBER: ReadCall = {
  to: '0x0000000000000000000000000000000000000064',
  data: '0xa3b1b31d',
};
const ARBITRUM_CHAINS: ReadonlySet<number> = new Set([42161, 42170, 421614]);

/** Facts about the block that a batch of reads saw, from within the batch. */
export interface SeenBlock {
  readonly chainId: bigint;
  readonly number: bigint;
  readonly timeSeconds: bigint;
  /** Zero where the node lowers the base fee for calls without a gas price, as geth does. */
  readonly baseFeeWei: bigint;
}

const HEADER_CALLS = 4;

/** `aggregate3` calldata for `calls`, preceded by the calls that tell the block. */
export function encodeAggregate(multicall3: Address, chainId: number, calls: readonly ReadCall[]): Hex {
  const own = (name: string): ReadCall => ({ to: multicall3, data: abi.encodeFunctionData(name) as Hex });
  const number = ARBITRUM_CHAINS.has(chainId) ? ARB_SYS_BLOCK_NUMBER : own('getBlockNumber');
  const all = [own('getChainId'), number, own('getCurrentBlockTimestamp'), own('getBasefee'), ...calls];
  return abi.encodeFunctionData('aggregate3', [all.map((call) => [call.to, true, call.data])]) as Hex;
}

/** The inverse of {@link encodeAggregate}; `undefined` when the data are not an answer to `count` calls. */
export function decodeAggregate(
  data: Hex,
  count: number,
): { readonly block: SeenBlock; readonly results: readonly ReadResult[] } | undefined {
  try {
    const rows = abi.decodeFunctionResult('aggregate3', data)[0] as readonly [boolean, Hex][];
    if (rows.length !== count + HEADER_CALLS) return undefined;
    const [chainId, number, timeSeconds, baseFeeWei] = rows.slice(0, HEADER_CALLS).map(word);
    return {
      block: { chainId: chainId!, number: number!, timeSeconds: timeSeconds!, baseFeeWei: baseFeeWei! },
      results: rows.slice(HEADER_CALLS).map(([success, returned]) => Object.freeze({ success, data: returned })),
    };
  } catch {
    return undefined;
  }
}

function word([success, data]: readonly [boolean, Hex]): bigint {
  if (!success) throw new Error('a header call failed');
  return coder.decode(['uint256'], data)[0] as bigint;
}
