import { inspect } from 'node:util';
import type { Address, Chain, Clock } from '@evenkeel/core';
import { EvenkeelError, InvalidInputError } from '@evenkeel/intents';
import { keccak256 } from 'ethers';
import { jsonRpcChain, type JsonRpcChainOptions } from '@evenkeel/adapters/json-rpc';
import { type Anvil, startEmptyChain } from './support/anvil.js';
import {
  answerError,
  answerResult,
  answerText,
  type Fault,
  type FaultyNode,
  faultyNode,
  type RpcRequest,
} from './support/faulty-node.js';

const SECRET = 'k3yk3yk3yk3yk3y';
const EMPTY: Address = `0x${'e0'.repeat(20)}`;

/** Time that passes only when somebody sleeps. */
function manualClock(): Clock & { readonly sleeps: number[] } {
  const sleeps: number[] = [];
  let now = 1_800_000_000_000;
  return {
    sleeps,
    now: () => now,
    sleep: async (milliseconds) => {
      sleeps.push(milliseconds);
      now += milliseconds;
    },
  };
}

let anvil: Anvil;
let node: FaultyNode;
let second: FaultyNode;
let clock: ReturnType<typeof manualClock>;

const connect = (more: Partial<JsonRpcChainOptions> = {}): Chain =>
  jsonRpcChain({
    id: 31337,
    name: 'local',
    ...(more.urls === undefined ? { url: `${node.url}/v2/${SECRET}?apikey=${SECRET}` } : {}),
    clock,
    ...more,
  } as JsonRpcChainOptions);

/** Connected while the node is still well, so that the chain id is proven. */
const connected = async (more: Partial<JsonRpcChainOptions> = {}): Promise<Chain> => {
  const chain = connect(more);
  await chain.balanceWei(EMPTY);
  return chain;
};

