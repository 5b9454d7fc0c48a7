import { InvalidInputError } from '@evenkeel/intents';
import { type Account, type Address, type Hex, type OperationRequest, type SignedOperation } from '@evenkeel/core';
import { AccountCannotBatchError } from '@evenkeel/core/execution';
import { getAddress } from 'ethers/address';
import { Transaction } from 'ethers/transaction';
import { askSigner } from './ask-signer.js';
import { SignerAlteredError } from './errors.js';
import { publicMempool } from './public-mempool.js';
import type { Eip1559Transaction, EoaSigner } from './signer.js';

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
  const address = checksummed(signer.address);
  return Object.freeze<Account>({
    id: options.id ?? address,
    kind: 'eoa',
    owner: address,
    capabilities: Object.freeze({ batched: false, atomicBatch: false, sponsored: false }),
    nonceLayout: Object.freeze({ kind: 'sequential' }),
    submission: options.submission ?? publicMempool,
    addressOn: () => address,
    signTypedData: async ({ domain, types, message }, signal) => {
      signal?.throwIfAborted();
      const mutable = Object.fromEntries(
        Object.entries(types).map(([name, fields]) => [name, fields.map((field) => ({ ...field }))]),
      );
      const signature = await askSigner('typed data', () =>
        signer.signTypedData({ ...domain }, mutable, { ...message }),
      );
      if (!/^0x(?:[0-9a-fA-F]{2})+$/.test(signature)) throw new SignerAlteredError('signature');
      return signature as Hex;
    },
    sign: async (request, signal) => {
      signal?.throwIfAborted();
      const wanted = transactionOf(request, address);
      const raw = await askSigner('transaction', () => signer.signTransaction(wanted));
      return checkedOperation(raw, wanted, address);
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

function checkedOperation(raw: string, wanted: Eip1559Transaction, self: Address): SignedOperation {
  let signed: Transaction;
  try {
    signed = Transaction.from(raw);
  } catch {
    throw new SignerAlteredError('raw');
  }
  const facts: readonly (readonly [string, unknown, unknown])[] = [
    ['type', signed.type, wanted.type],
    ['chainId', signed.chainId, BigInt(wanted.chainId)],
    ['nonce', signed.nonce, wanted.nonce],
    ['to', signed.to?.toLowerCase(), wanted.to.toLowerCase()],
    ['value', signed.value, wanted.value],
    ['data', signed.data.toLowerCase(), wanted.data.toLowerCase()],
    ['gasLimit', signed.gasLimit, wanted.gasLimit],
    ['maxFeePerGas', signed.maxFeePerGas, wanted.maxFeePerGas],
    ['maxPriorityFeePerGas', signed.maxPriorityFeePerGas, wanted.maxPriorityFeePerGas],
    ['from', signed.from?.toLowerCase(), self.toLowerCase()],
  ];
  const altered = facts.find(([, is, should]) => is !== should);
  if (altered !== undefined) throw new SignerAlteredError(altered[0]);
  return Object.freeze({ raw: signed.serialized as Hex, hash: signed.hash as Hex });
}

function checksummed(address: unknown): Address {
  try {
    return getAddress(String(address)) as Address;
  } catch {
    throw new InvalidInputError('signer.address', address, 'is not an address', 'Pass an ethers Wallet or the like.');
  }
}
