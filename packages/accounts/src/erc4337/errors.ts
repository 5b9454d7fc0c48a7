import { EvenkeelError, type EvenkeelErrorOptions } from '@evenkeel/intents';
import type { Address } from '@evenkeel/core';

/** There is no code where the entry point should be. Code `ENTRY_POINT_MISSING`. */
export class EntryPointMissingError extends EvenkeelError {
  constructor(chainId: number, address: Address) {
    super('ENTRY_POINT_MISSING', `There is no entry point at ${address} on chain ${chainId}.`, {
      field: 'entryPoint',
      value: address,
      hint: 'Use a version that is deployed there, or give its address.',
      details: { chainId },
    });
  }
}

/** The account obeys another entry point than the one configured. Code `ACCOUNT_ENTRY_POINT_MISMATCH`. */
export class AccountEntryPointMismatchError extends EvenkeelError {
  constructor(account: Address, chainId: number, expected: Address, actual: Address) {
    super('ACCOUNT_ENTRY_POINT_MISMATCH', `${account} obeys entry point ${actual}, not ${expected}.`, {
      field: 'entryPoint',
      value: expected,
      hint: 'Configure the version that the account was made for.',
      details: { chainId, account, expected, actual },
    });
  }
}

/** No bundler of the chain takes operations for this entry point. Code `RELAY_ENTRY_POINT_UNSUPPORTED`. */
export class RelayEntryPointUnsupportedError extends EvenkeelError {
  constructor(label: string, entryPoint: Address, supported: readonly Address[]) {
    super('RELAY_ENTRY_POINT_UNSUPPORTED', `The bundler ${label} does not serve entry point ${entryPoint}.`, {
      field: 'entryPoint',
      value: entryPoint,
      hint: supported.length === 0 ? 'It serves none.' : `It serves ${supported.join(', ')}.`,
      details: { label, supported },
    });
  }
}

/** The bundler says something that cannot be true. Code `RELAY_CONTRADICTS`. */
export class RelayContradictsError extends EvenkeelError {
  constructor(label: string, problem: string) {
    super('RELAY_CONTRADICTS', `The bundler ${label} contradicts what is known: ${problem}.`, {
      retryable: true,
      hint: 'Use another bundler.',
      details: { label },
    });
  }
}

/** An estimate so high that paying for it would be a loss of its own. Code `OPERATION_GAS_ABSURD`. */
export class OperationGasAbsurdError extends EvenkeelError {
  constructor(field: string, units: bigint, limit: bigint) {
    super('OPERATION_GAS_ABSURD', `The bundler wants ${units} units of ${field}, above the limit of ${limit}.`, {
      field,
      value: units,
      hint: 'Use another bundler, or raise the limit if the chain really is that dear.',
      details: { limit: limit.toString() },
    });
  }
}

/** The stored bytes are no operation for this account. Code `OPERATION_MALFORMED`. */
export class OperationMalformedError extends EvenkeelError {
  constructor(problem: string) {
    super('OPERATION_MALFORMED', `The signed operation cannot be sent: ${problem}.`, {
      field: 'raw',
      hint: 'Send what sign() answered, unchanged, on the chain that it was signed for.',
    });
  }
}

/** The account is not there, and the operation does not bring it. Code `ACCOUNT_NOT_DEPLOYED`; AA20. */
export class AccountNotDeployedError extends EvenkeelError {
  constructor(account: Address | 'The account', chainId?: number) {
    const where = chainId === undefined ? '' : ` on chain ${chainId}`;
    super('ACCOUNT_NOT_DEPLOYED', `${account} is not deployed${where}.`, {
      field: 'account',
      value: account,
      hint: 'Deploy it first, or give its factory, so that the first operation does.',
      details: { chainId: chainId ?? null },
    });
  }
}

/** What all refusals of an operation carry: the entry point's code and words. */
abstract class OperationRefusedError extends EvenkeelError {
  /** `AA21` and the like, where the entry point said so. */
  readonly aaCode: string | undefined;

  protected constructor(code: string, problem: string, said: Refusal, options: EvenkeelErrorOptions) {
    super(code, `${problem} (${said.message}).`, {
      ...options,
      details: { aaCode: said.aaCode ?? null, message: said.message },
    });
    this.aaCode = said.aaCode;
  }
}

