import type { JsonValue, Logger } from '@evenkeel/core';
import { pgPool } from '@evenkeel/core/journal-postgres';
import {
  endOf,
  latestVersion,
  type WorkflowDefinition,
  type WorkflowEnd,
  type WorkflowEngine,
  WorkflowEngineClosedError,
  WorkflowUnknownError,
  WorkflowVersionUnknownError,
} from '@evenkeel/core/workflow';
import type { DBOS } from '@dbos-inc/dbos-sdk';
import { EngineMissingError, EngineUnreachableError } from '../errors.js';
import { dbosContext, leftAlone, type Letter, SIGNALS } from './context.js';
import { oneAfterAnother, openExecutors } from './executors.js';

export interface DbosEngineOptions {
  readonly workflows: readonly WorkflowDefinition[];
  /** As `postgresql://user:password@host:5432/database`. */
  readonly databaseUrl: string;
  /** Of this process: the same at every start, and no other process has it. */
  readonly executorId: string;
  /** Where its tables are. Default: `evenkeel_dbos`. */
  readonly schema?: string;
  /**
   * How many runs this process takes at once. One that waits is one of them, for as long as it waits. Default: no bound, so
   * that none waits for another.
   */
  readonly most?: number;
  readonly logger?: Logger;
}

interface RunRequest {
  readonly version: number;
  readonly input: JsonValue;
}

type Run = (request: RunRequest) => Promise<WorkflowEnd>;

const QUEUE = 'evenkeel';
/** The default is a hash of the code, by which an upgrade would strand what is under way: versions are ours to keep. */
const APPLICATION_VERSION = 'evenkeel-1';
/** Between two looks at who is alive. */
const LOOK_MS = 1_000;
const POLL_MS = 200;
/** DBOS cannot be told to stop waiting: short, so that nothing holds the process once the engine is closed. */
const RESULT_WAIT = { timeoutSeconds: 0.5, pollingIntervalMs: POLL_MS };

let isOpen = false;

/**
 * Runs on DBOS, whose state is in PostgreSQL. Whoever has the database shares the work; what a dead process had is taken over
 * by those that are alive. An optional peer: `@dbos-inc/dbos-sdk` 5.3.0. One at a time in a process.
 *
 * @throws {EngineMissingError} ENGINE_MISSING without the SDK
 * @throws {EngineUnreachableError} ENGINE_UNREACHABLE without the database, and for a second one in this process
 * @throws {EngineExecutorTakenError} ENGINE_EXECUTOR_TAKEN while a process that is alive has the executor's id
 *
 * @example
 * ```ts
 * const engine = await dbosEngine({ workflows: [intentWorkflow(turns)], databaseUrl, executorId: 'node-1' })
 * ```
 */
