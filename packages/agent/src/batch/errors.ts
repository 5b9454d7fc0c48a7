import { EvenkeelError } from '@evenkeel/intents';

/** A batch is to be settled by an owner's account, and there is none on that chain. Code `BATCH_OWNER_MISSING`. */
export class BatchOwnerMissingError extends EvenkeelError {
  constructor(chainId: number) {
    super('BATCH_OWNER_MISSING', `No owner's account can settle on chain ${chainId}.`, {
      field: 'owner',
      value: chainId,
      hint: 'Name the account that all others let take what they sell, or settle by the settlement contract.',
    });
  }
}
