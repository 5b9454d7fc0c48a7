import { EvenkeelError } from '@evenkeel/intents';
import type { Hex } from '@evenkeel/core';

/** The person at the wallet said no. Code `ACCOUNT_WALLET_REJECTED`; EIP-1193 4001, EIP-5792 5750. */
export class AccountWalletRejectedError extends EvenkeelError {
  constructor(method: string, walletCode: number) {
    super('ACCOUNT_WALLET_REJECTED', `${method} was turned down in the wallet (${walletCode}).`, {
      hint: 'Nothing was sent. Resume to be asked again, or cancel the programme.',
      details: { method, walletCode },
    });
  }
}

/** The wallet cannot do what it is asked for. Code `ACCOUNT_WALLET_UNSUPPORTED`; 4100, 4200, 5700, 5710, 5740, 5760. */
export class AccountWalletUnsupportedError extends EvenkeelError {
  constructor(method: string, walletCode: number) {
    super('ACCOUNT_WALLET_UNSUPPORTED', `The wallet does not do ${method} as it is asked to (${walletCode}).`, {
      hint: 'Look at walletCapabilities(): chain, atomic batches, and whether this page is connected.',
      details: { method, walletCode },
    });
  }
}

/** The wallet failed in a way that it has no name for; it may have acted. Code `ACCOUNT_WALLET_FAILED`. */
export class AccountWalletFailedError extends EvenkeelError {
  constructor(method: string, walletCode: number | undefined) {
    super(
      'ACCOUNT_WALLET_FAILED',
      `The wallet failed at ${method}${walletCode === undefined ? '' : ` (${walletCode})`}.`,
      {
        hint: 'Look into the wallet, then resume: a request that it knows is not made again.',
        details: { method, walletCode: walletCode ?? null },
      },
    );
  }
}

/** The wallet gave the request a name of its own, so that it cannot be found again. Code `ACCOUNT_WALLET_ID_FOREIGN`. */
export class AccountWalletIdForeignError extends EvenkeelError {
  constructor(expected: Hex, actual: string) {
    super('ACCOUNT_WALLET_ID_FOREIGN', `The wallet took request ${expected} and calls it ${actual.slice(0, 80)}.`, {
      hint: 'It does not follow EIP-5792 version 2. See in the wallet what became of it, and do not resume before.',
      details: { expected, actual: actual.slice(0, 80) },
    });
  }
}

/** What a wallet answers makes no sense. Code `WALLET_GARBAGE`. */
export class WalletGarbageError extends EvenkeelError {
  constructor(method: string, problem: string) {
    super('WALLET_GARBAGE', `The wallet answered ${method} with garbage: ${problem}.`, {
      retryable: true,
      hint: 'Update the wallet, or use another one.',
      details: { method },
    });
  }
}

/** The provider has been switched to another chain. Code `WALLET_WRONG_CHAIN`. */
export class WalletWrongChainError extends EvenkeelError {
  constructor(expected: number, actual: number) {
    super('WALLET_WRONG_CHAIN', `The wallet is on chain ${actual}, not on ${expected}.`, {
      field: 'providers',
      value: actual,
      retryable: true,
      hint: `Switch it to chain ${expected}.`,
      details: { expected, actual },
    });
  }
}

/** Stored bytes that are no request to a wallet. Code `WALLET_REQUEST_MALFORMED`. */
export class WalletRequestMalformedError extends EvenkeelError {
  constructor(problem: string) {
    super('WALLET_REQUEST_MALFORMED', `The wallet request cannot be sent: ${problem}.`, {
      field: 'raw',
      hint: 'Send what sign() answered, unchanged, on the chain that it was made for.',
    });
  }
}