export async function dbosEngine(options: DbosEngineOptions): Promise<WorkflowEngine> {
  const { databaseUrl, executorId, most, schema = 'evenkeel_dbos', workflows } = options;
  const { DBOS } = await loadSdk();
  if (isOpen) throw new EngineUnreachableError('DBOS', 'it is open in this process already');
  isOpen = true;
  const stop = new AbortController();
  const pool = await pgPool(databaseUrl);
  const cleanUp: (() => Promise<unknown>)[] = [
    async () => {
      isOpen = false;
      await pool.end();
    },
  ];
  const close = async (): Promise<void> => {
    if (stop.signal.aborted) return;
    stop.abort(new WorkflowEngineClosedError());
    for (const each of cleanUp.reverse()) await each();
  };
  try {
    const executors = await openExecutors(pool, `${schema}_executors`, executorId);
    cleanUp.push(() => executors.close());
    DBOS.setConfig({
      name: 'evenkeel',
      systemDatabaseUrl: databaseUrl,
      systemDatabaseSchemaName: schema,
      systemDatabasePoolSize: 20,
      applicationVersion: APPLICATION_VERSION,
      executorID: executorId,
      enableOTLP: false,
      logger: loggerOf(options.logger),
    });
    const runs = new Map<string, Run>(workflows.map((each) => [each.name, register(DBOS, each, stop.signal)]));
    await oneAfterAnother(pool, schema, () => DBOS.launch());
    cleanUp.push(() => DBOS.shutdown({ deregister: true }));
    await DBOS.registerQueue(QUEUE, {
      minPollingIntervalMs: POLL_MS,
      onConflict: 'always_update',
      ...(most === undefined ? {} : { workerConcurrency: most }),
    });
    const looking = lookAfterOthers(stop.signal, options.logger, () => executors.look((dead) => takeOver(DBOS, dead)));
    cleanUp.push(() => looking);
    return engineOver(DBOS, runs, workflows, stop.signal, close);
  } catch (cause) {
    await close();
    if (cause instanceof Error && 'code' in cause && String(cause.code).startsWith('ENGINE_')) throw cause;
    throw new EngineUnreachableError('DBOS', cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

function register(dbos: typeof DBOS, { name, versions }: WorkflowDefinition, stop: AbortSignal): Run {
  const run: Run = async ({ input, version }) => {
    const id = dbos.workflowID!;
    try {
      const body = versions[version];
      if (body === undefined) throw new WorkflowVersionUnknownError(name, version);
      const end = await endOf(() => body(dbosContext(dbos, id, stop), input));
      if (end.state === 'failed' && stop.aborted) return await leftAlone();
      return end;
    } catch (error) {
      // DBOS takes whatever is thrown for the end of the run, which it is not; its own errors are its own affair.
      if (error instanceof Error && error.constructor.name.startsWith('DBOS')) throw error;
      return leftAlone();
    }
  };
  // No number of deaths makes a run one that is given up.
  return dbos.registerWorkflow(run, { name: `evenkeel-${name}`, maxRecoveryAttempts: Number.MAX_SAFE_INTEGER });
}

/** What a dead executor had goes back into the queue, for whoever is free. */
async function takeOver(dbos: typeof DBOS, dead: string): Promise<void> {
  const left = await dbos.listWorkflows({ status: 'PENDING', executorId: dead, loadInput: false, loadOutput: false });
  if (left.length > 0) {
    await dbos.resumeWorkflows(
      left.map(({ workflowID }) => workflowID),
      { queueName: QUEUE },
    );
  }
}

async function lookAfterOthers(
  stop: AbortSignal,
  logger: Logger | undefined,
  look: () => Promise<readonly string[]>,
): Promise<void> {
  const isOver = (): boolean => stop.aborted;
  while (!isOver()) {
    try {
      for (const dead of await look())
        logger?.log('warn', `The work of executor ${dead}, which is dead, is shared out.`);
    } catch (error) {
      if (!isOver()) logger?.log('warn', 'The other executors cannot be looked at.', { error: String(error) });
    }
    await pause(stop);
  }
}

function pause(stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      stop.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, LOOK_MS);
    stop.addEventListener('abort', done, { once: true });
  });
}

function engineOver(
  dbos: typeof DBOS,
  runs: ReadonlyMap<string, Run>,
  workflows: readonly WorkflowDefinition[],
  stop: AbortSignal,
  close: () => Promise<void>,
): WorkflowEngine {
  const knows = async (id: string): Promise<boolean> => {
    stop.throwIfAborted();
    return (await dbos.getWorkflowStatus(id)) !== null;
  };
  const assertRun = async (id: string): Promise<void> => {
    if (!(await knows(id))) throw new WorkflowUnknownError('run', id);
  };
  return Object.freeze({
    id: 'dbos',
    start: async (workflow, id, input) => {
      stop.throwIfAborted();
      const definition = workflows.find(({ name }) => name === workflow);
      const run = runs.get(workflow);
      if (definition === undefined || run === undefined) throw new WorkflowUnknownError('workflow', workflow);
      const request: RunRequest = { version: latestVersion(definition), input };
      if (await knows(id)) return;
      await dbos.startWorkflow(run, { workflowID: id, queueName: QUEUE })(request);
    },
    knows,
    signal: async (id, signal) => {
      await assertRun(id);
      await dbos.send<Letter>(id, { signal }, SIGNALS);
    },
    result: async (id, signal) => {
      await assertRun(id);
      const either = signal === undefined ? stop : AbortSignal.any([signal, stop]);
      for (;;) {
        either.throwIfAborted();
        try {
          const end = await dbos.getResult<WorkflowEnd>(id, RESULT_WAIT);
          if (end !== null) return end;
        } catch (error) {
          // What DBOS says of its own end is not what happened.
          either.throwIfAborted();
          throw error;
        }
      }
    },
    close,
  } satisfies WorkflowEngine);
}

async function loadSdk(): Promise<{ readonly DBOS: typeof DBOS }> {
  try {
    return await import('@dbos-inc/dbos-sdk');
  } catch (cause) {
    throw new EngineMissingError('dbos', '@dbos-inc/dbos-sdk@5.3.0', { cause });
  }
}

/** What an engine has to say about itself, without what it says of every step. */
function loggerOf(logger: Logger | undefined): Record<'debug' | 'info' | 'warn' | 'error', (entry: unknown) => void> {
  const tell = (level: 'debug' | 'info' | 'warn' | 'error') => (entry: unknown) => {
    logger?.log(level, entry instanceof Error ? entry.message : String(entry), { engine: 'dbos' });
  };
  return { debug: () => undefined, info: tell('debug'), warn: tell('warn'), error: tell('error') };
}
