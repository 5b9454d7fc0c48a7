import { DevnetError } from '../errors.js';

export interface RpcCall {
  readonly method: string;
  readonly params: readonly unknown[];
}

/** JSON-RPC over HTTP to a node of our own. */
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

  return Object.freeze({
    async request(method: string, params: readonly unknown[] = []): Promise<unknown> {
      const call = { method, params };
      return unwrap((await post(envelope(call))) as Answer, call);
    },
    async batch(calls: readonly RpcCall[]): Promise<readonly unknown[]> {
      if (calls.length === 0) return [];
      const firstId = lastId + 1;
      const answers = (await post(calls.map(envelope))) as Answer[];
      const byId = new Map(answers.map((answer) => [answer.id, answer]));
      return calls.map((call, index) => unwrap(byId.get(firstId + index), call));
    },
  });
}

function unwrap(answer: Answer | undefined, call: RpcCall): unknown {
  if (answer !== undefined && answer.error === undefined) return answer.result;
  const { code, message = 'no answer', data } = answer?.error ?? {};
  throw new DevnetError('RPC_FAILED', `${call.method}: ${message}`, { details: { method: call.method, code, data } });
}
