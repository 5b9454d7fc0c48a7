import { EvenkeelError } from '@evenkeel/intents';

/** None of the instruments that were asked takes the trade. Code `NO_INSTRUMENT`. */
export class NoInstrumentError extends EvenkeelError {
  constructor(deltaUnits: string, refused: readonly { readonly name: string; readonly code: string }[]) {
    const reasons = refused.map(({ code, name }) => `${name} ${code}`).join(', ');
    super('NO_INSTRUMENT', `No instrument takes a change of ${deltaUnits} in delta: ${reasons}.`, {
      field: 'deltaUnits',
      value: deltaUnits,
      hint: 'Do what one of the reasons asks for, such as adding margin, or ask for less.',
      retryable: true,
      details: { refused },
    });
  }
}

/** A part of a hedge has failed, and what was made before it cannot be taken back. Code `PARTS_STUCK`. */
export class PartsStuckError extends EvenkeelError {
  constructor(failed: string, left: readonly string[], undoing: unknown, cause: unknown) {
    const code = undoing instanceof EvenkeelError ? undoing.code : String(undoing);
    super('PARTS_STUCK', `"${failed}" failed, and "${left.join('", "')}" could not be undone: ${code}.`, {
      hint: 'Read the exposure, and hedge what is open with another instrument.',
      details: { failed, left, undoing: code },
      cause,
    });
  }
}
