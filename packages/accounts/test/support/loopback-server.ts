import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Refuses a request with this JSON-RPC error. */
export class RpcError extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

export interface LoopbackServer {
  readonly url: string;
  close(): Promise<void>;
}

/** JSON-RPC over loopback HTTP. `trouble` makes it hang or answer with a page. */
export async function startLoopbackServer(
  handle: (method: string, params: readonly unknown[]) => Promise<unknown>,
  trouble: () => 'hangs' | 'garbage' | undefined,
): Promise<LoopbackServer> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const how = trouble();
      if (how === 'hangs') return;
      if (how === 'garbage') {
        response.end('<html>Bad gateway</html>');
        return;
      }
      const { id, method, params } = JSON.parse(Buffer.concat(chunks).toString()) as {
        id: number;
        method: string;
        params: unknown[];
      };
      handle(method, params).then(
        (result) => response.end(JSON.stringify({ jsonrpc: '2.0', id, result })),
        (error: unknown) => {
          const code = error instanceof RpcError ? error.code : -32_603;
          const message = error instanceof Error ? error.message : 'internal error';
          response.end(JSON.stringify({ jsonrpc: '2.0', id, error: { code, message } }));
        },
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return Object.freeze({
    url: `http://127.0.0.1:${port}/rpc`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}
