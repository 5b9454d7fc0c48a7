import { createServer, type IncomingMessage, request as httpRequest, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { randomStream } from '../build/random.js';

/** What a node may do to a request. */
export const NODE_FAULTS = [
  /** Answers late. */
  'delay',
  /** Takes the request, does what it asks, and closes the connection without an answer. */
  'drop',
  /** Does twice what was asked for once. */
  'repeat',
  /** Gives the answers of a batch in another order, and lets later requests pass. */
  'reorder',
  /** Answers 429 with `Retry-After`, and does nothing. */
  'rate-limit',
  /** Says that it serves another chain. */
  'wrong-chain',
  /** Gives an old block for the latest one. */
  'old-block',
  /** Cuts its answer off. */
  'truncate',
  /** Says that everybody has nothing. */
  'zero-balance',
] as const;

export type NodeFault = (typeof NODE_FAULTS)[number];

export interface FaultyNodeOptions {
  /** The node that is behind it, such as `WorldChain.rpcUrl`. */
  readonly rpcUrl: string;
  /** Which requests are hit follows from it, and from the order in which they come. Default: 1. */
  readonly seed?: number;
  /** Share of requests that each fault hits, 0 to 1; they are independent. Default: none. */
  readonly faults?: NodeFaultShares;
  /** The longest delay. Default: 200. */
  readonly delayMs?: number;
  /** How far an old block lies back. Default: 300. */
  readonly oldBlocks?: number;
}

export type NodeFaultShares = Partial<Readonly<Record<NodeFault, number>>>;

/** A real HTTP server in front of a real node. */
export interface FaultyNode {
  readonly rpcUrl: string;
  /** Takes the place of the shares that were in force. */
  setFaults(faults: NodeFaultShares): void;
  /** Requests so far, and how often each fault was done. */
  counts(): Readonly<Record<NodeFault | 'requests', number>>;
  close(): Promise<void>;
}

interface RpcRequest {
  readonly id?: unknown;
  readonly method?: string;
  readonly params?: readonly unknown[];
}
type RpcAnswer = Record<string, unknown>;

/**
 * Puts a server in front of a node that fails and lies as real endpoints do: it delays, drops, repeats, reorders, limits,
 * and says what is not true.
 *
 * @example
 * ```ts
 * const node = await startFaultyNode({ rpcUrl: world.chains[0].rpcUrl, faults: { drop: 0.1, 'wrong-chain': 0.05 } })
 * const chain = jsonRpcChain({ id: 31337, name: 'home', urls: [node.rpcUrl, otherUrl] })
 * ```
 */
export async function startFaultyNode(options: FaultyNodeOptions): Promise<FaultyNode> {
  const { delayMs = 200, oldBlocks = 300, rpcUrl, seed = 1 } = options;
  const random = randomStream(seed);
  let shares = options.faults ?? {};
  const counts = Object.fromEntries([...NODE_FAULTS, 'requests'].map((name) => [name, 0])) as Record<
    NodeFault | 'requests',
    number
  >;
  const hits = (fault: NodeFault): boolean => random() < (shares[fault] ?? 0);

  const ask: Ask = (body) => post(rpcUrl, body);

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await bodyOf(request);
    counts.requests += 1;
    // All at once, so that what hits a request does not hang on how long others take.
    const chosen = new Set(NODE_FAULTS.filter(hits));
    const does = (fault: NodeFault): boolean => {
      if (chosen.has(fault)) counts[fault] += 1;
      return chosen.has(fault);
    };
    if (does('rate-limit')) {
      response.writeHead(429, { 'retry-after': '0' }).end('Too many requests');
      return;
    }
    if (does('delay')) await delay(delayMs * random());
    const asked = chosen.has('old-block') ? withOldBlock(body, await heightOf(ask), oldBlocks) : body;
    if (asked !== body) counts['old-block'] += 1;
    if (does('repeat')) await ask(asked);
    const { status, text } = await ask(asked);
    if (does('drop')) {
      response.destroy();
      return;
    }
    if (does('reorder')) await delay(delayMs);
    const answer = changed(text, body, chosen, (fault) => (counts[fault] += 1));
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(does('truncate') ? answer.slice(0, Math.floor(answer.length / 2)) : answer);
  };

  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return Object.freeze({
    rpcUrl: `http://127.0.0.1:${port}`,
    setFaults: (faults) => {
      shares = faults;
    },
    counts: () => Object.freeze({ ...counts }),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  } satisfies FaultyNode);
}

interface Said {
  readonly status: number;
  readonly text: string;
}
type Ask = (body: string) => Promise<Said>;

/** Without the platform's `fetch`, which those in front of this server may have changed. */
function post(url: string, body: string): Promise<Said> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const asking = httpRequest(url, { method: 'POST', headers }, (response) => {
      bodyOf(response).then((text) => resolve({ status: response.statusCode ?? 502, text }), reject);
    });
    asking.once('error', reject);
    asking.end(body);
  });
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

async function heightOf(ask: Ask): Promise<number> {
  const { text } = await ask(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_blockNumber', params: [] }));
  return Number((JSON.parse(text) as { readonly result: string }).result);
}

/** The same questions about a block of long ago; as they are where they name no latest block. */
function withOldBlock(body: string, height: number, back: number): string {
  const old = `0x${Math.max(0, height - back).toString(16)}`;
  return body.replaceAll('"latest"', `"${old}"`);
}

/** What the node has said, with what is not true in it. */
function changed(
  text: string,
  body: string,
  chosen: ReadonlySet<NodeFault>,
  count: (fault: NodeFault) => unknown,
): string {
  const asked = JSON.parse(body) as RpcRequest | readonly RpcRequest[];
  const said = JSON.parse(text) as RpcAnswer | RpcAnswer[];
  const questions = Array.isArray(asked) ? (asked as readonly RpcRequest[]) : [asked as RpcRequest];
  const methods = new Map(questions.map(({ id, method }) => [id, method]));
  const lie = (answer: RpcAnswer): RpcAnswer => {
    const method = methods.get(answer['id']);
    const fault = method === 'eth_chainId' ? 'wrong-chain' : method === 'eth_getBalance' ? 'zero-balance' : undefined;
    if (fault === undefined || !chosen.has(fault)) return answer;
    count(fault);
    return { ...answer, result: fault === 'wrong-chain' ? '0x539' : '0x0' };
  };
  if (!Array.isArray(said)) return JSON.stringify(lie(said));
  const answers = said.map(lie);
  return JSON.stringify(chosen.has('reorder') ? answers.reverse() : answers);
}
