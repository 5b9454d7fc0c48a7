import { EvenkeelError, InvalidInputError } from '@evenkeel/intents';
import * as v from 'valibot';
import {
  RelayAbortedError,
  RelayGarbageError,
  type RelayKind,
  RelayRefusedError,
  RelayRejectedError,
  RelayTimeoutError,
  RelayUnreachableError,
} from './errors.js';

/** The platform's `fetch`, or one that goes another way. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface EndpointOptions {
  readonly kind: RelayKind;
  readonly url: string;
  /** For one request. Default: 10,000. */
  readonly timeoutMs?: number;
  /** Default: that of the platform. */
  readonly fetch?: Fetch;
}

/** One JSON-RPC 2.0 service over HTTP. Nothing that it says is believed before it has the right shape. */
export interface Endpoint {
  readonly kind: RelayKind;
  /** Scheme and host: paths and queries hold keys. */
  readonly label: string;
  /** @throws RELAY_* and ABORTED */
  request<T>(
    method: string,
    params: readonly unknown[],
    schema: v.GenericSchema<unknown, T>,
    signal?: AbortSignal,
  ): Promise<T>;
}

const TIMEOUT_MS = 10_000;
/** Far above any answer of these methods. */
const MAX_RESPONSE_BYTES = 4_000_000;
const METHOD_NOT_FOUND = -32_601;
/** An error's text is a stranger's: cut, and without anything that could be a key in a URL. */
const MAX_MESSAGE = 300;

const answerSchema = v.object({
  id: v.nullish(v.union([v.number(), v.string()])),
  result: v.optional(v.unknown()),
  error: v.nullish(v.object({ code: v.number(), message: v.optional(v.string(), '') })),
});

export function endpoint({ kind, url, timeoutMs = TIMEOUT_MS, fetch = globalThis.fetch }: EndpointOptions): Endpoint {
  const target = parseUrl(url);
  const label = `${target.protocol}//${target.host}`;
  let lastId = 0;

  const post = async (body: object, signal: AbortSignal): Promise<string> => {
    const response = await fetch(target.href, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      redirect: 'error',
      signal,
    });
    if (response.status >= 500 || response.status === 429) {
      throw new RelayUnreachableError(kind, label, `HTTP ${response.status}`);
    }
    const text = await response.text();
    if (text.length > MAX_RESPONSE_BYTES) throw new RelayGarbageError(kind, label, 'more than 4 MB');
    // Errors of JSON-RPC come with HTTP 400 as well as with 200.
    if (!response.ok && !text.trimStart().startsWith('{')) {
      throw new RelayRefusedError(kind, label, `HTTP ${response.status}`);
    }
    return text;
  };

  return Object.freeze<Endpoint>({
    kind,
    label,
    request: async (method, params, schema, signal) => {
      const id = (lastId += 1);
      const timedOut = new RelayTimeoutError(kind, label, method, timeoutMs);
      const text = await within(timeoutMs, timedOut, signal, (inner) =>
        post({ jsonrpc: '2.0', id, method, params }, inner).catch((error: unknown) => {
          throw error instanceof EvenkeelError ? error : new RelayUnreachableError(kind, label, problemOf(error));
        }),
      );
      const answer = v.safeParse(answerSchema, parseJson(text));
      if (!answer.success) throw new RelayGarbageError(kind, label, `no JSON-RPC answer to ${method}`);
      const { error, result } = answer.output;
      if (error) {
        const message = error.message.replaceAll(/https?:\/\/\S+/g, '…').slice(0, MAX_MESSAGE);
        if (error.code === METHOD_NOT_FOUND) throw new RelayRefusedError(kind, label, `there is no ${method}`);
        throw new RelayRejectedError(kind, label, method, error.code, message);
      }
      if (answer.output.id !== id) throw new RelayGarbageError(kind, label, `an answer with another id to ${method}`);
      const parsed = v.safeParse(schema, result);
      if (parsed.success) return parsed.output;
      const path = v.getDotPath(parsed.issues[0]);
      throw new RelayGarbageError(kind, label, `the result of ${method}${path === null ? '' : ` at ${path}`}`);
    },
  });
}

/** Ends by itself, by time or by the caller, and does not wait for a task that does not listen. */
async function within<T>(
  timeoutMs: number,
  timedOut: EvenkeelError,
  signal: AbortSignal | undefined,
  task: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (signal?.aborted) throw new RelayAbortedError(signal.reason);
  const controller = new AbortController();
  let stop: (error: EvenkeelError) => void = () => undefined;
  const stopped = new Promise<never>((_, reject) => {
    stop = (error) => {
      reject(error);
      controller.abort(error);
    };
  });
  const timer = setTimeout(() => stop(timedOut), timeoutMs);
  const onAbort = (): void => stop(new RelayAbortedError(signal?.reason));
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([task(controller.signal), stopped]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }
}

function parseUrl(url: string): URL {
  try {
    const parsed = new URL(url);
    if (/^https?:$/.test(parsed.protocol)) return parsed;
  } catch {
    // The same error for both.
  }
  // Not the value: it may hold a key.
  throw new InvalidInputError('url', typeof url, 'is not an http(s) URL', 'Give one like https://bundler.example/rpc.');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Node hides the reason in the cause; addresses of hosts are no secret, URLs may be. */
function problemOf(error: unknown): string {
  let inner = error;
  while (inner instanceof Error && inner.cause instanceof Error) inner = inner.cause;
  const code = (inner as { code?: unknown }).code;
  return typeof code === 'string' ? code : 'the request failed';
}
