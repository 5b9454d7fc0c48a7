import type { Call } from '@evenkeel/core';
import type { WorldChain } from '@evenkeel/devnet';
import type { TransactionReceipt, Wallet } from 'ethers';

/** More than anything here takes; what is not used is not paid. */
const GAS_LIMIT = 24_000_000n;
const FEE_WEI = 10n ** 11n;

/** Sends one call and waits for it. Fees and gas limit are fixed, so that a transaction takes three requests. */
export async function send(
  chain: WorldChain,
  wallet: Wallet,
  call: Pick<Call, 'data' | 'to'>,
): Promise<TransactionReceipt> {
  const { provider } = chain;
  const nonce = await provider.getTransactionCount(wallet.address);
  const signed = await wallet.signTransaction({
    type: 2,
    chainId: chain.id,
    nonce,
    to: call.to,
    data: call.data,
    gasLimit: GAS_LIMIT,
    maxFeePerGas: FEE_WEI,
    maxPriorityFeePerGas: 1n,
  });
  const sent = await provider.broadcastTransaction(signed);
  return (await sent.wait())!;
}
