import { EvenkeelError, type EvenkeelErrorOptions } from '@evenkeel/intents';

/** What an engine needs is not installed. Code `ENGINE_MISSING`. */
export class EngineMissingError extends EvenkeelError {
  constructor(engine: string, packages: string, options: EvenkeelErrorOptions = {}) {
    super('ENGINE_MISSING', `The engine ${engine} cannot be loaded.`, {
      field: 'engine',
      value: engine,
      hint: `Install what it needs with "npm install ${packages}".`,
      ...options,
    });
  }
}

/** The server of an engine does not answer, or refuses. Code `ENGINE_UNREACHABLE`. */
export class EngineUnreachableError extends EvenkeelError {
  constructor(engine: string, problem: string, options: EvenkeelErrorOptions = {}) {
    super('ENGINE_UNREACHABLE', `The server of ${engine} cannot be used: ${problem}.`, {
      field: 'engine',
      value: engine,
      retryable: true,
      hint: 'Check that it runs, and its address.',
      ...options,
    });
  }
}

/** Another process that is alive works under this id. Code `ENGINE_EXECUTOR_TAKEN`. */
export class EngineExecutorTakenError extends EvenkeelError {
  constructor(executorId: string) {
    super('ENGINE_EXECUTOR_TAKEN', `Executor "${executorId}" is at work in another process.`, {
      field: 'executorId',
      value: executorId,
      retryable: true,
      hint: 'Give each process an id of its own, the same at every start.',
    });
  }
}
