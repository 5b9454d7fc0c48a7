import type { Address, Call, Chain, Clock, Hex } from '@evenkeel/core';

/** Signs transactions of whoever settles. */
export interface SettlerKey {
  readonly address: string;
  signTransaction(transaction: {
    readonly type: 2;
    readonly chainId: number;
    readonly nonce: number;
    readonly to: string;
    readonly data: string;
    readonly value: bigint;
    readonly gasLimit: bigint;
    readonly maxFeePerGas: bigint;
    readonly maxPriorityFeePerGas: bigint;
  }): Promise<string>;
}

/** What has become of a transaction. */
export type Sent =
  | { readonly state: 'settled' | 'reverted'; readonly txHash: Hex }
  /** No block has taken it before the orders' last second. */
  | { readonly state: 'late' };

const GAS_MARGIN = { numerator: 13n, denominator: 10n };
const POLL_MS = 500;

/** Sends a settlement and waits until it is mined, or its orders are dead. */
export async function send(
  { clock, key, signal }: { readonly clock: Clock; readonly key: SettlerKey; readonly signal: AbortSignal },
  chain: Chain,
  { data, to }: Call,
  gasUsed: bigint,
  validTo: number,
): Promise<Sent> {
  const [fees, nonce] = await Promise.all([
    chain.fees(signal),
    chain.transactionCount(key.address as Address, 'latest', signal),
  ]);
  // What hangs from before carries dead orders: it is replaced.
  const raw = await key.signTransaction({
    type: 2,
    chainId: chain.id,
    nonce,
    to,
    data,
    value: 0n,
    gasLimit: (gasUsed * GAS_MARGIN.numerator) / GAS_MARGIN.denominator,
    maxFeePerGas: 2n * fees.baseFeeWei + fees.priorityFeeWei,
    maxPriorityFeePerGas: fees.priorityFeeWei,
  });
  const txHash = await chain.sendRawTransaction(raw as Hex, signal);
  for (;;) {
    const receipt = await chain.receipt(txHash, signal);
    if (receipt !== null) return { state: receipt.success ? 'settled' : 'reverted', txHash };
    const { timeSeconds } = await chain.block('latest', signal);
    if (timeSeconds > validTo) return { state: 'late' };
    await clock.sleep(POLL_MS, signal);
  }
}
