import { Wallet } from 'ethers';
import type { Interface, Log, TransactionReceipt } from 'ethers';
import { DevnetError } from '../errors.js';
import type { Address, Hex, TestAccount, WorldChain } from '../world.js';

const RECEIPT_TIMEOUT_MS = 60_000;
/** What a transaction gets above its estimate, in percent. */
const GAS_MARGIN_PERCENT = 30n;
const PRIORITY_FEE_WEI = 10n ** 9n;

/** Calls a view function. */
export async function read(
  chain: WorldChain,
  to: Address,
  coder: Interface,
  name: string,
  args: readonly unknown[] = [],
): Promise<readonly unknown[]> {
  const data = coder.encodeFunctionData(name, [...args]);
  return coder.decodeFunctionResult(name, (await chain.rpc('eth_call', [{ to, data }, 'latest'])) as string);
}

/** Time of the block that comes next. */
export async function chainSeconds(chain: WorldChain): Promise<number> {
  const block = (await chain.rpc('eth_getBlockByNumber', ['pending', false])) as { readonly timestamp: Hex };
  return Number(block.timestamp);
}

/**
 * Signs and sends a transaction and waits until it is mined. Throws when it would revert, before it is sent.
 *
 * @param gasLimit units that are always enough; given, nothing is estimated, and what reverts is found out when it has
 */
export async function submit(
  chain: WorldChain,
  account: TestAccount,
  to: Address,
  data: string,
  gasLimit?: bigint,
): Promise<TransactionReceipt> {
  const { provider } = chain;
  const wallet = new Wallet(account.privateKey, provider);
  const [gas, nonce, latest] = await Promise.all([
    gasLimit ?? wallet.estimateGas({ to, data }).then((units) => (units * (100n + GAS_MARGIN_PERCENT)) / 100n),
    chain.rpc('eth_getTransactionCount', [account.address, 'pending']),
    chain.rpc('eth_getBlockByNumber', ['latest', false]) as Promise<{ readonly baseFeePerGas: Hex }>,
  ]);
  const raw = await wallet.signTransaction({
    ...{ type: 2, chainId: chain.id, nonce: Number(nonce), to, data, gasLimit: gas },
    maxFeePerGas: 2n * BigInt(latest.baseFeePerGas) + PRIORITY_FEE_WEI,
    maxPriorityFeePerGas: PRIORITY_FEE_WEI,
  });
  const hash = String(await chain.rpc('eth_sendRawTransaction', [raw]));
  const receipt = await provider.waitForTransaction(hash, 1, RECEIPT_TIMEOUT_MS);
  if (receipt?.status === 1) return receipt;
  throw new DevnetError('RPC_FAILED', `A transaction of ${account.address} on chain ${chain.id} reverted.`, {
    details: { hash, to },
  });
}

/** The first event of this name that the contract emitted. */
export function findEvent(
  logs: readonly Log[],
  address: Address,
  coder: Interface,
  name: string,
): readonly unknown[] | undefined {
  for (const log of logs) {
    if (log.address !== address) continue;
    const parsed = coder.parseLog(log);
    if (parsed?.name === name) return parsed.args;
  }
  return undefined;
}

/** What a failed call says, in a few words: the name of the error, else its first four bytes, else the message. */
export function reasonOf(error: unknown): string {
  const { data, reason, shortMessage } = (error ?? {}) as { data?: Hex | null; reason?: string; shortMessage?: string };
  if (typeof reason === 'string' && reason !== '') return reason;
  if (typeof data === 'string' && data.length >= 10) return data.slice(0, 10);
  return shortMessage ?? (error instanceof Error ? error.message : String(error));
}
