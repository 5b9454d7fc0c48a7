import { InvalidInputError } from '@evenkeel/intents';
import { type GasPrice, sameAddress, type SignedOperation } from '@evenkeel/core';
import { Signature } from 'ethers/crypto';
import { askSigner } from '../eoa/ask-signer.js';
import { checkedTransaction } from '../eoa/signed-transaction.js';
import type { Eip1559Transaction, EoaSigner, SetCodeTransaction } from '../eoa/signer.js';
import { assertDelegation, type SignedDelegation } from './delegation.js';
import { checksummed } from '../checksummed.js';

/** Signs transactions of type 4, too; an ethers `Wallet` does. */
export interface SetCodeSigner extends Omit<EoaSigner, 'signTransaction'> {
  signTransaction(transaction: Eip1559Transaction | SetCodeTransaction): Promise<string>;
}

export interface DelegationTransactionRequest extends GasPrice {
  readonly chainId: number;
  /** What is delivered: authorizations and revocations, of the sender or of others. */
  readonly delegations: readonly SignedDelegation[];
  /** Of the sender. */
  readonly nonce: bigint;
  /** Default: 60,000 and 40,000 a delegation. */
  readonly gasLimit?: bigint;
}

const BASE_GAS = 60_000n;
const GAS_A_DELEGATION = 40_000n;

/**
 * A transaction that does nothing but deliver delegations, paid for by its sender: by the authority itself, or by
 * whoever sponsors it. To be sent as its bytes are.
 *
 * A chain skips, without a word, an authorization whose nonce is not the authority's at that moment; look at
 * `delegateOf` afterwards.
 *
 * @throws DELEGATION_INVALID; INVALID_INPUT for one of the sender itself that does not count this transaction's nonce;
 * SIGNER_FAILED, SIGNER_ALTERED
 *
 * @example
 * ```ts
 * const delegation = await signDelegation(owner, { delegate, chainId: 1, nonce: 0n })
 * const { raw } = await delegationTransaction(sponsor, { chainId: 1, delegations: [delegation], nonce, ...price })
 * await chain.sendRawTransaction(raw)
 * ```
 */
export async function delegationTransaction(
  sender: SetCodeSigner,
  request: DelegationTransactionRequest,
): Promise<SignedOperation> {
  const { chainId, delegations, nonce } = request;
  const self = checksummed('sender.address', sender.address);
  for (const [index, delegation] of delegations.entries()) {
    assertDelegation(delegation);
    if (delegation.chainId !== 0 && delegation.chainId !== chainId) {
      const hint = `Have it signed for chain ${chainId}, or for 0.`;
      throw new InvalidInputError(`delegations.${index}.chainId`, delegation.chainId, 'is another chain', hint);
    }
    if (sameAddress(delegation.authority, self) && delegation.nonce <= nonce) {
      const hint = 'The transaction uses its own nonce first: sign the delegation for one more.';
      throw new InvalidInputError(`delegations.${index}.nonce`, delegation.nonce, 'will have been used', hint);
    }
  }
  if (delegations.length === 0) {
    throw new InvalidInputError('delegations', delegations, 'is empty', 'Give at least one.');
  }
  const wanted = setCodeTransaction({
    chainId,
    nonce: Number(nonce),
    to: self.toLowerCase(),
    value: 0n,
    data: '0x',
    gasLimit: request.gasLimit ?? BASE_GAS + GAS_A_DELEGATION * BigInt(delegations.length),
    maxFeePerGas: request.maxFeePerGasWei,
    maxPriorityFeePerGas: request.maxPriorityFeePerGasWei,
    delegations,
  });
  const raw = await askSigner('transaction', () => sender.signTransaction(wanted));
  return checkedTransaction(raw, wanted, self);
}

export function setCodeTransaction({
  delegations,
  ...fields
}: Omit<Eip1559Transaction, 'type'> & { readonly delegations: readonly SignedDelegation[] }): SetCodeTransaction {
  const authorizationList = delegations.map(({ chainId, delegate, nonce, r, s, yParity }) => ({
    address: delegate,
    chainId: BigInt(chainId),
    nonce,
    signature: Signature.from({ r, s, yParity }),
  }));
  return Object.freeze({ type: 4, ...fields, authorizationList });
}
