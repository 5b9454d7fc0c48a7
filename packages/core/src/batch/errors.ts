import { EvenkeelError } from '@evenkeel/intents';

/** A market or an order that cannot be computed with: not bad luck of one participant, but a fault of the caller. Code `BATCH_INPUT_INVALID`. */
export class BatchInputInvalidError extends EvenkeelError {
  constructor(field: string, value: unknown, problem: string, hint: string) {
    super('BATCH_INPUT_INVALID', `Batch: ${field} ${problem}.`, { field, value, hint });
  }
}

/** The simulation finds the batch unsound and blames nobody in it. Code `BATCH_UNSOUND`. */
export class BatchUnsoundError extends EvenkeelError {
  constructor(blamed: readonly string[]) {
    super('BATCH_UNSOUND', 'The settlement fails in simulation, and no order of the batch is its reason.', {
      hint: 'Read the market again: a pool has moved, or the solver may not settle.',
      retryable: true,
      details: { blamed },
    });
  }
}
