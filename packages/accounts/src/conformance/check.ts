import { describe, EvenkeelError } from '@evenkeel/intents';

/** An account does what its port does not allow. Code `ACCOUNT_NOT_CONFORMING`. */
export class AccountNotConformingError extends EvenkeelError {
  constructor(check: string, expected: string, got: string, hint: string, cause?: unknown) {
    super('ACCOUNT_NOT_CONFORMING', `${check}: expected ${expected}, but ${got}.`, {
      field: check,
      hint,
      details: { check, expected, got },
      cause,
    });
  }
}

/** One thing that an account has to do, or must not do. Of the same shape as the checks of adapters. */
export interface AccountCheck {
  /** Stable: `delivered-thrice-happens-once`. */
  readonly name: string;
  /** The capability without which there is nothing to check. */
  readonly requires?: string;
  applies(): Promise<boolean>;
  /** @throws ACCOUNT_NOT_CONFORMING */
  run(): Promise<void>;
}

/** Ends a check. `got` continues the sentence "expected …, but …". */
export type Fail = (expected: string, got: string, hint: string, cause?: unknown) => never;

/** Makes a check of a body; the subject is made once, when the first check needs it. */
export type MakeCheck<S> = (
  name: string,
  body: (subject: S, fail: Fail) => Promise<void> | void,
  requires?: { readonly name: string; readonly has: (subject: S) => boolean },
) => AccountCheck;

export function checkMaker<S>(given: () => S | Promise<S>): MakeCheck<S> {
  let made: Promise<S> | undefined;
  const subject = (): Promise<S> => {
    made ??= Promise.resolve(given());
    return made;
  };
  return (name, body, requires) => {
    const fail: Fail = (expected, got, hint, cause) => {
      throw new AccountNotConformingError(name, expected, got, hint, cause);
    };
    const applies = async (): Promise<boolean> => requires === undefined || requires.has(await subject());
    return Object.freeze<AccountCheck>({
      name,
      ...(requires && { requires: requires.name }),
      applies,
      run: async () => {
        if (await applies()) await body(await subject(), fail);
      },
    });
  };
}

/** Any value or error in a few words. */
export function say(value: unknown): string {
  if (value instanceof Error) return `${value.name} ("${value.message}")`;
  return describe(value);
}
