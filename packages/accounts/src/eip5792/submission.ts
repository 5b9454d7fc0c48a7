import { type Address, type Chain, type Hex, type Receipt, type Submission } from '@evenkeel/core';
import * as v from 'valibot';
import { receiptOfSender } from '../erc4337/receipt.js';
import { chainIdSchema, toQuantity } from '../rpc/schemas.js';
import { AccountWalletIdForeignError, WalletRequestMalformedError, WalletWrongChainError } from './errors.js';
import { askWallet, DUPLICATE_ID, type Eip1193Provider, WalletCodeError } from './provider.js';
import { decodeRequest } from './request.js';
import { callsStatus } from './status.js';

/**
 * How requests reach a wallet, and how their fate is read. A request is made once: what the wallet knows by our id is
 * not asked of its user again. Transactions that the wallet names are read from our own node.
 */
export function walletSubmission(
  self: Address,
  providerOf: (chainId: number) => Eip1193Provider,
): Submission & Required<Pick<Submission, 'standing'>> {
  return Object.freeze({
    // The wallet's own nonces are its own business; those of the journal only tell our requests apart.
    usedNonces: () => Promise.resolve(0n),
    send: async (chain: Chain, { hash, raw }: { hash: Hex; raw: Hex }, signal?: AbortSignal) => {
      const request = decodeRequest(raw);
      if (request.id !== hash) throw new WalletRequestMalformedError('its id is another one');
      if (request.chainId !== toQuantity(chain.id)) throw new WalletRequestMalformedError('it is for another chain');
      const provider = providerOf(chain.id);
      await assertOnChain(provider, chain.id, signal);
      if ((await callsStatus(provider, hash, signal)).state !== 'unknown') return;
      const schema = v.object({ id: v.string() });
      try {
        const { id } = await askWallet(provider, 'wallet_sendCalls', [request], schema, signal, [DUPLICATE_ID]);
        if (id.toLowerCase() !== hash) throw new AccountWalletIdForeignError(hash, id);
      } catch (error) {
        if (!(error instanceof WalletCodeError)) throw error;
      }
    },
    receipt: async (chain: Chain, hash: Hex, signal?: AbortSignal) => {
      const { state, txHashes } = await callsStatus(providerOf(chain.id), hash, signal);
      if (txHashes.length === 0) return null;
      const receipts = await Promise.all(txHashes.map((txHash) => chain.receipt(txHash, signal)));
      const found = receipts.filter((receipt) => receipt !== null);
      // What our node does not hold (yet) has not happened.
      if (found.length < receipts.length) return null;
      return combined(
        found.map((receipt) => receiptOfSender(receipt, self)),
        state === 'confirmed',
      );
    },
    standing: async (chain: Chain, hash: Hex, signal?: AbortSignal) => {
      const { state } = await callsStatus(providerOf(chain.id), hash, signal);
      if (state === 'unknown') return 'unknown';
      return state === 'failed-offchain' ? 'dead' : 'waiting';
    },
  });
}

/** @throws WALLET_WRONG_CHAIN */
export async function assertOnChain(provider: Eip1193Provider, chainId: number, signal?: AbortSignal): Promise<void> {
  const actual = await askWallet(provider, 'eth_chainId', [], chainIdSchema, signal);
  if (actual !== chainId) throw new WalletWrongChainError(chainId, actual);
}

/** Several transactions as one, under the hash of the last: costs and logs add up. */
function combined(receipts: readonly Receipt[], isConfirmed: boolean): Receipt {
  const last = receipts[receipts.length - 1]!;
  const success = isConfirmed && receipts.every((receipt) => receipt.success);
  if (receipts.length === 1) return Object.freeze({ ...last, success });
  const costWei = receipts.reduce((sum, each) => sum + each.gasUsed * each.effectiveGasPriceWei, 0n);
  return Object.freeze({
    ...last,
    success,
    gasUsed: costWei,
    effectiveGasPriceWei: 1n,
    l1FeeWei: receipts.reduce((sum, each) => sum + each.l1FeeWei, 0n),
    logs: Object.freeze(receipts.flatMap(({ logs }) => logs)),
  });
}
