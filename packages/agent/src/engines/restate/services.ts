import type { JsonValue } from '@evenkeel/core';
import {
  endOf,
  type WorkflowDefinition,
  type WorkflowEnd,
  WorkflowUnknownError,
  WorkflowVersionUnknownError,
} from '@evenkeel/core/workflow';
import type * as Restate from '@restatedev/restate-sdk';
import { restateContext, signalName } from './context.js';

/** The object that each run is entered in by its id, and through which its signals come in their order. */
export const MAIL = 'evenkeel-mail';

export interface RunRequest {
  readonly workflow: string;
  readonly version: number;
  readonly input: JsonValue;
}

interface Letter {
  readonly place: number;
  readonly signal: JsonValue;
}

/** A run's service. Its name never changes: the versions of a workflow are told apart by what a run was begun with. */
export function serviceOf(workflow: string): string {
  return `evenkeel-${workflow}`;
}

/**
 * How long a server goes on trying where nobody answers: an outage is no reason to wait for a person, who would have to
 * resume each run by hand.
 */
const RETRIES: Restate.RetryPolicy = {
  initialInterval: 100,
  maxInterval: 2_000,
  exponentiationFactor: 2,
  maxAttempts: 1_000_000,
  onMaxAttempts: 'pause',
};
/** A turn may wait for a bridge: it is left alone for so long before another one is begun beside it. */
const PATIENCE = { inactivityTimeout: 3_600_000, abortTimeout: 60_000 } as const;
/** How long a run that has ended can be asked for its result. */
const RETENTION_MS = 30 * 86_400_000;

/** What a process offers to the server: each workflow, and the mail. */
export function servicesOf(
  restate: typeof Restate,
  definitions: readonly WorkflowDefinition[],
): Restate.EndpointOptions['services'] {
  return [mail(restate), ...definitions.map((each) => workflowService(restate, each))];
}

function workflowService(
  restate: typeof Restate,
  { name, versions }: WorkflowDefinition,
): Restate.EndpointOptions['services'][number] {
  return restate.workflow({
    name: serviceOf(name),
    handlers: {
      run: (on: Restate.WorkflowContext, { input, version }: RunRequest): Promise<WorkflowEnd> => {
        const body = versions[version];
        // Thrown, so that it is tried again until a release has it.
        if (body === undefined) throw new WorkflowVersionUnknownError(name, version);
        return endOf(() => body(restateContext(restate, on), input));
      },
      tell: restate.handlers.workflow.shared(
        async (on: Restate.WorkflowSharedContext, { place, signal }: Letter): Promise<void> => {
          await on.promise<JsonValue>(signalName(place)).resolve(signal);
        },
      ),
    },
    options: { workflowRetention: RETENTION_MS, retryPolicy: RETRIES, ...PATIENCE },
  });
}

function mail(restate: typeof Restate): Restate.EndpointOptions['services'][number] {
  const json = restate.serde.json as Restate.Serde<unknown>;
  return restate.object({
    name: MAIL,
    handlers: {
      /** Enters a run and begins it, once. */
      begin: async (on: Restate.ObjectContext, request: RunRequest): Promise<void> => {
        if ((await on.get<string>('workflow')) !== null) return;
        on.set('workflow', request.workflow);
        const { version, input } = request;
        on.genericSend({
          ...{ service: serviceOf(request.workflow), method: 'run', key: on.key },
          parameter: { workflow: request.workflow, version, input },
          inputSerde: json,
        });
      },
      send: async (on: Restate.ObjectContext, { signal }: { readonly signal: JsonValue }): Promise<boolean> => {
        const workflow = await on.get<string>('workflow');
        if (workflow === null) return false;
        const place = (await on.get<number>('letters')) ?? 0;
        on.set('letters', place + 1);
        on.genericSend({
          ...{ service: serviceOf(workflow), method: 'tell', key: on.key },
          parameter: { place, signal } satisfies Letter,
          inputSerde: json,
        });
        return true;
      },
      workflowOf: restate.handlers.object.shared((on: Restate.ObjectSharedContext): Promise<string | null> =>
        on.get<string>('workflow'),
      ),
    },
    options: { retryPolicy: RETRIES },
  });
}

/** @throws {WorkflowUnknownError} WORKFLOW_UNKNOWN */
export function assertKnown(definitions: readonly WorkflowDefinition[], name: string): WorkflowDefinition {
  const definition = definitions.find((each) => each.name === name);
  if (definition === undefined) throw new WorkflowUnknownError('workflow', name);
  return definition;
}
