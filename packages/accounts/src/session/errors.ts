import { EvenkeelError } from '@evenkeel/intents';

/** A session key was asked for something other than one trade by the module. Code `SESSION_CALLS_REFUSED`. */
export class SessionCallsRefusedError extends EvenkeelError {
  constructor(problem: string) {
    super('SESSION_CALLS_REFUSED', `A session key cannot do this: ${problem}.`, {
      field: 'calls',
      hint: 'Give exactly one call, made by sessionTrade(). Everything else is the owner to sign.',
    });
  }
}

/** A policy that no chain would accept, or that is not what an owner can want. Code `GRANT_MALFORMED`. */
export class GrantMalformedError extends EvenkeelError {
  constructor(field: string, value: unknown, problem: string, hint: string) {
    super('GRANT_MALFORMED', `${field}: ${problem}.`, { field, value, hint });
  }
}

/** What the owner signed for several chains does not hold for this one. Code `GRANT_SIGNATURE_INVALID`. */
export class GrantSignatureInvalidError extends EvenkeelError {
  constructor(owner: string, recovered: string | undefined) {
    super('GRANT_SIGNATURE_INVALID', `The grants were not signed by ${owner}.`, {
      field: 'signer',
      hint: 'Nothing was granted. Sign with the key of the account itself.',
      details: { owner, recovered: recovered ?? null },
    });
  }
}
