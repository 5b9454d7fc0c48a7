import { EvenkeelError } from '@evenkeel/intents';

/** A number that the policy cannot decide with. Code `POLICY_INPUT_INVALID`. */
export class PolicyInputInvalidError extends EvenkeelError {
  constructor(field: string, value: unknown, problem: string, hint: string) {
    super('POLICY_INPUT_INVALID', `Policy input ${field} ${problem}.`, { field, value, hint });
  }
}

/** A policy configuration that breaks its schema. Code `POLICY_CONFIG_INVALID`. */
export class PolicyConfigInvalidError extends EvenkeelError {
  constructor(field: string, value: unknown, problem: string) {
    super('POLICY_CONFIG_INVALID', `Policy configuration: ${field} ${problem}.`, {
      field,
      value,
      hint: 'See PolicyConfig for keys and units.',
    });
  }
}

/** A limit so wide that it limits nothing. Code `GUARD_ABSURD`. */
export class GuardAbsurdError extends EvenkeelError {
  constructor(field: string, valueBps: number, mostBps: number) {
    super('GUARD_ABSURD', `${field} of ${valueBps} bp (${valueBps / 100} %) guards nothing.`, {
      field,
      value: valueBps,
      hint: `Set it to at most ${mostBps} bp (${mostBps / 100} %); 50 bp is a usual value.`,
      details: { mostBps },
    });
  }
}
