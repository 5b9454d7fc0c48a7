import * as v from 'valibot';
import { describe, EvenkeelError } from '@evenkeel/intents';
import type { Hex } from '@evenkeel/core';
import {
  RpcGarbageError,
  RpcRateLimitedError,
  RpcRefusedError,
  RpcRejectedError,
  RpcStaleError,
  RpcUnreachableError,
  RpcUnsupportedError,
} from './errors.js';
import { nodeLabel, redactor } from './redact.js';
import { answerSchema, hexSchema, type RawAnswer, type RawError } from './schemas.js';

export interface RpcCall {
  readonly method: string;
  readonly params: readonly unknown[];
}

/** What one call of an exchange came to. */
export type RpcAnswer =
  { readonly ok: true; readonly result: unknown } | { readonly ok: false; readonly error: EvenkeelError };

/** A way to one node. */
export interface Transport {
  /** The node's name, fit for logs. */
  readonly label: string;
  /**
   * Sends calls together and gives one answer a call, in order.
   * @throws EvenkeelError when the exchange as a whole failed.
   */
  exchange(calls: readonly RpcCall[], signal: AbortSignal): Promise<readonly RpcAnswer[]>;
}

/** An EIP-1193 `request` function, as wallets and other providers have it. */
export type Eip1193Request = (args: {
  readonly method: string;
  readonly params?: readonly unknown[];
}) => Promise<unknown>;

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** JSON-RPC 2.0 over HTTP POST. */
export function httpTransport(url: URL, fetch: Fetch, maxResponseBytes: number): Transport {
  const label = nodeLabel(url);
  const redact = redactor(url);
  let nextId = 1;
  let takesBatches = true;

  const post = async (body: unknown, signal: AbortSignal): Promise<unknown> => {
    const response = await send(body, signal);
    const text = await readText(response, label, maxResponseBytes, redact);
    const parsed = parseJson(text);
    // Some nodes put a JSON-RPC error into a 4xx or 5xx response; it says more than the status does.
    if (!response.ok && !(parsed.ok && carriesError(parsed.value))) throw httpError(label, response);
    if (response.status === 429) throw httpError(label, response);
    if (!parsed.ok) throw new RpcGarbageError(label, notJson(text, redact));
    return parsed.value;
  };

  const send = async (body: unknown, signal: AbortSignal): Promise<Response> => {
    try {
      return await fetch(url.href, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
        redirect: 'error',
        signal,
      });
    } catch (error) {
      throw new RpcUnreachableError(label, redact(networkProblem(error)));
    }
  };

  const single = async (call: RpcCall, signal: AbortSignal): Promise<RpcAnswer> => {
    const id = nextId++;
    const answer = parseAnswer(label, await post(envelope(id, call), signal));
    // A node that could not even read the request answers with a null id (JSON-RPC 2.0, section 5).
    if (answer.id !== id && !(answer.error && (answer.id ?? null) === null)) throw wrongId(label, id, answer.id);
    return settle(label, call, answer, redact);
  };

  const together = async (
    calls: readonly RpcCall[],
    signal: AbortSignal,
  ): Promise<readonly RpcAnswer[] | undefined> => {
    const requests = calls.map((call) => envelope(nextId++, call));
    const body = await post(requests, signal);
    if (!Array.isArray(body)) {
      const answer = parseAnswer(label, body);
      const failed = settle(label, { method: 'a batch', params: [] }, answer, redact);
      if (!failed.ok && (failed.error instanceof RpcRejectedError || failed.error instanceof RpcUnsupportedError)) {
        return undefined;
      }
      throw failed.ok ? new RpcGarbageError(label, 'one answer to a batch of requests') : failed.error;
    }
    const answers = new Map(body.map((item) => parseAnswer(label, item)).map((answer) => [answer.id, answer]));
    if (answers.size !== requests.length || body.length !== requests.length) {
      throw new RpcGarbageError(label, `${body.length} answers to ${requests.length} requests`);
    }
    return requests.map((request, index) => {
      const answer = answers.get(request.id);
      if (answer === undefined) throw new RpcGarbageError(label, `no answer with id ${request.id}`);
      return settle(label, calls[index]!, answer, redact);
    });
  };

  return {
    label,
    exchange: async (calls, signal) => {
      if (calls.length === 1) return [await single(calls[0]!, signal)];
      if (takesBatches) {
        const answers = await together(calls, signal);
        if (answers !== undefined) return answers;
        takesBatches = false;
      }
      return Promise.all(calls.map((call) => single(call, signal)));
    },
  };
}

/** A provider that somebody else connected. It cannot be aborted: the caller stops waiting, the provider may not. */
export function eip1193Transport(request: Eip1193Request): Transport {
  const label = 'given by request()';
  const one = async (call: RpcCall): Promise<RpcAnswer> => {
    try {
      return { ok: true, result: await request({ method: call.method, params: call.params }) };
    } catch (error) {
      if (error instanceof EvenkeelError) return { ok: false, error };
      const raw = v.safeParse(v.object({ code: v.number(), message: v.string(), data: v.unknown() }), {
        code: fieldOf(error, 'code'),
        message: fieldOf(error, 'message'),
        data: fieldOf(error, 'data'),
      });
      if (!raw.success) return { ok: false, error: new RpcUnreachableError(label, networkProblem(error)) };
      return { ok: false, error: answerError(label, call, raw.output, (text) => text) };
    }
  };
  return { label, exchange: (calls) => Promise.all(calls.map(one)) };
}

