import { EvenkeelError } from '@evenkeel/intents';
import type { Call } from '../model/call.js';
import { fromAtoms } from '../model/decimal.js';
import type { Address, Token } from '../model/token.js';

const callField = (stepId: string, index: number): string => `steps.${stepId}.calls[${index}]`;
const units = (token: Token, atoms: bigint): string => `${fromAtoms(token, atoms)} ${token.symbol}`;

/** A call is for another chain than the one it would be sent to. Code `GUARD_WRONG_CHAIN`. */
export class GuardWrongChainError extends EvenkeelError {
  constructor(stepId: string, index: number, call: Call, chainId: number) {
    super('GUARD_WRONG_CHAIN', `"${call.description}" is a call for chain ${call.chainId}, not ${chainId}.`, {
      field: `${callField(stepId, index)}.chainId`,
      value: call.chainId,
      hint: 'Put it into a step of its own chain.',
    });
  }
}

/** A call goes to a contract that nobody has declared. Code `GUARD_TARGET_FOREIGN`. */
export class GuardTargetForeignError extends EvenkeelError {
  constructor(stepId: string, index: number, call: Call) {
    super('GUARD_TARGET_FOREIGN', `"${call.description}" goes to ${call.to}, which is not on the allow-list.`, {
      field: `${callField(stepId, index)}.to`,
      value: call.to,
      hint: 'Do not trust this adapter, or have it declare the contract among its targets.',
    });
  }
}

/** Calldata of a known function that does not decode. Code `GUARD_CALL_MALFORMED`. */
export class GuardCallMalformedError extends EvenkeelError {
  constructor(stepId: string, index: number, call: Call) {
    super('GUARD_CALL_MALFORMED', `"${call.description}" carries calldata that does not decode.`, {
      field: `${callField(stepId, index)}.data`,
      value: call.data.slice(0, 74),
      hint: 'Have the adapter encode its arguments in full, without dirty bits.',
    });
  }
}

/** A token, or Permit2, is asked for more than an approval. Code `GUARD_TOKEN_CALL_FOREIGN`. */
export class GuardTokenCallForeignError extends EvenkeelError {
  constructor(stepId: string, index: number, call: Call) {
    super('GUARD_TOKEN_CALL_FOREIGN', `"${call.description}" calls ${call.data.slice(0, 10)} on ${call.to}.`, {
      field: `${callField(stepId, index)}.data`,
      value: call.data.slice(0, 10),
      hint: 'Only exact approvals may go to a token or to Permit2 directly; let a venue or bridge move the money.',
    });
  }
}

/** Money would go straight to somebody else. Code `GUARD_RECIPIENT_FOREIGN`. */
export class GuardRecipientForeignError extends EvenkeelError {
  constructor(stepId: string, index: number, call: Call, recipient: Address) {
    super('GUARD_RECIPIENT_FOREIGN', `"${call.description}" sends tokens to ${recipient}, a stranger.`, {
      field: `${callField(stepId, index)}.data`,
      value: recipient,
      hint: 'Do not trust this adapter: outputs belong to the account that pays.',
    });
  }
}

/** Somebody who is not on the allow-list would be allowed to spend. Code `GUARD_SPENDER_FOREIGN`. */
export class GuardSpenderForeignError extends EvenkeelError {
  constructor(stepId: string, index: number, call: Call, spender: Address) {
    super('GUARD_SPENDER_FOREIGN', `"${call.description}" lets ${spender} spend, which is not on the allow-list.`, {
      field: `${callField(stepId, index)}.data`,
      value: spender,
      hint: 'Do not trust this adapter, or have it declare the spender among its targets.',
    });
  }
}

/** An approval without bound. Code `GUARD_APPROVAL_UNLIMITED`. */
export class GuardApprovalUnlimitedError extends EvenkeelError {
  constructor(stepId: string, index: number, call: Call) {
    super('GUARD_APPROVAL_UNLIMITED', `"${call.description}" approves without a limit.`, {
      field: `${callField(stepId, index)}.data`,
      value: call.data.slice(0, 10),
      hint: 'Approve exactly the atoms that the action takes.',
    });
  }
}

/** More is approved than the steps are planned to spend. Code `GUARD_APPROVAL_EXCESSIVE`. */
export class GuardApprovalExcessiveError extends EvenkeelError {
  constructor(stepId: string, index: number, call: Call, approved: bigint, planned: bigint) {
    super(
      'GUARD_APPROVAL_EXCESSIVE',
      `"${call.description}" brings the approvals to ${approved} atoms, and ${planned} are planned to be spent.`,
      {
        field: `${callField(stepId, index)}.data`,
        value: approved.toString(),
        hint: 'Approve exactly the atoms that the action takes.',
        details: { approved: approved.toString(), planned: planned.toString() },
      },
    );
  }
}

