import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EvenkeelError } from '@evenkeel/intents';
import type { Agent } from '../agent.js';
import type { AgentMetrics } from '../metrics.js';
import {
  AgentPortUnusableError,
  AgentTokenMissingError,
  ApiBodyTooLargeError,
  ApiError,
  ApiMethodUnknownError,
  ApiNotFoundError,
  ApiRequestInvalidError,
  ApiTokenWrongError,
} from './errors.js';
import { openApiOf } from './openapi.js';
import { type Answer, type Route, routesOf } from './routes.js';

export interface ApiServer {
  readonly url: string;
  close(): Promise<void>;
}

const LEAST_TOKEN = 16;
const MOST_BODY_BYTES = 65_536;

/**
 * Serves the agent's API. Every request but those for health and the OpenAPI document has to carry the token:
 * `Authorization: Bearer …`.
 *
 * @throws {AgentTokenMissingError} AGENT_TOKEN_MISSING
 * @throws {AgentPortUnusableError} AGENT_PORT_UNUSABLE
 */
export async function serveApi(
  agent: Agent,
  metrics: AgentMetrics,
  { host, port, tokenEnv }: { readonly host: string; readonly port: number; readonly tokenEnv: string },
  env: NodeJS.ProcessEnv,
): Promise<ApiServer> {
  const token = env[tokenEnv];
  if (token === undefined || token === '') throw new AgentTokenMissingError(tokenEnv, 'is not set');
  if (token.length < LEAST_TOKEN)
    throw new AgentTokenMissingError(tokenEnv, `is shorter than ${LEAST_TOKEN} characters`);
  const routes = routesOf(agent, metrics);
  const document: Route = {
    method: 'GET',
    path: '/openapi.json',
    summary: 'This document',
    open: true,
    answer: () => ({ json: openApiOf([...routes, document]) }),
  };
  const all = [...routes, document];
  const server = createServer((request, response) => {
    void answer(all, token, request, response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(new AgentPortUnusableError(host, port, cause)));
    server.listen(port, host, resolve);
  });
  const { address, family, port: bound } = server.address() as AddressInfo;
  return Object.freeze({
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
}

async function answer(
  routes: readonly Route[],
  token: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    send(response, 200, await answerTo(routes, token, request, response));
  } catch (error) {
    const status = error instanceof ApiError ? error.status : 500;
    // What is not foreseen is not repeated to whoever asks.
    const known = error instanceof EvenkeelError;
    const shown = known
      ? { code: error.code, message: error.message }
      : { code: 'UNEXPECTED', message: 'The agent has failed to answer.' };
    send(response, status, { json: { error: shown } });
  }
}

async function answerTo(
  routes: readonly Route[],
  token: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Answer> {
  const { pathname, searchParams: query } = new URL(request.url ?? '/', 'http://agent');
  const here = routes.flatMap((route) => {
    const parameters = matched(route.path, pathname);
    return parameters === undefined ? [] : [{ route, parameters }];
  });
  const found = here.find(({ route }) => route.method === request.method);
  if (found?.route.open !== true && !isToken(request.headers.authorization, token)) {
    throw new ApiTokenWrongError();
  }
  if (here.length === 0) throw new ApiNotFoundError('path', '/openapi.json');
  if (found === undefined) {
    throw new ApiMethodUnknownError(request.method ?? '');
  }
  const body = request.method === 'POST' ? await bodyOf(request) : undefined;
  return found.route.answer({ parameters: found.parameters, query, body, response });
}

/** What stands in a path for the parts with a colon; undefined for another path. */
function matched(path: string, asked: string): Record<string, string> | undefined {
  const [parts, given] = [path.split('/'), asked.split('/')];
  if (parts.length !== given.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [index, part] of parts.entries()) {
    const value = given[index]!;
    if (part.startsWith(':')) parameters[part.slice(1)] = decoded(value);
    else if (part !== value) return undefined;
  }
  return parameters;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Compared by hash, in a time that says nothing about how much of it was right. */
function isToken(header: string | undefined, token: string): boolean {
  const given = /^Bearer (.+)$/.exec(header ?? '')?.[1] ?? '';
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(given), hash(token));
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > MOST_BODY_BYTES) throw new ApiBodyTooLargeError(MOST_BODY_BYTES);
    parts.push(part);
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString('utf8')) as unknown;
  } catch {
    throw new ApiRequestInvalidError('The body is no JSON.', 'Send { "reason": "…" }.');
  }
}

function send(response: ServerResponse, status: number, given: Answer): void {
  if (given === undefined || response.headersSent) return;
  const [text, type] =
    'json' in given ? [JSON.stringify(given.json, plain), 'application/json'] : [given.text, given.type];
  response.writeHead(status, {
    'content-type': type,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(text);
}

function plain(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