/** A refusal as it came: from a bundler, or from our own simulation. */
export interface Refusal {
  readonly message: string;
  readonly aaCode?: string;
  readonly rpcCode?: number;
}

/** Neither balance nor deposit pays for the gas. Code `OPERATION_UNFUNDED`; AA21. */
export class OperationUnfundedError extends OperationRefusedError {
  constructor(said: Refusal) {
    super('OPERATION_UNFUNDED', 'The account cannot pay for the gas of its operation', said, {
      retryable: true,
      hint: 'Send it native coin, add to its deposit, or use a paymaster.',
    });
  }
}

/** Account or paymaster say that it is too early or too late. Code `OPERATION_EXPIRED`; AA22, AA32. */
export class OperationExpiredError extends OperationRefusedError {
  constructor(said: Refusal) {
    super('OPERATION_EXPIRED', 'The operation is outside of the time in which it is valid', said, {
      hint: 'Have it signed anew.',
    });
  }
}

/** The account's validation reverted. Code `OPERATION_INVALID`; AA10 to AA15, AA23. */
export class OperationInvalidError extends OperationRefusedError {
  constructor(said: Refusal) {
    super('OPERATION_INVALID', 'The account refuses the operation, or could not be created', said, {
      hint: 'Check factory, validator and signer.',
    });
  }
}

/** The signature is not that of the account's owner. Code `OPERATION_SIGNATURE_REFUSED`; AA24. */
export class OperationSignatureRefusedError extends OperationRefusedError {
  constructor(said: Refusal) {
    super('OPERATION_SIGNATURE_REFUSED', 'The account does not accept the signature', said, {
      hint: 'Sign with a key that owns the account, for the right chain and entry point.',
    });
  }
}

/** The nonce has been used, or one before it has not. Code `OPERATION_NONCE_USED`; AA25. */
export class OperationNonceUsedError extends OperationRefusedError {
  constructor(said: Refusal) {
    super('OPERATION_NONCE_USED', 'The nonce of the operation is not the next one of its key', said, {
      retryable: true,
      hint: 'Find out what used it, or wait for the operations before it.',
    });
  }
}

/** A gas limit does not suffice. Code `OPERATION_GAS_TOO_LOW`; AA26, AA36, AA40, AA41, AA51, AA95. */
export class OperationGasTooLowError extends OperationRefusedError {
  constructor(said: Refusal) {
    super('OPERATION_GAS_TOO_LOW', 'A gas limit of the operation is too low', said, {
      hint: 'Raise gas.marginBps.',
    });
  }
}

/** The fee is too low, or too little above that of the operation that it replaces. Code `OPERATION_UNDERPRICED`. */
export class OperationUnderpricedError extends OperationRefusedError {
  constructor(said: Refusal) {
    super('OPERATION_UNDERPRICED', 'The fee of the operation is too low', said, {
      retryable: true,
      hint: 'Sign again with both fees at least 12.5 % higher.',
    });
  }
}

/** Validation passes, and the calls revert. Code `OPERATION_REVERTS`. */
export class OperationRevertsError extends OperationRefusedError {
  constructor(said: Refusal) {
    super('OPERATION_REVERTS', 'The calls of the operation revert', said, {
      retryable: true,
      hint: 'Only gas would be spent: plan anew.',
    });
  }
}

/** The paymaster does not pay for this operation. Code `PAYMASTER_REFUSED`; AA30, AA33 to AA35, AA50. */
export class PaymasterRefusedError extends OperationRefusedError {
  constructor(said: Refusal) {
    super('PAYMASTER_REFUSED', 'The paymaster does not pay for the operation', said, {
      hint: 'Check its policy, or send without a paymaster.',
    });
  }
}

/** The paymaster's deposit is used up. Code `PAYMASTER_UNFUNDED`; AA31. */
export class PaymasterUnfundedError extends OperationRefusedError {
  constructor(said: Refusal) {
    super('PAYMASTER_UNFUNDED', 'The deposit of the paymaster at the entry point is too low', said, {
      retryable: true,
      hint: 'Have its owner add to it, or send without a paymaster.',
    });
  }
}
