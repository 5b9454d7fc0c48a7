import { EvenkeelError } from '@evenkeel/intents';

/** The agent's own file is damaged, foreign, or of a newer release. Code `AGENT_STATE_INVALID`. */
export class AgentStateInvalidError extends EvenkeelError {
  constructor(path: string, problem: string, options: { readonly cause?: unknown } = {}) {
    super('AGENT_STATE_INVALID', `The agent's state ${path} ${problem}.`, {
      field: 'agent.stateFolder',
      value: path,
      hint: 'Restore it from a copy, or name another stateFolder; limits and switches then start from nothing.',
      ...options,
    });
  }
}

/** The agent's own file cannot be written or read. Code `AGENT_STATE_IO`. */
export class AgentStateIoError extends EvenkeelError {
  constructor(path: string, cause: unknown) {
    super('AGENT_STATE_IO', `The agent's state ${path} cannot be used: ${reasonOf(cause)}.`, {
      field: 'agent.stateFolder',
      value: path,
      hint: 'Check the disk and the rights on it.',
      cause,
    });
  }
}

/** The audit log is not what was written. Code `AUDIT_BROKEN`. */
export class AuditBrokenError extends EvenkeelError {
  constructor(seq: number, problem: string) {
    super('AUDIT_BROKEN', `The audit log does not hold at entry ${seq}: ${problem}.`, {
      field: 'audit',
      value: seq,
      hint: 'Trust the entries before it only, and compare with an export or a head that was kept elsewhere.',
    });
  }
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
