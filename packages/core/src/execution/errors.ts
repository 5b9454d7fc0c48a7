import { EvenkeelError, type EvenkeelErrorOptions } from '@evenkeel/intents';
import type { NonceLane } from '../ports/journal.js';

/** The steps do not form a programme. Code `PROGRAMME_INVALID`. */
export class ProgrammeInvalidError extends EvenkeelError {
  constructor(field: string, value: unknown, problem: string, hint: string) {
    super('PROGRAMME_INVALID', `${field}: ${problem}.`, { field, value, hint });
  }
}

/** The journal has no such programme to resume. Code `PROGRAMME_UNKNOWN`. */
export class ProgrammeUnknownError extends EvenkeelError {
  constructor(intentId: string, slice: number) {
    super('PROGRAMME_UNKNOWN', `The journal holds no slice ${slice} of intent ${intentId}.`, {
      field: 'intentId',
      value: intentId,
      hint: 'Check that this is the journal that the programme was started with.',
    });
  }
}

/** A step does something that the intent does not say. Code `STEP_NOT_COVERED`. */
export class StepNotCoveredError extends EvenkeelError {
  constructor(stepId: string, field: string, value: unknown, problem: string) {
    super('STEP_NOT_COVERED', `Step ${stepId} is not covered by the intent: ${problem}.`, {
      field: `steps.${stepId}.${field}`,
      value,
      hint: 'Plan within the intent, or have a new one signed.',
    });
  }
}

/** A step needs an account, chain or adapter that was not given. Code `EXECUTION_PART_MISSING`. */
export class ExecutionPartMissingError extends EvenkeelError {
  constructor(part: 'accounts' | 'chains' | 'adapters', id: string | number) {
    super('EXECUTION_PART_MISSING', `The programme needs "${id}", which is not among the ${part}.`, {
      field: part,
      value: id,
      hint: `Pass it in ${part}.`,
    });
  }
}

/** More calls than the account can put into one transaction. Code `ACCOUNT_CANNOT_BATCH`. */
export class AccountCannotBatchError extends EvenkeelError {
  constructor(account: string, calls: number) {
    super('ACCOUNT_CANNOT_BATCH', `Account ${account} cannot do ${calls} calls in one transaction.`, {
      field: 'calls',
      value: calls,
      hint: 'Make a step of every call.',
    });
  }
}

/** The account cannot pay for the gas. Code `GAS_FUNDS_MISSING`. */
export class GasFundsMissingError extends EvenkeelError {
  constructor(lane: Pick<NonceLane, 'chainId' | 'account'>, neededWei: bigint, balanceWei: bigint) {
    super(
      'GAS_FUNDS_MISSING',
      `${lane.account} holds ${balanceWei} wei on chain ${lane.chainId} and may need ${neededWei} for gas and value.`,
      {
        field: 'accounts',
        value: lane.account,
        retryable: true,
        hint: `Send at least ${neededWei - balanceWei} wei there.`,
        details: { chainId: lane.chainId, neededWei: neededWei.toString(), balanceWei: balanceWei.toString() },
      },
    );
  }
}

/** A transaction neither gets in nor fails. Its nonce stays reserved. Code `STEP_STUCK`. */
export class StepStuckError extends EvenkeelError {
  constructor(
    stepId: string,
    lane: NonceLane,
    nonce: bigint,
    blockedBy: readonly string[],
    options: EvenkeelErrorOptions,
  ) {
    const blocked = blockedBy.length === 0 ? '' : ` Nonces before it belong to ${blockedBy.join(', ')}.`;
    super(
      'STEP_STUCK',
      `Step ${stepId} waits with nonce ${nonce} on chain ${lane.chainId} and is not mined.${blocked}`,
      {
        field: 'steps',
        value: stepId,
        retryable: true,
        hint: 'Resume the programme later, allow a higher fee, or cancel it; nothing is sent twice.',
        details: { chainId: lane.chainId, account: lane.account, nonce: nonce.toString(), blockedBy },
        ...options,
      },
    );
  }
}

/** A bridge adapter has failed to say where a transfer is for too long. Code `TRANSFER_UNTRACKABLE`. */
export class TransferUntrackableError extends EvenkeelError {
  constructor(transferId: string, adapter: string, options: EvenkeelErrorOptions) {
    super('TRANSFER_UNTRACKABLE', `Adapter ${adapter} cannot say where transfer ${transferId} is.`, {
      field: 'adapter',
      value: adapter,
      retryable: true,
      hint: 'The transfer is journaled as in flight: resume the programme when the node or the bridge answers again.',
      ...options,
    });
  }
}

/** A bridge adapter gave something that is no status. Code `TRANSFER_STATUS_INVALID`. */
export class TransferStatusInvalidError extends EvenkeelError {
  constructor(field: string) {
    super('TRANSFER_STATUS_INVALID', 'The bridge adapter gave a status of the wrong shape.', {
      retryable: true,
      field,
      hint: 'The transfer is tracked on; report it to the author of the adapter.',
    });
  }
}
