import { InvalidInputError } from '@evenkeel/intents';
import { type Account, type Address, type Chain, type OperationRequest, sameAddress } from '@evenkeel/core';
import { askSigner, signTypedData } from '../eoa/ask-signer.js';
import { publicMempool } from '../eoa/public-mempool.js';
import { checkedTransaction } from '../eoa/signed-transaction.js';
import type { Eip1559Transaction, SetCodeTransaction } from '../eoa/signer.js';
import { encodeBatch } from './batch.js';
import { delegateIn, type DelegationSigner, signDelegation } from './delegation.js';
import { AccountDelegateForeignError, DelegateMissingError } from './errors.js';
import { setCodeTransaction, type SetCodeSigner } from './transaction.js';
import { checksummed } from '../checksummed.js';

export interface Eip7702Options {
  readonly signer: SetCodeSigner & DelegationSigner;
  /** A contract with `execute` and `executeBatch` of eth-infinitism 0.8 that obeys the account itself. */
  readonly delegate: Address;
  readonly chains: readonly Chain[];
  /** What steps name it by. Default: its address. */
  readonly id?: string;
  /** How its transactions reach the chains. Default: the public mempool. */
  readonly submission?: Account['submission'];
}

/** Of an authorization, refunds aside (EIP-7702, PER_EMPTY_ACCOUNT_COST). */
const DELEGATION_GAS = 25_000n;

/**
 * An externally owned account that batches without a bundler: it delegates to a contract and calls itself. Transactions,
 * nonces and gas are those of an EOA; several calls travel in one transaction, all or none. The first batch carries the
 * authorization where the account does not delegate yet.
 *
 * @throws INVALID_INPUT when the signer's address is none. `sign` throws ACCOUNT_DELEGATE_FOREIGN, DELEGATE_MISSING,
 * SIGNER_FAILED, SIGNER_ALTERED and RPC_* errors.
 *
 * @example
 * ```ts
 * const account = eip7702Account({ signer: wallet, delegate: SIMPLE_7702_ACCOUNT, chains: [chain] })
 * ```
 */
export function eip7702Account({ chains, delegate, id, signer, submission }: Eip7702Options): Account {
  const self = checksummed('signer.address', signer.address);
  return Object.freeze<Account>({
    id: id ?? self,
    kind: 'eip7702',
    owner: self,
    capabilities: Object.freeze({ batched: true, atomicBatch: true, sponsored: false }),
    nonceLayout: Object.freeze({ kind: 'sequential' }),
    submission: submission ?? publicMempool,
    addressOn: () => self,
    signTypedData: async (data, signal) => {
      signal?.throwIfAborted();
      return signTypedData(signer, data);
    },
    sign: async (request, signal) => {
      signal?.throwIfAborted();
      const chain = chains.find((each) => each.id === request.chainId);
      if (chain === undefined) {
        throw new InvalidInputError('chainId', request.chainId, 'is a chain that is not given', 'Add it to chains.');
      }
      const wanted =
        request.calls.length < 2
          ? plainTransaction(request, self)
          : await batchTransaction({ chain, delegate, request, self, signal, signer });
      const raw = await askSigner('transaction', () => signer.signTransaction(wanted));
      return checkedTransaction(raw, wanted, self);
    },
  });
}

/** One call needs no delegate, and no call is a transfer of nothing to itself. */
function plainTransaction(request: OperationRequest, self: Address): Eip1559Transaction {
  const [call] = request.calls;
  return Object.freeze({
    type: 2,
    ...envelope(request),
    to: (call?.to ?? self).toLowerCase(),
    value: call?.valueWei ?? 0n,
    data: call?.data ?? '0x',
  });
}

interface BatchFacts {
  readonly chain: Chain;
  readonly delegate: Address;
  readonly request: OperationRequest;
  readonly self: Address;
  readonly signer: Eip7702Options['signer'];
  readonly signal?: AbortSignal | undefined;
}

async function batchTransaction({
  chain,
  delegate,
  request,
  self,
  signal,
  signer,
}: BatchFacts): Promise<Eip1559Transaction | SetCodeTransaction> {
  const [own, code] = await Promise.all([chain.code(self, signal), chain.code(delegate, signal)]);
  // A call of an account without code succeeds and does nothing.
  if (code === '0x') throw new DelegateMissingError(chain.id, delegate);
  const current = delegateIn(own);
  if (current !== undefined && !sameAddress(current, delegate)) {
    throw new AccountDelegateForeignError(self, chain.id, delegate, current);
  }
  const fields = { ...envelope(request), to: self.toLowerCase(), value: 0n, data: encodeBatch(request.calls) };
  if (current !== undefined) return Object.freeze({ type: 2, ...fields });
  const { chainId, nonce } = request;
  const delegation = await signDelegation(signer, { delegate, chainId, nonce: nonce + 1n });
  return setCodeTransaction({ ...fields, gasLimit: fields.gasLimit + DELEGATION_GAS, delegations: [delegation] });
}

function envelope(
  request: OperationRequest,
): Pick<Eip1559Transaction, 'chainId' | 'nonce' | 'gasLimit' | 'maxFeePerGas' | 'maxPriorityFeePerGas'> {
  if (request.nonceKey !== 0n) {
    throw new InvalidInputError('nonceKey', request.nonceKey, 'is not 0', 'An EOA has one counter of nonces.');
  }
  return {
    chainId: request.chainId,
    nonce: Number(request.nonce),
    gasLimit: request.gasLimit,
    maxFeePerGas: request.maxFeePerGasWei,
    maxPriorityFeePerGas: request.maxPriorityFeePerGasWei,
  };
}
