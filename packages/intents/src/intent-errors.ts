import { EvenkeelError } from './errors.js';
import type { Hex } from './intent.js';

/** The deadline has passed: nothing may be done for this intent any more. Code `INTENT_EXPIRED`. */
export class IntentExpiredError extends EvenkeelError {
  constructor(id: Hex, deadline: number, nowSeconds: number) {
    super('INTENT_EXPIRED', `Intent ${id} expired at ${deadline}, it is ${nowSeconds} now.`, {
      field: 'deadline',
      value: deadline,
      hint: 'Make and sign a new one.',
      details: { id, nowSeconds },
    });
  }
}

/** Why a signature does not stand. */
export type SignatureProblem =
  /** `id` is not the hash of the intent: one of the two was changed. */
  | 'id-mismatch'
  /** Not 65 bytes of r, s and v, and no contract to ask. */
  | 'malformed'
  /** s in the upper half of the curve's order: a second spelling of a signature (EIP-2). */
  | 'high-s'
  /** Made by another key, or over other content. */
  | 'wrong-signer'
  /** The account's contract says no, or there is none. */
  | 'refused-by-contract';

const PROBLEMS: Readonly<Record<SignatureProblem, string>> = {
  'id-mismatch': 'the id is not the hash of the intent',
  malformed: 'it is not 65 bytes of r, s and v (27 or 28)',
  'high-s': 's is in the upper half of the curve order',
  'wrong-signer': 'it was not made by the signer over this content',
  'refused-by-contract': 'the signer has no contract there that accepts it',
};

/** The signature does not cover this intent. Code `INTENT_SIGNATURE_INVALID`. */
export class IntentSignatureInvalidError extends EvenkeelError {
  constructor(id: Hex, signer: string, problem: SignatureProblem, details: Readonly<Record<string, unknown>> = {}) {
    super('INTENT_SIGNATURE_INVALID', `The signature of intent ${id} is not valid: ${PROBLEMS[problem]}.`, {
      field: 'signature',
      hint: 'Do not execute it; have the signer sign the intent as it stands.',
      details: { ...details, id, signer, problem },
    });
  }
}

/** A contract account could not be asked for its verdict. Retryable. Code `INTENT_SIGNATURE_UNREADABLE`. */
export class IntentSignatureUnreadableError extends EvenkeelError {
  constructor(id: Hex, signer: string, chainIds: readonly number[], cause?: EvenkeelError) {
    super(
      'INTENT_SIGNATURE_UNREADABLE',
      `Contract account ${signer} could not be asked about intent ${id} on chain ${chainIds.join(', ')}.`,
      {
        retryable: true,
        hint: 'Try again when the chain can be read.',
        details: { id, signer, chainIds },
        ...(cause && { cause }),
      },
    );
  }
}

/** The signer gave no signature. Holds nothing that the signer threw. Code `INTENT_SIGNING_FAILED`. */
export class IntentSigningError extends EvenkeelError {
  constructor(problem: string, signerCode: string | undefined) {
    super('INTENT_SIGNING_FAILED', `No signature: ${problem}${signerCode === undefined ? '' : ` (${signerCode})`}.`, {
      hint: 'Confirm it in the wallet, or check its connection.',
      details: { signerCode: signerCode ?? null },
    });
  }
}

/** The intent's state has no such transition. Code `INTENT_TRANSITION_ILLEGAL`. */
export class IntentTransitionIllegalError extends EvenkeelError {
  constructor(status: string, event: string, legal: readonly string[]) {
    super('INTENT_TRANSITION_ILLEGAL', `An intent that is ${status} cannot take the event "${event}".`, {
      field: 'event.type',
      value: event,
      hint: legal.length === 0 ? `${status} is final; make a new intent.` : `It takes ${legal.join(', ')}.`,
      details: { status, event, legal },
    });
  }
}

/** Why a fill was not booked. */
export type FillProblem = 'exceeds-change' | 'wrong-direction' | 'all-or-nothing' | 'booked-before' | 'not-started';

const FILL_PROBLEMS: Readonly<Record<FillProblem, readonly [string, string]>> = {
  'exceeds-change': ['exceeds what is left of the change', 'Check whether a fill was counted twice.'],
  'wrong-direction': ['goes against the wanted change', 'Book it as exposure of its own and stop the intent.'],
  'all-or-nothing': ['is a part, and the intent is all or nothing', 'Book the whole change at once.'],
  'not-started': ['came before anything was started', 'Check that it is of this intent.'],
  'booked-before': ['has an id that was booked already', 'Leave it out: it is counted.'],
};

/** A fill contradicts the intent. Code `INTENT_FILL_REFUSED`. */
export class IntentFillRefusedError extends EvenkeelError {
  constructor(fillId: string, units: string, problem: FillProblem, leftUnits: string) {
    const [sentence, hint] = FILL_PROBLEMS[problem];
    super('INTENT_FILL_REFUSED', `Fill ${fillId} of ${units} units ${sentence} (${leftUnits} left).`, {
      field: 'event.units',
      value: units,
      hint,
      details: { fillId, problem, leftUnits },
    });
  }
}

/** An order does not belong to the intent it is given for. Code `CHILD_ORDER_FOREIGN`. */
export class ChildOrderForeignError extends EvenkeelError {
  constructor(field: string, value: unknown, problem: string, hint: string) {
    super('CHILD_ORDER_FOREIGN', `${field}: ${problem}.`, { field, value, hint });
  }
}

/** An order, together with its live siblings, would spend more than the intent allows. Code `CHILD_ORDER_EXCEEDS`. */
export class ChildOrderExceedsError extends EvenkeelError {
  constructor(chainId: number, token: string, wanted: bigint, committed: bigint, maxSpend: bigint) {
    super(
      'CHILD_ORDER_EXCEEDS',
      `${wanted} atoms of ${token} on chain ${chainId} exceed the intent's ${maxSpend}, of which ${committed} are taken.`,
      {
        field: 'order.inputs',
        value: wanted.toString(),
        hint: 'Make it smaller, or wait until a sibling is provably dead.',
        details: {
          chainId,
          token,
          wanted: wanted.toString(),
          committed: committed.toString(),
          maxSpend: maxSpend.toString(),
        },
      },
    );
  }
}
