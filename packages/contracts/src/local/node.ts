import type { Address, Hex } from '../types.js';

/** A local anvil: `WorldChain` of the devnet is one. */
export interface LocalNode {
  readonly id: number;
  rpc(method: string, params?: readonly unknown[]): Promise<unknown>;
}

export interface LocalLog {
  readonly address: Address;
  readonly topics: readonly Hex[];
  readonly data: Hex;
}

export interface LocalReceipt {
  readonly status: boolean;
  readonly gasUsed: bigint;
  readonly contractAddress: Address | null;
  readonly transactionHash: Hex;
  readonly logs: readonly LocalLog[];
}

export interface LocalTransaction {
  readonly from: Address;
  /** None: a deployment. */
  readonly to?: Address;
  readonly data: Hex;
  readonly valueWei?: bigint;
  readonly gasPriceWei?: bigint;
  readonly gas?: bigint;
}

const DEFAULT_GAS = 15_000_000n;

const hex = (value: bigint): string => `0x${value.toString(16)}`;

function fields({ data, from, gas, gasPriceWei, to, valueWei }: LocalTransaction): object {
  return {
    from,
    ...(to && { to }),
    data,
    value: hex(valueWei ?? 0n),
    gas: hex(gas ?? DEFAULT_GAS),
    ...(gasPriceWei !== undefined && { gasPrice: hex(gasPriceWei) }),
  };
}

/** Hands a transaction in; any sender is impersonated, nothing is signed. Waits for no block. */
export async function submit(node: LocalNode, transaction: LocalTransaction): Promise<Hex> {
  return (await node.rpc('eth_sendTransaction', [fields(transaction)])) as Hex;
}

/** Looks for a receipt before a transaction counts as never mined: a local chain mines at once. */
const LOOKS = 1_000;
const NUDGED_AFTER = 100;

export async function receiptOf(node: LocalNode, hash: Hex): Promise<LocalReceipt> {
  for (let look = 0; look < LOOKS; look++) {
    const found = (await node.rpc('eth_getTransactionReceipt', [hash])) as Record<string, string> | null;
    if (found === null) {
      // After a return to an earlier state a chain may leave a transaction lying until somebody asks for a block.
      if (look % NUDGED_AFTER === NUDGED_AFTER - 1) await node.rpc('evm_mine');
      continue;
    }
    return {
      status: found['status'] === '0x1',
      gasUsed: BigInt(found['gasUsed']!),
      contractAddress: found['contractAddress'] as Address | null,
      transactionHash: hash,
      logs: found['logs'] as unknown as readonly LocalLog[],
    };
  }
  throw new NeverMinedError(hash, node.id);
}

class NeverMinedError extends Error {
  constructor(hash: Hex, chainId: number) {
    super(`Transaction ${hash} on chain ${chainId} was never mined.`);
  }
}

const SUBMISSIONS = 3;

/**
 * Submits and waits; with automining, a block of its own. What a node that went back to an earlier state does not mine, however
 * often it is asked, is taken out of its pool and submitted anew.
 */
export async function execute(node: LocalNode, transaction: LocalTransaction): Promise<LocalReceipt> {
  const { gas = DEFAULT_GAS } = transaction;
  for (let again = 0; ; again++) {
    // Another limit makes it another transaction.
    const hash = await submit(node, { ...transaction, gas: gas + BigInt(again) });
    try {
      return await receiptOf(node, hash);
    } catch (error) {
      if (!(error instanceof NeverMinedError) || again + 1 === SUBMISSIONS) throw error;
      await node.rpc('anvil_dropTransaction', [hash]);
    }
  }
}

/** What a call would answer, or what it would revert with. */
export interface LocalAnswer {
  readonly success: boolean;
  readonly data: Hex;
}

export async function tryCall(node: LocalNode, transaction: LocalTransaction): Promise<LocalAnswer> {
  try {
    return { success: true, data: (await node.rpc('eth_call', [fields(transaction), 'latest'])) as Hex };
  } catch (error) {
    const details = (error as { details?: { data?: unknown } }).details;
    return { success: false, data: typeof details?.data === 'string' ? (details.data as Hex) : '0x' };
  }
}

export async function clockOf(node: LocalNode): Promise<number> {
  const block = (await node.rpc('eth_getBlockByNumber', ['latest', false])) as { timestamp: string };
  return Number(block.timestamp);
}
