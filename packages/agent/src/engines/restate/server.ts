import * as v from 'valibot';
import { EngineUnreachableError } from '../errors.js';

/** Between two tries to reach the server, in milliseconds; the last one until the signal aborts. */
const RETRY_MS = 200;
/** A node process that waits for an answer's head gives up after five minutes: ask again before that. */
const LONGEST_MS = 240_000;

/** What is asked of a server over HTTP. */
export interface RestateServer {
  /** Invokes a handler and waits for its answer; tries again for as long as the server cannot be reached. */
  call<T>(path: string, body: unknown, schema: v.GenericSchema<unknown, T>, signal: AbortSignal): Promise<T>;
  /** Makes the server know where the services are. */
  register(uri: string, signal: AbortSignal): Promise<void>;
}

/** @throws what is thrown by its calls: ENGINE_UNREACHABLE for a refusal, the signal's reason when it aborts */
export function restateServer(ingressUrl: string, adminUrl: string): RestateServer {
  const ask = async (url: string, init: RequestInit, signal: AbortSignal): Promise<unknown> => {
    for (;;) {
      signal.throwIfAborted();
      const answer = await post(url, init, signal);
      if (answer === undefined) {
        await pause(RETRY_MS, signal);
        continue;
      }
      const { status, text } = answer;
      if (status >= 200 && status < 300) return text === '' ? null : (JSON.parse(text) as unknown);
      // Not known yet, or not ready: what is registered takes a moment to be there.
      if (status < 500 && status !== 404 && status !== 429) {
        throw new EngineUnreachableError('Restate', `it answers ${status}`, { details: { url, text } });
      }
      await pause(RETRY_MS, signal);
    }
  };
  return Object.freeze({
    call: async (path, body, schema, signal) => {
      const init =
        body === undefined
          ? { method: 'GET' }
          : { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
      const parsed = v.safeParse(schema, await ask(`${ingressUrl}${path}`, init, signal));
      if (parsed.success) return parsed.output;
      throw new EngineUnreachableError('Restate', 'its answer is none of ours', { details: { path } });
    },
    register: async (uri, signal) => {
      const body = JSON.stringify({ uri, force: true });
      await ask(
        `${adminUrl}/deployments`,
        { method: 'POST', body, headers: { 'content-type': 'application/json' } },
        signal,
      );
    },
  } satisfies RestateServer);
}

/** Undefined where nobody answers. */
async function post(
  url: string,
  init: RequestInit,
  signal: AbortSignal,
): Promise<{ readonly status: number; readonly text: string } | undefined> {
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.any([signal, AbortSignal.timeout(LONGEST_MS)]) });
    return { status: response.status, text: await response.text() };
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const give = (): void => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', give);
      resolve();
    }, milliseconds);
    signal.addEventListener('abort', give, { once: true });
  });
}
