import { EvenkeelError } from '@evenkeel/intents';

/** What a signer is asked for. */
export type SignedThing = 'transaction' | 'typed data' | 'authorization' | 'message';

/**
 * The signer threw. Nothing of what it threw is repeated here, for that is where keys leak from. Code `SIGNER_FAILED`.
 */
export class SignerFailedError extends EvenkeelError {
  constructor(what: SignedThing, signerCode: string | undefined) {
    super('SIGNER_FAILED', `The signer gave no signature for the ${what}${signerCode ? ` (${signerCode})` : ''}.`, {
      retryable: true,
      hint: 'Confirm it in the wallet or unlock the key, and resume: nothing was sent.',
      details: { signerCode: signerCode ?? null },
    });
  }
}

/** What came back is signed, and is something else than what was asked for. Code `SIGNER_ALTERED`. */
export class SignerAlteredError extends EvenkeelError {
  constructor(field: string) {
    super('SIGNER_ALTERED', `The signer has changed "${field}" of the transaction, or gave no transaction at all.`, {
      field,
      hint: 'Use a signer that signs what it is given: nonces and fees are planned, and journaled, before they are signed.',
    });
  }
}