/** An allowance would outlive its use. Code `GUARD_ALLOWANCE_LEFT`. */
export class GuardAllowanceLeftError extends EvenkeelError {
  constructor(token: Address, spender: Address, before: bigint, after: bigint) {
    super('GUARD_ALLOWANCE_LEFT', `${spender} would still be allowed ${after} atoms of ${token} after the last step.`, {
      field: 'steps',
      value: after.toString(),
      hint: 'End the sequence with a call that takes the rest of the allowance away.',
      details: { token, spender, before: before.toString(), after: after.toString() },
    });
  }
}

/** The simulation says that a call fails. Code `GUARD_CALL_REVERTS`. */
export class GuardCallRevertsError extends EvenkeelError {
  constructor(stepId: string, index: number, call: Call, reason: string) {
    super('GUARD_CALL_REVERTS', `"${call.description}" reverts on the latest block: ${reason}.`, {
      field: callField(stepId, index),
      value: reason,
      retryable: true,
      hint: 'Nothing was sent. Ask for new quotes and plan again.',
    });
  }
}

/** A step takes more than it was planned to. Code `GUARD_STEP_SPENDS_MORE`. */
export class GuardStepSpendsMoreError extends EvenkeelError {
  constructor(stepId: string, token: Token, spent: bigint, planned: bigint) {
    super(
      'GUARD_STEP_SPENDS_MORE',
      `Step ${stepId} takes ${units(token, spent)} from the account, ${units(token, planned)} were planned.`,
      {
        field: `steps.${stepId}.spends`,
        value: spent.toString(),
        hint: 'Do not trust the adapter that built it, or plan with its true input.',
        details: { token: token.address, spent: spent.toString(), planned: planned.toString() },
      },
    );
  }
}

/** The intent does not cover what would be spent. Code `GUARD_LIMIT_EXCEEDED`. */
export class GuardLimitExceededError extends EvenkeelError {
  constructor(stepId: string, token: Token, spent: bigint, left: bigint) {
    super(
      'GUARD_LIMIT_EXCEEDED',
      `After step ${stepId} the account is down by ${units(token, spent)}, the intent has ${units(token, left)} left.`,
      {
        field: 'intent.spending',
        value: spent.toString(),
        hint: 'Trade less, or have a larger limit signed.',
        details: { chainId: token.chainId, token: token.address, spent: spent.toString(), left: left.toString() },
      },
    );
  }
}

/** Less arrives at the recipient than was promised. Code `GUARD_RECEIVES_LESS`. */
export class GuardReceivesLessError extends EvenkeelError {
  constructor(stepId: string, token: Token, received: bigint, minimum: bigint) {
    super(
      'GUARD_RECEIVES_LESS',
      `Step ${stepId} brings ${units(token, received)} to the recipient, at least ${units(token, minimum)} were promised.`,
      {
        field: `steps.${stepId}.receives`,
        value: received.toString(),
        retryable: true,
        hint: 'The market has moved or the output goes elsewhere. Ask for new quotes.',
        details: { token: token.address, received: received.toString(), minimum: minimum.toString() },
      },
    );
  }
}

/** Native coin beyond the planned value leaves the account. Code `GUARD_NATIVE_EXCEEDED`. */
export class GuardNativeExceededError extends EvenkeelError {
  constructor(stepId: string, spentWei: bigint, plannedWei: bigint) {
    super('GUARD_NATIVE_EXCEEDED', `Step ${stepId} sends ${spentWei} wei along, ${plannedWei} were planned.`, {
      field: `steps.${stepId}.nativeFeeWei`,
      value: spentWei.toString(),
      hint: 'Plan with the true message fee, or do not trust the adapter.',
      details: { spentWei: spentWei.toString(), plannedWei: plannedWei.toString() },
    });
  }
}

/** A balance or allowance cannot be read. Code `GUARD_UNREADABLE`. */
export class GuardUnreadableError extends EvenkeelError {
  constructor(chainId: number, what: string) {
    super('GUARD_UNREADABLE', `The simulation on chain ${chainId} gave no answer for ${what}.`, {
      field: 'tokens',
      value: what,
      hint: 'Check the token address; what cannot be measured is not sent.',
    });
  }
}

/** Nobody knows where a token keeps its balances, so funds to come cannot be pretended. Code `GUARD_FUNDS_UNPRETENDABLE`. */
export class GuardFundsUnpretendableError extends EvenkeelError {
  constructor(token: Token) {
    super('GUARD_FUNDS_UNPRETENDABLE', `The balance slot of ${token.symbol} on chain ${token.chainId} is not known.`, {
      field: 'incoming',
      value: token.address,
      hint: 'Give a state override for it, or plan the far side after the funds have arrived.',
    });
  }
}
