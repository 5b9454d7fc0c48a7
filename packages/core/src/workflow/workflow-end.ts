import { EvenkeelError } from '@evenkeel/intents';
import { codeOf } from '../execution/context.js';
import type { JsonValue } from '../model/curve.js';
import type { WorkflowEnd } from './context.js';
import { WorkflowChangedError, WorkflowEngineClosedError, WorkflowVersionUnknownError } from './errors.js';

/** Whether a run that threw this may go on elsewhere or later, so that it has not ended. */
export function isParked(error: unknown): error is EvenkeelError {
  return (
    error instanceof WorkflowChangedError ||
    error instanceof WorkflowVersionUnknownError ||
    error instanceof WorkflowEngineClosedError ||
    (error instanceof EvenkeelError && error.code.startsWith('JOURNAL_'))
  );
}

/** Runs a body and says how it has ended. @throws what has only interrupted it */
export async function endOf(body: () => Promise<JsonValue>): Promise<WorkflowEnd> {
  try {
    return { state: 'done', output: await body() };
  } catch (error) {
    if (isParked(error)) throw error;
    // What a stranger has put into a message is not repeated.
    const sentence = error instanceof EvenkeelError ? error.message : 'It ended by an error that nobody has foreseen.';
    return { state: 'failed', code: codeOf(error), sentence };
  }
}
