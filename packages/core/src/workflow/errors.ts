import { EvenkeelError, type EvenkeelErrorOptions } from '@evenkeel/intents';

/** There is no workflow of that name, or no run of that id. Code `WORKFLOW_UNKNOWN`. */
export class WorkflowUnknownError extends EvenkeelError {
  constructor(what: 'workflow' | 'run', id: string) {
    super('WORKFLOW_UNKNOWN', `The engine knows no ${what} "${id}".`, {
      field: what,
      value: id,
      hint: what === 'run' ? 'Start it first.' : 'Give its definition when the engine is opened.',
    });
  }
}

/** A run was begun by a version that this release does not have. Code `WORKFLOW_VERSION_UNKNOWN`. */
export class WorkflowVersionUnknownError extends EvenkeelError {
  constructor(workflow: string, version: number) {
    super('WORKFLOW_VERSION_UNKNOWN', `Version ${version} of workflow "${workflow}" is not there.`, {
      field: 'version',
      value: version,
      hint: 'Run a release that has it until its runs have ended. They wait until then.',
    });
  }
}

/** What is written down of a run is not what its code asks for now. Code `WORKFLOW_CHANGED`. */
export class WorkflowChangedError extends EvenkeelError {
  constructor(id: string, at: number, found: string, wanted: string) {
    super('WORKFLOW_CHANGED', `Run ${id} did "${found}" as its call ${at}, and its code asks for "${wanted}" there.`, {
      hint: 'Bring the version back as it was, and write the change as a new version.',
      details: { at, found, wanted },
    });
  }
}

/** An order to a running intent that is none. Code `WORKFLOW_ORDER_INVALID`. */
export class WorkflowOrderInvalidError extends EvenkeelError {
  constructor(value: unknown, problem: string) {
    super('WORKFLOW_ORDER_INVALID', `The order is refused: ${problem}.`, {
      field: 'order',
      value,
      hint: 'Give cancel, pause, resume, or limits with their values.',
    });
  }
}

/** The engine is closed. Code `WORKFLOW_ENGINE_CLOSED`. */
export class WorkflowEngineClosedError extends EvenkeelError {
  constructor(options: EvenkeelErrorOptions = {}) {
    super('WORKFLOW_ENGINE_CLOSED', 'The engine has been closed; its runs go on where it is opened next.', {
      hint: 'Open it again.',
      retryable: true,
      ...options,
    });
  }
}
