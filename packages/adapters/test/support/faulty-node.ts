import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface RpcRequest {
  readonly id: number;
  readonly method: string;
  readonly params: readonly unknown[];
}

/** How the node answers one HTTP request; `undefined` passes it on. */
export type Fault = (
  response: ServerResponse,
  body: RpcRequest | readonly RpcRequest[],
) => void | undefined | 'pass' | Promise<void | 'pass'>;

export interface FaultyNode {
  readonly url: string;
  /** Every JSON-RPC method that arrived, in order. */
  readonly methods: string[];
  /** HTTP requests that arrived. */
  readonly posts: () => number;
  /** Sets what happens to requests from now on; without it they go to the real node. */
  misbehave(fault?: Fault): void;
  close(): Promise<void>;
}

/** A loopback server before a real node that can be told to misbehave. */
export async function faultyNode(realUrl: string): Promise<FaultyNode> {
  const methods: string[] = [];
  let posts = 0;
  let fault: Fault | undefined;
  const server: Server = createServer((request, response) => {
    void handle(request, response).catch(() => response.destroy());
  });
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const text = await textOf(request);
    posts += 1;
    const body = JSON.parse(text) as RpcRequest | readonly RpcRequest[];
    for (const each of Array.isArray(body) ? (body as RpcRequest[]) : [body as RpcRequest]) methods.push(each.method);
    if (fault !== undefined && (await fault(response, body)) !== 'pass') return;
    const answer = await fetch(realUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: text,
    });
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text());
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    methods,
    posts: () => posts,
    misbehave: (next) => {
      fault = next;
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}

export function answerText(
  response: ServerResponse,
  status: number,
  text: string,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text);
}

export function answerResult(
  response: ServerResponse,
  body: RpcRequest | readonly RpcRequest[],
  result: unknown,
): void {
  answerText(response, 200, JSON.stringify({ jsonrpc: '2.0', id: (body as RpcRequest).id, result }));
}

export function answerError(
  response: ServerResponse,
  body: RpcRequest | readonly RpcRequest[],
  error: { readonly code: number; readonly message: string; readonly data?: unknown },
): void {
  answerText(response, 200, JSON.stringify({ jsonrpc: '2.0', id: (body as RpcRequest).id, error }));
}
