import { EvenkeelError } from '@evenkeel/intents';
import type { Address } from '@evenkeel/core';

/** There is no Safe of a version that is understood. Code `ACCOUNT_SAFE_UNKNOWN`. */
export class AccountSafeUnknownError extends EvenkeelError {
  constructor(safe: Address, chainId: number, version: string | undefined) {
    const found = version === undefined ? 'no Safe' : `a Safe ${version}`;
    super('ACCOUNT_SAFE_UNKNOWN', `There is ${found} at ${safe} on chain ${chainId}; 1.4.1 is understood.`, {
      field: 'address',
      value: safe,
      hint: 'Deploy the Safe on this chain, give its right address, or migrate it to 1.4.1.',
      details: { chainId, version: version ?? null },
    });
  }
}

/** The signers at hand are too few of the Safe's owners. Code `ACCOUNT_SAFE_THRESHOLD`. */
export class AccountSafeThresholdError extends EvenkeelError {
  constructor(safe: Address, chainId: number, threshold: number, owners: readonly Address[]) {
    const message = `The Safe ${safe} on chain ${chainId} wants ${threshold} of its owners, and ${owners.length} of the signers are.`;
    super('ACCOUNT_SAFE_THRESHOLD', message, {
      field: 'signers',
      value: owners,
      hint: 'Give more signers that own the Safe on this chain.',
      details: { chainId, threshold },
    });
  }
}

/** Bytes that are no operation of a Safe, or of another one. Code `SAFE_OPERATION_MALFORMED`. */
export class SafeOperationMalformedError extends EvenkeelError {
  constructor(problem: string) {
    super('SAFE_OPERATION_MALFORMED', `These bytes cannot be delivered: ${problem}.`, {
      field: 'raw',
      hint: 'Deliver what sign() gave, as it came.',
    });
  }
}

/** The Safe would refuse it: relaying would cost gas and do nothing. Code `SAFE_OPERATION_REFUSED`. */
export class SafeOperationRefusedError extends EvenkeelError {
  constructor(safe: Address, chainId: number, reason: string) {
    super('SAFE_OPERATION_REFUSED', `The Safe ${safe} on chain ${chainId} refuses the operation: ${reason}.`, {
      value: reason,
      retryable: true,
      hint: 'A nonce ahead of the Safe has to wait for the ones before it; if owners have changed, have it signed anew.',
      details: { chainId },
    });
  }
}
