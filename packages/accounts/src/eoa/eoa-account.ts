import { InvalidInputError } from '@evenkeel/intents';
import { type Account, type Address, type OperationRequest } from '@evenkeel/core';
import { AccountCannotBatchError } from '@evenkeel/core/execution';
import { askSigner, signTypedData } from './ask-signer.js';
import { publicMempool } from './public-mempool.js';
import { checkedTransaction } from './signed-transaction.js';
import type { Eip1559Transaction, EoaSigner } from './signer.js';
import { checksummed } from '../checksummed.js';

export interface EoaOptions {
  /** What steps name it by. Default: its address. */
  readonly id?: string;
  /** How its transactions reach the chains. Default: the public mempool. */
  readonly submission?: Account['submission'];
}

/**
 * An externally owned account: one key, one address on every chain, one call a transaction, one counter of nonces.
 *
 * Signs EIP-1559 transactions with exactly the nonce and fees that it is given, and checks that the signer did so. An
 * empty list of calls becomes a transfer of nothing to itself.
 *
 * @throws INVALID_INPUT when the signer's address is none. Its `sign` throws SIGNER_FAILED, SIGNER_ALTERED and
 * ACCOUNT_CANNOT_BATCH.
 *
 * @example
 * ```ts
 * import { Wallet } from 'ethers'
 * const account = eoaAccount(Wallet.createRandom())
 * await executeProgramme({ accounts: [account], ...rest })
 * ```
 */
export function eoaAccount(signer: EoaSigner, options: EoaOptions = {}): Account {
  const address = checksummed('signer.address', signer.address);
  return Object.freeze<Account>({
    id: options.id ?? address,
    kind: 'eoa',
    owner: address,
    capabilities: Object.freeze({ batched: false, atomicBatch: false, sponsored: false }),
    nonceLayout: Object.freeze({ kind: 'sequential' }),
    submission: options.submission ?? publicMempool,
    addressOn: () => address,
    signTypedData: async (data, signal) => {
      signal?.throwIfAborted();
      return signTypedData(signer, data);
    },
    sign: async (request, signal) => {
      signal?.throwIfAborted();
      const wanted = transactionOf(request, address);
      const raw = await askSigner('transaction', () => signer.signTransaction(wanted));
      return checkedTransaction(raw, wanted, address);
    },
  });
}

function transactionOf(request: OperationRequest, self: Address): Eip1559Transaction {
  if (request.calls.length > 1) throw new AccountCannotBatchError(self, request.calls.length);
  if (request.nonceKey !== 0n) {
    throw new InvalidInputError('nonceKey', request.nonceKey, 'is not 0', 'An EOA has one counter of nonces.');
  }
  const [call] = request.calls;
  return Object.freeze({
    type: 2,
    chainId: request.chainId,
    nonce: Number(request.nonce),
    // Lower case is right whatever checksum an adapter wrote or did not write.
    to: (call?.to ?? self).toLowerCase(),
    value: call?.valueWei ?? 0n,
    data: call?.data ?? '0x',
    gasLimit: request.gasLimit,
    maxFeePerGas: request.maxFeePerGasWei,
    maxPriorityFeePerGas: request.maxPriorityFeePerGasWei,
  });
}
