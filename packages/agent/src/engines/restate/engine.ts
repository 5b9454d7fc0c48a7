import { createServer, type ServerHttp2Session } from 'node:http2';
import type { Logger } from '@evenkeel/core';
import {
  latestVersion,
  type WorkflowDefinition,
  type WorkflowEnd,
  type WorkflowEngine,
  WorkflowEngineClosedError,
  WorkflowUnknownError,
} from '@evenkeel/core/workflow';
import type * as Restate from '@restatedev/restate-sdk';
import * as v from 'valibot';
import { EngineMissingError, EngineUnreachableError } from '../errors.js';
import { restateServer } from './server.js';
import { assertKnown, MAIL, type RunRequest, serviceOf, servicesOf } from './services.js';

export interface RestateEngineOptions {
  readonly workflows: readonly WorkflowDefinition[];
  /** Where invocations come in. Default: `http://127.0.0.1:8080`. */
  readonly ingressUrl?: string;
  /** Where deployments are registered. Default: `http://127.0.0.1:9070`. */
  readonly adminUrl?: string;
  /** Where this process listens for the server. Default: port 9080 of the loopback interface. */
  readonly listen?: { readonly host?: string; readonly port?: number };
  /**
   * Where the server finds it; where several processes stand behind one address, that address. Default: as it listens.
   */
  readonly deploymentUrl?: string;
  readonly logger?: Logger;
}

const endSchema: v.GenericSchema<unknown, WorkflowEnd> = v.variant('state', [
  v.strictObject({ state: v.literal('done'), output: v.custom<never>((value) => value !== undefined) }),
  v.strictObject({ state: v.literal('failed'), code: v.string(), sentence: v.string() }),
]);

/**
 * Runs on a Restate server, which keeps what was done and hands work to whoever stands at the deployment's address. An
 * optional peer: `@restatedev/restate-sdk` 1.17.2, with a server 1.7.
 *
 * @throws {EngineMissingError} ENGINE_MISSING without the SDK
 * @throws {EngineUnreachableError} ENGINE_UNREACHABLE when the port is taken or the server refuses; a server that is not
 * there yet is waited for
 *
 * @example
 * ```ts
 * const engine = await restateEngine({ workflows: [intentWorkflow(turns)], listen: { port: 9080 } })
 * ```
 */
export async function restateEngine(options: RestateEngineOptions): Promise<WorkflowEngine> {
  const { ingressUrl = 'http://127.0.0.1:8080', adminUrl = 'http://127.0.0.1:9070', listen, workflows } = options;
  const restate = await loadSdk();
  const handler = restate.createEndpointHandler({
    services: servicesOf(restate, workflows),
    logger: (meta, message) => options.logger?.log(levelOf(meta.level), String(message), { engine: 'restate' }),
  });
  const stop = new AbortController();
  const sessions = new Set<ServerHttp2Session>();
  const http = createServer(handler);
  http.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
  });
  const { host = '127.0.0.1', port = 9080 } = listen ?? {};
  await new Promise<void>((resolve, reject) => {
    http.once('error', (cause) => reject(new EngineUnreachableError('Restate', `port ${port} is taken`, { cause })));
    http.listen(port, host, resolve);
  });
  const close = async (): Promise<void> => {
    if (stop.signal.aborted) return;
    stop.abort(new WorkflowEngineClosedError());
    const closed = new Promise((resolve) => http.close(resolve));
    // The server goes on elsewhere as soon as it sees that nobody is here.
    for (const session of sessions) session.destroy();
    await closed;
  };
  const address = http.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  const server = restateServer(ingressUrl, adminUrl);
  try {
    await server.register(options.deploymentUrl ?? `http://${host}:${bound}`, stop.signal);
  } catch (error) {
    await close();
    throw error;
  }
  const mailOf = (id: string): string => `/${MAIL}/${encodeURIComponent(id)}`;
  const workflowOf = (id: string, signal: AbortSignal): Promise<string | null> =>
    server.call(`${mailOf(id)}/workflowOf`, null, v.nullable(v.string()), signal);

  return Object.freeze({
    id: 'restate',
    start: async (workflow, id, input) => {
      const version = latestVersion(assertKnown(workflows, workflow));
      const request: RunRequest = { workflow, version, input };
      await server.call(`${mailOf(id)}/begin`, request, v.unknown(), stop.signal);
    },
    knows: async (id) => (await workflowOf(id, stop.signal)) !== null,
    signal: async (id, signal) => {
      const isKnown = await server.call(`${mailOf(id)}/send`, { signal }, v.boolean(), stop.signal);
      if (!isKnown) throw new WorkflowUnknownError('run', id);
    },
    result: async (id, signal) => {
      const either = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
      const workflow = await workflowOf(id, either);
      if (workflow === null) throw new WorkflowUnknownError('run', id);
      const path = `/restate/workflow/${serviceOf(workflow)}/${encodeURIComponent(id)}/attach`;
      return server.call(path, undefined, endSchema, either);
    },
    close,
  } satisfies WorkflowEngine);
}

async function loadSdk(): Promise<typeof Restate> {
  // The SDK takes for granted what Node has from version 22 on.
  if (!('withResolvers' in Promise)) {
    Object.defineProperty(Promise, 'withResolvers', { value: withResolvers, configurable: true, writable: true });
  }
  try {
    return await import('@restatedev/restate-sdk');
  } catch (cause) {
    throw new EngineMissingError('restate', '@restatedev/restate-sdk@1.17.2', { cause });
  }
}

function withResolvers(): object {
  let resolve: ((value: unknown) => void) | undefined;
  let reject: ((reason?: unknown) => void) | undefined;
  const promise = new Promise<unknown>((...both) => ([resolve, reject] = both));
  return { promise, resolve, reject };
}

function levelOf(level: string): 'debug' | 'info' | 'warn' | 'error' {
  if (level === 'error' || level === 'warn' || level === 'info') return level;
  return 'debug';
}