const failure = async (promise: Promise<unknown>): Promise<EvenkeelError> => {
  const error: unknown = await promise.then(
    () => new Error('it succeeded'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(EvenkeelError);
  expect(inspect(error, { depth: 10 })).not.toContain(SECRET);
  expect(JSON.stringify(error)).not.toContain(SECRET);
  return error as EvenkeelError;
};

beforeAll(async () => {
  anvil = await startEmptyChain();
  node = await faultyNode(anvil.rpcUrl);
  second = await faultyNode(anvil.rpcUrl);
});
beforeEach(() => {
  clock = manualClock();
  node.misbehave();
  second.misbehave();
});
afterAll(async () => {
  await node?.close();
  await second?.close();
  await anvil?.stop();
});

const html = `<html><title>Welcome to ${SECRET}</title></html>`;
const faults: readonly (readonly [string, string, boolean, Fault])[] = [
  ['HTML', 'RPC_GARBAGE', true, (response) => answerText(response, 200, html)],
  ['an empty body', 'RPC_GARBAGE', true, (response) => answerText(response, 200, '')],
  ['cut-off JSON', 'RPC_GARBAGE', true, (response) => answerText(response, 200, '{"jsonrpc":"2.0","id":1,"resu')],
  ['JSON that is no answer', 'RPC_GARBAGE', true, (response) => answerText(response, 200, '{"hello":1}')],
  ['a JSON number', 'RPC_GARBAGE', true, (response) => answerText(response, 200, '7')],
  ['null for a value', 'RPC_GARBAGE', true, (response, body) => answerResult(response, body, null)],
  ['a decimal number', 'RPC_GARBAGE', true, (response, body) => answerResult(response, body, 12)],
  [
    'an over-long quantity',
    'RPC_GARBAGE',
    true,
    (response, body) => answerResult(response, body, `0x${'f'.repeat(65)}`),
  ],
  [
    'the wrong id',
    'RPC_GARBAGE',
    true,
    (response) => answerText(response, 200, '{"jsonrpc":"2.0","id":999999,"result":"0x1"}'),
  ],
  ['no result and no error', 'RPC_GARBAGE', true, (response) => answerText(response, 200, '{"jsonrpc":"2.0","id":1}')],
  ['HTTP 500', 'RPC_UNREACHABLE', true, (response) => answerText(response, 500, html)],
  ['HTTP 503 without a body', 'RPC_UNREACHABLE', true, (response) => answerText(response, 503, '')],
  ['HTTP 401', 'RPC_REFUSED', false, (response) => answerText(response, 401, `bad key ${SECRET}`)],
  ['a broken connection', 'RPC_UNREACHABLE', true, (response) => void response.destroy()],
  [
    'a connection that breaks in the body',
    'RPC_UNREACHABLE',
    true,
    (response) => {
      response.writeHead(200, { 'content-length': '100' }).write('{"json');
      setImmediate(() => response.destroy());
    },
  ],
  [
    'a redirect',
    'RPC_UNREACHABLE',
    true,
    (response) => answerText(response, 307, '', { location: 'http://127.0.0.1:1/' }),
  ],
  [
    'an error object',
    'RPC_REJECTED',
    false,
    (response, body) => answerError(response, body, { code: -32000, message: `no such thing at ${SECRET}` }),
  ],
  [
    'an error object under HTTP 400',
    'RPC_REJECTED',
    false,
    (response, body) =>
      answerText(
        response,
        400,
        JSON.stringify({ jsonrpc: '2.0', id: (body as RpcRequest).id, error: { code: -32602, message: 'bad params' } }),
      ),
  ],
  [
    'a rate limit as an error object',
    'RPC_RATE_LIMITED',
    true,
    (response, body) => answerError(response, body, { code: -32005, message: 'slow down' }),
  ],
  [
    'a missing method',
    'RPC_UNSUPPORTED',
    false,
    (response, body) => answerError(response, body, { code: -32601, message: 'Method not found' }),
  ],
];

describe('a node that misbehaves', () => {
  it.each(faults)('by %s gives %s (retryable: %s)', async (_, code, retryable, fault) => {
    const chain = await connected({ retries: 0 });
    node.misbehave(fault);
    const error = await failure(chain.balanceWei(EMPTY));
    expect({ code: error.code, retryable: error.retryable }).toEqual({ code, retryable });
    expect(error.details['node']).toBe(`${node.url}/…`);
  });

  it.each(faults)('by %s fails a read of many callers in the same way', async (_, code, __, fault) => {
    const chain = await connected({ retries: 0 });
    node.misbehave(fault);
    const errors = await Promise.all([failure(chain.read([])), failure(chain.read([{ to: EMPTY, data: '0x' }]))]);
    expect(errors.map((error) => error.code)).toEqual([code, code]);
  });

  it('by never answering gives RPC_TIMEOUT', async () => {
    const chain = await connected({ retries: 0, timeoutMs: 50 });
    node.misbehave(() => undefined);
    const error = await failure(chain.balanceWei(EMPTY));
    expect(error).toMatchObject({ code: 'RPC_TIMEOUT', retryable: true });
    expect(error.message).toContain('eth_getBalance within 50 ms');
  });

  it('by answering without end is cut off', async () => {
    const chain = await connected({ retries: 0, maxResponseBytes: 10_000 });
    node.misbehave((response) => answerText(response, 200, ' '.repeat(20_000)));
    expect(await failure(chain.balanceWei(EMPTY))).toMatchObject({ code: 'RPC_GARBAGE' });
  });

  it('by a receipt, block, log or hash that was not asked for gives RPC_GARBAGE', async () => {
    const chain = await connected({ retries: 0 });
    const real = await anvil.rpc.request('eth_getBlockByNumber', ['0x1', false]);
    const [from] = (await anvil.rpc.request('eth_accounts')) as string[];
    const sent = await anvil.rpc.request('eth_sendTransaction', [{ from, to: EMPTY, gas: '0x5208' }]);
    await anvil.rpc.request('evm_mine');
    const receipt = await anvil.rpc.request('eth_getTransactionReceipt', [sent]);
    expect(receipt).not.toBeNull();
    const asked = `0x${'12'.repeat(32)}` as const;
    node.misbehave((response, body) => answerResult(response, body, receipt));
    expect(await failure(chain.receipt(asked))).toMatchObject({ code: 'RPC_GARBAGE' });
    node.misbehave((response, body) => answerResult(response, body, real));
    expect(await failure(chain.block(2))).toMatchObject({ code: 'RPC_GARBAGE' });
    node.misbehave((response, body) => answerResult(response, body, asked));
    expect(await failure(chain.sendRawTransaction('0x02ff'))).toMatchObject({ code: 'RPC_GARBAGE' });
    const log = { address: EMPTY, topics: [asked], data: '0x', blockNumber: '0x1', transactionHash: asked };
    node.misbehave((response, body) => answerResult(response, body, [log]));
    const filter = { address: `0x${'22'.repeat(20)}` as const, topics: [], fromBlock: 0 };
    expect(await failure(chain.logs(filter))).toMatchObject({ code: 'RPC_GARBAGE' });
  });

  it('by null for a block says that it is behind', async () => {
    const chain = await connected({ retries: 0 });
    node.misbehave((response, body) => answerResult(response, body, null));
    expect(await failure(chain.block(1))).toMatchObject({ code: 'RPC_STALE', retryable: true });
  });

  it('is never believed with another chain id', async () => {
    const chain = connect({ id: 1 });
    const error = await failure(chain.block('latest'));
    expect(error).toMatchObject({ code: 'RPC_WRONG_CHAIN', retryable: false });
    expect(error.message).toContain('serves chain 31337, not chain 1');
    const before = node.posts();
    await failure(chain.block('latest'));
    expect(node.posts()).toBe(before);
  });

  it('is found out when it changes its chain later on', async () => {
    const other = await startEmptyChain(31338);
    try {
      const chain = await connected({ retries: 0 });
      node.misbehave(async (response, body) => {
        const request = body as RpcRequest;
        answerResult(response, body, await other.rpc.request(request.method, request.params));
      });
      expect(await failure(chain.read([]))).toMatchObject({ code: 'RPC_WRONG_CHAIN' });
    } finally {
      await other.stop();
    }
  });

  const ofAnotherChain: Fault = (response, body) => {
    if (!Array.isArray(body)) return 'pass';
    const other = ({ id, method }: RpcRequest) => ({
      jsonrpc: '2.0',
      id,
      result: method === 'eth_chainId' ? '0x1' : '0x7',
    });
    answerText(response, 200, JSON.stringify((body as RpcRequest[]).map(other)));
    return undefined;
  };

  it.each<readonly [string, (chain: Chain) => Promise<unknown>]>([
    ['a while', () => clock.sleep(300_000)],
    [
      'an error',
      async (chain) => {
        node.misbehave((response) => void response.destroy());
        await failure(chain.balanceWei(EMPTY));
      },
    ],
  ])('is asked for its chain again after %s, and not believed with another', async (_, meanwhile) => {
    const chain = await connected({ retries: 0 });
    node.methods.length = 0;
    await chain.balanceWei(EMPTY);
    expect(node.methods).toEqual(['eth_getBalance']);
    await meanwhile(chain);
    const posts = node.posts();
    node.misbehave(ofAnotherChain);
    expect(await failure(chain.balanceWei(EMPTY))).toMatchObject({ code: 'RPC_WRONG_CHAIN' });
    // One request: the question travels along.
    expect(node.posts()).toBe(posts + 1);
    // It has been right before, so that it is given another chance, and then asked for nothing more than is wanted.
    node.misbehave();
    expect(await chain.balanceWei(EMPTY)).toBe(0n);
    node.methods.length = 0;
    await chain.balanceWei(EMPTY);
    expect(node.methods).toEqual(['eth_getBalance']);
  });

  it('is asked for its chain before it is given a transaction, when it has failed', async () => {
    const chain = await connected({ retries: 0 });
    node.misbehave((response) => void response.destroy());
    await failure(chain.balanceWei(EMPTY));
    node.methods.length = 0;
    node.misbehave((response, body) => {
      const { method } = body as RpcRequest;
      if (method === 'eth_chainId') answerResult(response, body, '0x1');
      return method === 'eth_chainId' ? undefined : 'pass';
    });
    expect(await failure(chain.sendRawTransaction('0x02ff'))).toMatchObject({ code: 'RPC_WRONG_CHAIN' });
    expect(node.methods).toEqual(['eth_chainId']);
  });

  it('is found out when it falls behind', async () => {
    const chain = await connected({ retries: 0, maxReorgDepth: 3 });
    const old = await chain.block('latest');
    const raw = await anvil.rpc.request('eth_getBlockByNumber', ['latest', false]);
    await anvil.rpc.request('anvil_mine', ['0x5']);
    expect((await chain.read([])).block.number).toBe(old.number + 5);
    node.misbehave((response, body) => answerResult(response, body, raw));
    expect(await failure(chain.block('latest'))).toMatchObject({ code: 'RPC_STALE', retryable: true });
  });

  it('is found out when its clock stands still, if that is asked for', async () => {
    const { timeSeconds } = await (await connected()).block('latest');
    const now = (timeSeconds + 100) * 1000;
    const strict = connect({ retries: 0, maxBlockAgeSeconds: 60, clock: { ...clock, now: () => now } });
    expect(await failure(strict.block('latest'))).toMatchObject({ code: 'RPC_STALE' });
    expect(await failure(strict.read([]))).toMatchObject({ code: 'RPC_STALE' });
  });
});

describe('trying again', () => {
  const limited =
    (times: number, retryAfter?: string): Fault =>
    (response) =>
      times-- > 0 ? answerText(response, 429, '', retryAfter ? { 'retry-after': retryAfter } : {}) : 'pass';

  it('waits as long as a rate limit asks for, then reads', async () => {
    const chain = await connected();
    node.misbehave(limited(1, '3'));
    expect(await chain.balanceWei(EMPTY)).toBe(0n);
    expect(clock.sleeps).toEqual([3_000]);
  });

  it('waits longer each time, and not for ever', async () => {
    const chain = await connected();
    const before = chain.requestCount();
    node.misbehave(limited(99));
    expect(await failure(chain.balanceWei(EMPTY))).toMatchObject({ code: 'RPC_RATE_LIMITED' });
    expect(clock.sleeps).toEqual([250, 500]);
    expect(chain.requestCount() - before).toBe(3);
  });

  it('leaves a long wait to the caller', async () => {
    const chain = await connected();
    node.misbehave(limited(99, '120'));
    expect(await failure(chain.balanceWei(EMPTY))).toMatchObject({ code: 'RPC_RATE_LIMITED', retryAfterSeconds: 120 });
    expect(clock.sleeps).toEqual([]);
  });

  it('understands a date', async () => {
    const chain = await connected();
    const date = new Date('2026-01-01T00:00:00Z');
    node.misbehave((response) =>
      answerText(response, 429, '', {
        date: date.toUTCString(),
        'retry-after': new Date(date.getTime() + 90_000).toUTCString(),
      }),
    );
    expect(await failure(chain.balanceWei(EMPTY))).toMatchObject({ retryAfterSeconds: 90 });
  });

  it('never repeats a transaction by a timer', async () => {
    const chain = await connected();
    const posts = node.posts();
    node.misbehave(limited(99, '1'));
    expect(await failure(chain.sendRawTransaction('0x02ff'))).toMatchObject({ code: 'RPC_RATE_LIMITED' });
    expect(node.posts() - posts).toBe(1);
    expect(clock.sleeps).toEqual([]);
  });

  it('never repeats what a node rejected', async () => {
    const chain = await connected();
    const posts = node.posts();
    node.misbehave((response, body) => answerError(response, body, { code: -32000, message: 'no' }));
    await failure(chain.balanceWei(EMPTY));
    expect(node.posts() - posts).toBe(1);
  });

  it('ends at once when the caller gives up in a pause or in a request', async () => {
    const controller = new AbortController();
    const chain = await connected({
      clock: {
        now: () => 0,
        sleep: (_, signal) =>
          new Promise((__, reject) => {
            signal!.addEventListener('abort', () => reject(signal!.reason));
            controller.abort();
          }),
      },
    });
    node.misbehave(limited(99));
    expect(await failure(chain.balanceWei(EMPTY, controller.signal))).toMatchObject({ code: 'ABORTED' });
    node.misbehave(() => undefined);
    const another = new AbortController();
    const pending = failure(chain.balanceWei(EMPTY, another.signal));
    another.abort();
    expect(await pending).toMatchObject({ code: 'ABORTED' });
    expect(await failure(chain.read([], another.signal))).toMatchObject({ code: 'ABORTED' });
  });
});

describe('several nodes', () => {
  const both = (): Partial<JsonRpcChainOptions> => ({ urls: [node.url, second.url] });

  it('asks the next when one fails, and remembers for a while', async () => {
    const chain = connect(both());
    expect(await chain.balanceWei(EMPTY)).toBe(0n);
    expect(second.posts()).toBe(0);
    node.misbehave((response) => answerText(response, 500, ''));
    expect(await chain.balanceWei(EMPTY)).toBe(0n);
    expect(clock.sleeps).toEqual([]);
    const posts = node.posts();
    node.misbehave();
    await chain.balanceWei(EMPTY);
    expect(node.posts()).toBe(posts);
    await clock.sleep(60_000);
    await chain.balanceWei(EMPTY);
    expect(node.posts()).toBe(posts + 1);
  });

  it('offers a transaction to the next when one is unreachable, not when it says no', async () => {
    const chain = connect(both());
    await chain.balanceWei(EMPTY);
    node.misbehave((response) => void response.destroy());
    second.misbehave((response, body) =>
      (body as RpcRequest).method === 'eth_sendRawTransaction'
        ? answerError(response, body, { code: -32000, message: 'already known' })
        : 'pass',
    );
    expect(await chain.sendRawTransaction('0x02ff')).toMatch(/^0x/);
    node.misbehave((response, body) => answerError(response, body, { code: -32000, message: 'no' }));
    const fresh = connect(both());
    node.misbehave();
    await fresh.balanceWei(EMPTY);
    node.misbehave((response, body) => answerError(response, body, { code: -32000, message: 'no' }));
    const from = second.posts();
    expect(await failure(fresh.sendRawTransaction('0x02ff'))).toMatchObject({ code: 'RPC_REJECTED' });
    expect(second.posts()).toBe(from);
  });

  it('never asks a node of another chain again', async () => {
    const chain = connect(both());
    node.misbehave((response, body) =>
      (body as RpcRequest).method === 'eth_chainId' ? answerResult(response, body, '0x1') : 'pass',
    );
    await chain.balanceWei(EMPTY);
    await clock.sleep(600_000);
    const posts = node.posts();
    await chain.balanceWei(EMPTY);
    expect(node.posts()).toBe(posts);
  });

  it('leaves JSON-RPC batches to nodes that take them', async () => {
    const chain = connect({ multicall3: null });
    node.misbehave((response, body) =>
      Array.isArray(body)
        ? answerText(response, 400, '{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"no batches here"}}')
        : 'pass',
    );
    const calls = [EMPTY, EMPTY].map((to) => ({ to, data: '0x' as const }));
    expect((await chain.read(calls)).results).toEqual([
      { success: true, data: '0x' },
      { success: true, data: '0x' },
    ]);
  });

  it('does not believe a batch with a missing or doubled answer', async () => {
    const chain = await connected({ multicall3: null, retries: 0 });
    node.misbehave((response, body) => {
      if (!Array.isArray(body)) return 'pass';
      const { id } = (body as RpcRequest[])[0]!;
      const one = { jsonrpc: '2.0', id, result: '0x' };
      answerText(response, 200, JSON.stringify([one, one]));
      return undefined;
    });
    const calls = [EMPTY, EMPTY].map((to) => ({ to, data: '0x' as const }));
    expect(await failure(chain.read(calls))).toMatchObject({ code: 'RPC_GARBAGE' });
  });
});

describe('options', () => {
  it.each([
    [{ url: 'not a url k3yk3yk3yk3yk3y' }, 'url'],
    [{ url: 'ws://127.0.0.1:1' }, 'url'],
    [{ urls: [] }, 'urls'],
    [{ urls: ['http://127.0.0.1:1', 'ftp://x'] }, 'urls[1]'],
    [{ url: 'http://127.0.0.1:1', id: 0 }, 'id'],
    [{ url: 'http://127.0.0.1:1', id: 1.5 }, 'id'],
    [{ url: 'http://127.0.0.1:1', timeoutMs: Number.NaN }, 'timeoutMs'],
    [{ url: 'http://127.0.0.1:1', multicall3: '0x12' as Address }, 'multicall3'],
  ])('%j is refused at %s', async (bad, field) => {
    const make = async (): Promise<unknown> =>
      jsonRpcChain({ id: 31337, name: 'local', ...bad } as JsonRpcChainOptions);
    expect(await failure(make())).toMatchObject({ code: 'INVALID_INPUT', field });
  });

  it('a node that is not there is unreachable', async () => {
    const chain = jsonRpcChain({ id: 31337, name: 'local', url: 'http://127.0.0.1:1', retries: 0 });
    const error = await failure(chain.block('latest'));
    expect(error).toMatchObject({ code: 'RPC_UNREACHABLE', retryable: true });
  });
});

describe('with endpoints of its own for transactions', () => {
  const isSending = (body: RpcRequest | readonly RpcRequest[]): boolean =>
    (body as RpcRequest).method === 'eth_sendRawTransaction';

  it('sends there and nowhere else, and reads where it always did', async () => {
    const chain = await connected({ submitUrls: [second.url] });
    node.methods.length = second.methods.length = 0;
    second.misbehave((response, body) => {
      if (!isSending(body)) return 'pass';
      const [raw] = (body as RpcRequest).params;
      answerResult(response, body, keccak256(raw as string));
    });
    expect(await chain.sendRawTransaction('0x02ff')).toBe(keccak256('0x02ff'));
    expect(await chain.receipt(keccak256('0x02ff') as `0x${string}`)).toBeNull();
    expect(node.methods).toEqual(['eth_getTransactionReceipt']);
    expect(second.methods).toEqual(['eth_chainId', 'eth_sendRawTransaction']);
  });

  it('does not fall back to the public ones when they fail', async () => {
    const chain = await connected({ submitUrls: [second.url] });
    node.methods.length = 0;
    second.misbehave((response) => answerText(response, 503, ''));
    expect(await failure(chain.sendRawTransaction('0x02ff'))).toMatchObject({ code: 'RPC_UNREACHABLE' });
    expect(node.methods).not.toContain('eth_sendRawTransaction');
  });

  it('refuses a list without endpoints', () => {
    expect(() => connect({ submitUrls: [] })).toThrow(InvalidInputError);
  });
});
