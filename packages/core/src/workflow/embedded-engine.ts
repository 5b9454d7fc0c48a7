import { EvenkeelError } from '@evenkeel/intents';
import type { JsonValue } from '../model/curve.js';
import type { Clock, Logger } from '../ports/ambient.js';
import { codeOf } from '../execution/context.js';
import { latestVersion, type WorkflowDefinition, type WorkflowEnd, type WorkflowEngine } from './context.js';
import { WorkflowEngineClosedError, WorkflowUnknownError, WorkflowVersionUnknownError } from './errors.js';
import { mailbox, type Mailbox } from './mailbox.js';
import { recordedContext } from './recorded-context.js';
import type { WorkflowRecord, WorkflowStore } from './store.js';
import { endOf } from './workflow-end.js';

export interface EmbeddedEngineOptions {
  readonly store: WorkflowStore;
  readonly workflows: readonly WorkflowDefinition[];
  readonly clock: Clock;
  readonly logger?: Logger;
}

/** A run that this process has in hand. */
interface Run {
  readonly mail: Mailbox;
  /** Rejects when it was parked, with what has kept it from its end. */
  readonly ended: Promise<WorkflowEnd>;
}

/**
 * The engine that needs nothing beside the process: it keeps runs in a store, and takes up those that have not ended when it
 * is opened. One process at a time has a store; what several share is for an engine with a server.
 *
 * A run whose version is not there, or whose code has changed, is parked: it is logged, nothing is lost, and it goes on
 * under a release that has it.
 *
 * @throws JOURNAL_* what the store throws
 *
 * @example
 * ```ts
 * const store = await sqliteWorkflowStore({ path: 'workflows.db' })
 * const engine = await embeddedEngine({ store, workflows: [intentWorkflow(turns)], clock })
 * await engine.start('intent', 'treasury/1', { portfolio: 'treasury' })
 * await engine.signal('treasury/1', { kind: 'pause' })
 * ```
 */
export async function embeddedEngine(options: EmbeddedEngineOptions): Promise<WorkflowEngine> {
  const { clock, logger, store } = options;
  const definitions = new Map(options.workflows.map((each) => [each.name, each]));
  const stop = new AbortController();
  const runs = new Map<string, Run>();

  const carryOut = async ({ id, input, version, workflow }: WorkflowRecord, mail: Mailbox): Promise<WorkflowEnd> => {
    const body = definitions.get(workflow)?.versions[version];
    if (body === undefined) throw new WorkflowVersionUnknownError(workflow, version);
    const [entries, signals] = await Promise.all([store.entries(id), store.signals(id)]);
    mail.deliver(0, signals);
    const context = recordedContext({ id, entries, mail, clock, store, signal: stop.signal });
    const end = await endOf(() => body(context, input));
    // Told to stop in the middle of a step, which fails by that alone.
    if (end.state === 'failed') stop.signal.throwIfAborted();
    await store.finish(id, end);
    return end;
  };
  const take = (record: WorkflowRecord): void => {
    const { end, id, workflow } = record;
    if (runs.has(id) || end !== undefined) return;
    const mail = mailbox();
    const ended = carryOut(record, mail);
    runs.set(id, { mail, ended });
    ended.then(
      () => runs.delete(id),
      (error: unknown) => {
        if (stop.signal.aborted) return;
        const sentence = error instanceof EvenkeelError ? error.message : 'The run has stopped, and can go on.';
        logger?.log('error', sentence, { run: id, workflow, code: codeOf(error) });
      },
    );
  };
  const assertOpen = (): void => {
    if (stop.signal.aborted) throw new WorkflowEngineClosedError();
  };
  const find = async (id: string): Promise<WorkflowRecord> => {
    const record = await store.find(id);
    if (record === undefined) throw new WorkflowUnknownError('run', id);
    return record;
  };

  for (const record of await store.running()) take(record);
  return Object.freeze({
    id: 'embedded',
    start: async (workflow, id, input) => {
      assertOpen();
      const definition = definitions.get(workflow);
      if (definition === undefined) throw new WorkflowUnknownError('workflow', workflow);
      take(await store.create({ id, workflow, version: latestVersion(definition), input }));
    },
    knows: async (id) => {
      assertOpen();
      return (await store.find(id)) !== undefined;
    },
    signal: async (id, signal: JsonValue) => {
      assertOpen();
      await find(id);
      runs.get(id)?.mail.deliver(await store.addSignal(id, signal), [signal]);
    },
    result: async (id, signal) => {
      assertOpen();
      const run = runs.get(id);
      if (run !== undefined) return unless(signal, run.ended);
      // One without an end is in hand, unless the engine was closed in between.
      const { end } = await find(id);
      if (end === undefined) throw new WorkflowEngineClosedError();
      return end;
    },
    close: async () => {
      if (stop.signal.aborted) return;
      stop.abort(new WorkflowEngineClosedError());
      await Promise.allSettled([...runs.values()].map(({ ended }) => ended));
      await store.close();
    },
  } satisfies WorkflowEngine);
}

/** @throws the signal's reason when it aborts first */
function unless<T>(signal: AbortSignal | undefined, promise: Promise<T>): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise<T>((resolve, reject) => {
    const give = (): void => reject(signal.reason as Error);
    if (signal.aborted) {
      give();
      return;
    }
    signal.addEventListener('abort', give, { once: true });
    void promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', give));
  });
}
