import { JsonRpcProvider, makeError } from 'ethers';
import type { Subscriber, Subscription, TransactionReceipt } from 'ethers';

const POLLING_MS = 50;
const RECEIPT_POLLING_MS = 20;

/**
 * An ethers provider that is at ease on a chain of our own.
 *
 * The stock one looks for a receipt only when the block number has grown since it last looked. On a chain that mines a
 * block per transaction, and that goes back in time when it is reverted, it may so wait for ever. This one looks for
 * receipts by the clock, and caches nothing.
 */
export class LocalProvider extends JsonRpcProvider {
  constructor(url: string, chainId: number) {
    super(url, chainId, { staticNetwork: true, cacheTimeout: -1, batchMaxCount: 1 });
    this.pollingInterval = POLLING_MS;
  }

  override _getSubscriber(subscription: Subscription): Subscriber {
    if (subscription.type !== 'transaction') return super._getSubscriber(subscription);
    return receiptSubscriber(this, subscription.hash);
  }

  override async waitForTransaction(
    hash: string,
    confirmations: number | null = 1,
    timeoutMs?: number | null,
  ): Promise<TransactionReceipt | null> {
    const giveUpAt = typeof timeoutMs === 'number' ? performance.now() + timeoutMs : Infinity;
    const wanted = confirmations ?? 1;
    for (;;) {
      const receipt = await this.getTransactionReceipt(hash);
      if (wanted === 0) return receipt;
      if (receipt !== null && (wanted === 1 || (await receipt.confirmations()) >= wanted)) return receipt;
      if (performance.now() > giveUpAt) throw makeError('timeout', 'TIMEOUT', { operation: 'wait', reason: 'timeout' });
      await new Promise((resolve) => setTimeout(resolve, RECEIPT_POLLING_MS));
    }
  }
}

/** Announces a transaction's receipt, again and again while somebody listens. */
function receiptSubscriber(provider: JsonRpcProvider, hash: string): Subscriber {
  let timer: NodeJS.Timeout | undefined;
  const look = async (): Promise<void> => {
    const receipt = await provider.getTransactionReceipt(hash).catch(() => null);
    if (receipt !== null && timer !== undefined) await provider.emit(hash, receipt);
  };
  const start = (): void => {
    timer ??= setInterval(() => void look(), RECEIPT_POLLING_MS);
  };
  const stop = (): void => {
    clearInterval(timer);
    timer = undefined;
  };
  return { start, stop, pause: stop, resume: start };
}
