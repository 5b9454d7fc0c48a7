import { DevnetError } from '../errors.js';

export interface RpcCall {
  readonly method: string;
  readonly params: readonly unknown[];
}

/** JSON-RPC over HTTP to a node of our own. Requests that are made together leave together. */
export interface Rpc {
  /** @throws {DevnetError} `RPC_FAILED` */
  readonly request: (method: string, params?: readonly unknown[]) => Promise<unknown>;
  /** Several calls in one HTTP request, carried out in their order. The first that failed is thrown. */
  batch(calls: readonly RpcCall[]): Promise<readonly unknown[]>;
}

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: { readonly code?: number; readonly message?: string; readonly data?: unknown };
}

export function createRpc(url: string): Rpc {
  let lastId = 0;

  const post = async (body: unknown): Promise<unknown> => {
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body, (_, value: unknown) =>
          typeof value === 'bigint' ? `0x${value.toString(16)}` : value,
        ),
      });
      return await response.json();
    } catch (cause) {
      throw new DevnetError('RPC_FAILED', `The local chain at ${url} does not answer. Was the world closed?`, {
        cause,
      });
    }
  };

  const envelope = (call: RpcCall): object => ({ jsonrpc: '2.0', id: ++lastId, ...call });

  /** The answers to several calls, in their order. */
  const ask = async (calls: readonly RpcCall[]): Promise<readonly (Answer | undefined)[]> => {
    const [only] = calls;
    if (only !== undefined && calls.length === 1) return [(await post(envelope(only))) as Answer];
    const firstId = lastId + 1;
    const answers = (await post(calls.map(envelope))) as Answer[];
    const byId = new Map(answers.map((answer) => [answer.id, answer]));
    return calls.map((_, index) => byId.get(firstId + index));
  };

  let waiting: RpcCall[] = [];
  let leaving: Promise<readonly (Answer | undefined)[]> | undefined;
  const leave = (): Promise<readonly (Answer | undefined)[]> => {
    const calls = waiting;
    waiting = [];
    leaving = undefined;
    return ask(calls);
  };

  return Object.freeze({
    async request(method: string, params: readonly unknown[] = []): Promise<unknown> {
      const call = { method, params };
      const index = waiting.push(call) - 1;
      leaving ??= Promise.resolve().then(leave);
      return unwrap((await leaving)[index], call);
    },
    async batch(calls: readonly RpcCall[]): Promise<readonly unknown[]> {
      if (calls.length === 0) return [];
      const answers = await ask(calls);
      return calls.map((call, index) => unwrap(answers[index], call));
    },
  });
}

function unwrap(answer: Answer | undefined, call: RpcCall): unknown {
  if (answer !== undefined && answer.error === undefined) return answer.result;
  const { code, message = 'no answer', data } = answer?.error ?? {};
  throw new DevnetError('RPC_FAILED', `${call.method}: ${message}`, { details: { method: call.method, code, data } });
}
