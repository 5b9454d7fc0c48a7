import { EvenkeelError } from '@evenkeel/intents';
import type { Address } from '@evenkeel/core';

/** An authorization that its authority has not signed. Code `DELEGATION_INVALID`. */
export class DelegationInvalidError extends EvenkeelError {
  constructor(authority: Address, delegate: Address) {
    super('DELEGATION_INVALID', `${authority} has not signed this delegation to ${delegate}.`, {
      field: 'delegation',
      value: authority,
      hint: 'Have it signed by the account itself, and pass it on as it came.',
    });
  }
}

/** The account runs another contract's code. Nothing is overwritten. Code `ACCOUNT_DELEGATE_FOREIGN`. */
export class AccountDelegateForeignError extends EvenkeelError {
  constructor(account: Address, chainId: number, expected: Address, actual: Address) {
    super('ACCOUNT_DELEGATE_FOREIGN', `${account} delegates to ${actual} on chain ${chainId}, not to ${expected}.`, {
      field: 'delegate',
      value: actual,
      hint: 'Revoke that delegation first, or configure the account for the contract that it delegates to.',
      details: { account, chainId, expected, actual },
    });
  }
}

/** The account does not delegate, and the signer cannot authorize it to. Code `ACCOUNT_NOT_DELEGATED`. */
export class AccountNotDelegatedError extends EvenkeelError {
  constructor(account: Address, chainId: number, delegate: Address) {
    super('ACCOUNT_NOT_DELEGATED', `${account} does not delegate to ${delegate} on chain ${chainId}.`, {
      field: 'delegate',
      value: account,
      hint: 'Delegate first, or use a signer with authorize(), such as an ethers Wallet.',
      details: { account, chainId, delegate },
    });
  }
}

/** There is no contract to delegate to: calls would succeed and do nothing. Code `DELEGATE_MISSING`. */
export class DelegateMissingError extends EvenkeelError {
  constructor(chainId: number, delegate: Address) {
    super('DELEGATE_MISSING', `There is no contract at ${delegate} on chain ${chainId} to delegate to.`, {
      field: 'delegate',
      value: delegate,
      hint: 'Deploy it there, or give the address that it has there.',
      details: { chainId },
    });
  }
}
