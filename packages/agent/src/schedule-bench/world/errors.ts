import { EvenkeelError } from '@evenkeel/intents';

/** A slice that was routed on the pools as they stood did not go through. Code `SLICE_REVERTED`. */
export class RevertedSliceError extends EvenkeelError {
  constructor(hash: string) {
    super('SLICE_REVERTED', `The transaction ${hash} of a slice reverted on the local world.`, {
      field: '--world',
      hint: 'Run it again with another --seed; if it stays, report it with the setting.',
    });
  }
}