/** Own or inherited: what providers throw is sometimes an Error, and sometimes only looks like one. */
function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function settle(label: string, call: RpcCall, answer: RawAnswer, redact: (text: string) => string): RpcAnswer {
  return answer.error
    ? { ok: false, error: answerError(label, call, answer.error, redact) }
    : { ok: true, result: answer.result };
}

/** Which failure mode an error object stands for; nodes use the codes differently, so that words count as well. */
function answerError(label: string, call: RpcCall, raw: RawError, redact: (text: string) => string): EvenkeelError {
  const message = redact(raw.message);
  if (raw.code === 429 || raw.code === -32005 || /rate limit|too many requests|request limit/i.test(message)) {
    return new RpcRateLimitedError(label, undefined);
  }
  if (raw.code === -32601 || /method .*(not (found|supported|available|exist)|unsupported)/i.test(message)) {
    return new RpcUnsupportedError(label, call.method);
  }
  if (/header not found|unknown block|block not found|missing trie node|BlockOutOfRange/i.test(message)) {
    return new RpcStaleError(label, `it says "${message}" to ${call.method}`);
  }
  return new RpcRejectedError(label, call.method, { code: raw.code, message, data: revertData(raw.data) });
}

/** Geth and anvil give revert data as a string, others inside of an object. */
function revertData(data: unknown): Hex | undefined {
  const candidate = typeof data === 'object' && data !== null && 'data' in data ? data.data : data;
  const parsed = v.safeParse(hexSchema, candidate);
  return parsed.success ? parsed.output : undefined;
}

function parseAnswer(label: string, value: unknown): RawAnswer {
  const parsed = v.safeParse(answerSchema, value);
  if (parsed.success) return parsed.output;
  throw new RpcGarbageError(label, `not a JSON-RPC answer: ${parsed.issues[0].message}`);
}

function envelope(id: number, { method, params }: RpcCall): RpcCall & { readonly jsonrpc: '2.0'; readonly id: number } {
  return { jsonrpc: '2.0', id, method, params };
}

function wrongId(label: string, sent: number, got: unknown): RpcGarbageError {
  return new RpcGarbageError(label, `id ${describe(got)} on the answer to request ${sent}`);
}

function carriesError(value: unknown): boolean {
  return v.is(v.object({ error: v.object({ code: v.number() }) }), value);
}

function parseJson(text: string): { readonly ok: true; readonly value: unknown } | { readonly ok: false } {
  try {
    return { ok: true, value: JSON.parse(text) as unknown };
  } catch {
    return { ok: false };
  }
}

function notJson(text: string, redact: (text: string) => string): string {
  if (text.trim() === '') return 'an empty body';
  const start = redact(text.trim().replace(/\s+/g, ' ')).slice(0, 60);
  return `${text.trimStart().startsWith('<') ? 'HTML' : 'text that is not whole JSON'} (${describe(start)})`;
}

function httpError(label: string, response: Response): EvenkeelError {
  if (response.status === 429) return new RpcRateLimitedError(label, retryAfterSeconds(response));
  if (response.status >= 500) return new RpcUnreachableError(label, `it answers HTTP ${response.status}`);
  return new RpcRefusedError(label, response.status);
}

/** `Retry-After` in seconds or as a date (RFC 9110, section 10.2.3). The date is measured on the server's own clock. */
function retryAfterSeconds(response: Response): number | undefined {
  const header = response.headers.get('retry-after');
  if (header === null) return undefined;
  if (/^\d+$/.test(header.trim())) return Number(header);
  const until = Date.parse(header);
  const now = Date.parse(response.headers.get('date') ?? '');
  return Number.isFinite(until - now) ? Math.max(0, Math.ceil((until - now) / 1000)) : undefined;
}

/** The body as text; refuses to hold more than `limit` bytes of it. */
async function readText(
  response: Response,
  label: string,
  limit: number,
  redact: (text: string) => string,
): Promise<string> {
  if (response.body === null) return '';
  const reader: ReadableStreamDefaultReader<Uint8Array> = response.body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return text + decoder.decode();
      size += value.byteLength;
      if (size > limit) break;
      text += decoder.decode(value, { stream: true });
    }
  } catch (error) {
    throw new RpcUnreachableError(label, `the connection broke in the answer (${redact(networkProblem(error))})`);
  }
  await reader.cancel().catch(() => undefined);
  throw new RpcGarbageError(label, `more than ${limit} bytes`);
}

/** The innermost cause is what helps: "connect ECONNREFUSED 127.0.0.1:1", not "fetch failed". */
function networkProblem(error: unknown): string {
  let inner = error;
  while (inner instanceof Error && inner.cause instanceof Error) inner = inner.cause;
  if (!(inner instanceof Error)) return 'the request failed';
  const code = (inner as { code?: unknown }).code;
  return inner.message || (typeof code === 'string' ? code : inner.name);
}
