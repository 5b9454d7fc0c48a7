import { EvenkeelError } from '@evenkeel/intents';

/** The caller's signal ended the round before it was complete. Code `SOLICIT_ABORTED`. */
export class SolicitAbortedError extends EvenkeelError {
  constructor(reason: unknown) {
    super('SOLICIT_ABORTED', 'The round was stopped before all offers were in.', {
      hint: 'Start a new round when you want offers again.',
      retryable: true,
      cause: reason,
    });
  }
}
