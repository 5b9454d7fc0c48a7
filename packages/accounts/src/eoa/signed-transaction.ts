import type { Address, Hex, SignedOperation } from '@evenkeel/core';
import { Transaction } from 'ethers/transaction';
import { SignerAlteredError } from './errors.js';
import type { Eip1559Transaction, SetCodeTransaction } from './signer.js';

/** What a signer gave back, once it is known to be exactly what it was asked for. @throws SIGNER_ALTERED */
export function checkedTransaction(
  raw: string,
  wanted: Eip1559Transaction | SetCodeTransaction,
  self: Address,
): SignedOperation {
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
    ['authorizationList', delegationsOf(signed), delegationsOf(wanted)],
    ['from', signed.from?.toLowerCase(), self.toLowerCase()],
  ];
  const altered = facts.find(([, is, should]) => is !== should);
  if (altered !== undefined) throw new SignerAlteredError(altered[0]);
  return Object.freeze({ raw: signed.serialized as Hex, hash: signed.hash as Hex });
}

/** Who is made to delegate to whom, and when, as one text. */
function delegationsOf(transaction: Transaction | Eip1559Transaction | SetCodeTransaction): string {
  const list = 'authorizationList' in transaction ? (transaction.authorizationList ?? []) : [];
  return list
    .map(({ address, chainId, nonce, signature }) => {
      return [address.toLowerCase(), chainId, nonce, signature.r, signature.s, signature.yParity].join('/');
    })
    .join();
}
