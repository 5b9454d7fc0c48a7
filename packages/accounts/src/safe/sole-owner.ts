import type { Address, Call, Hex } from '@evenkeel/core';
import { concat, zeroPadValue } from 'ethers/utils';
import { execCalldata, safeTransaction } from './transaction.js';

/** A Safe 1.4.1 with a threshold of one, and the owner that sends to it. */
export interface SoleOwner {
  readonly chainId: number;
  readonly safe: Address;
  readonly owner: Address;
  /** `MultiSendCallOnly` 1.4.1. */
  readonly multiSend: Address;
}

/**
 * The call by which one owner makes its Safe make all of these calls, or none: to be the sender is consent enough (the
 * pre-validated signature of Safe, `v` = 1), so that nothing is signed beside the transaction.
 *
 * @example
 * ```ts
 * const call = soleOwnerCall({ chainId: 1, safe, owner, multiSend }, [takeFromA, takeFromB, swap, payA])
 * ```
 */
export function soleOwnerCall({ chainId, multiSend, owner, safe }: SoleOwner, calls: readonly Call[]): Call {
  // The nonce is no part of the call: the Safe takes its own.
  const transaction = safeTransaction(safe, multiSend, calls, { nonce: 0n, safeTxGas: 0n });
  const consent = concat([zeroPadValue(owner, 32), `0x${'00'.repeat(32)}`, '0x01']) as Hex;
  return Object.freeze({
    chainId,
    to: safe,
    data: execCalldata(transaction, consent),
    valueWei: 0n,
    purpose: 'action',
    description: `have the Safe make ${calls.length} calls, all or none`,
  });
}
