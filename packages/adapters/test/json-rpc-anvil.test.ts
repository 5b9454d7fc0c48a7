import { AbiCoder, Wallet } from 'ethers';
import type { Address, Chain, Hex } from '@evenkeel/core';
import { jsonRpcChain, MULTICALL3_ADDRESS } from '@evenkeel/adapters/json-rpc';
import { type Anvil, startEmptyChain } from './support/anvil.js';
import { answerError, type FaultyNode, faultyNode, type RpcRequest } from './support/faulty-node.js';

const wallet = new Wallet(`0x${'17'.repeat(32)}`);
const sender = wallet.address as Address;
const at = (byte: string): Address => `0x${byte.repeat(20)}`;

/** Adds its calldata word to slot 0, logs the sum, returns it. */
const COUNTER = at('c0');
const COUNTER_CODE = '0x5f545f35015f81905580' + '5f525f60205fa1' + '60205ff3';
/** Reverts with its calldata. */
const REVERTER = at('c1');
const REVERTER_CODE = '0x365f5f37365ffd';
/** Returns caller, origin, its balance and the call's value. */
const MIRROR = at('c2');
const MIRROR_CODE = '0x335f52326020524760405234606052' + '60805ff3';
const word = (value: bigint): Hex => `0x${value.toString(16).padStart(64, '0')}`;

let anvil: Anvil;
let node: FaultyNode;
let chain: Chain;

beforeAll(async () => {
  anvil = await startEmptyChain();
  node = await faultyNode(anvil.rpcUrl);
  await anvil.rpc.request('anvil_setCode', [COUNTER, COUNTER_CODE]);
  await anvil.rpc.request('anvil_setCode', [REVERTER, REVERTER_CODE]);
  await anvil.rpc.request('anvil_setCode', [MIRROR, MIRROR_CODE]);
  await anvil.rpc.request('anvil_setBalance', [sender, word(10n ** 18n)]);
  chain = jsonRpcChain({ id: 31337, name: 'local', url: node.url });
});
afterEach(() => node.misbehave());
afterAll(async () => {
  await node?.close();
  await anvil?.stop();
});

const without = (method: string): void =>
  node.misbehave((response, body) => {
    if ((body as RpcRequest).method !== method) return 'pass';
    answerError(response, body, { code: -32601, message: 'Method not found' });
    return undefined;
  });

const mirror = { to: MIRROR, data: '0x' as Hex };

describe('blocks and accounts', () => {
  it('reads blocks by tag and number', async () => {
    const latest = await chain.block('latest');
    const same = await chain.block(latest.number);
    expect(same).toEqual(latest);
    expect(Object.isFrozen(latest)).toBe(true);
    const raw = (await anvil.rpc.request('eth_getBlockByNumber', ['latest', false])) as Record<string, string>;
    expect(latest).toEqual({
      number: Number(raw['number']),
      hash: raw['hash'],
      parentHash: raw['parentHash'],
      timeSeconds: Number(raw['timestamp']),
      baseFeeWei: BigInt(raw['baseFeePerGas']!),
    });
    await expect(chain.block(10_000_000)).rejects.toMatchObject({ code: 'RPC_STALE' });
  });

  it('reads code, balance, nonce and fees', async () => {
    expect(await chain.code(REVERTER)).toBe(REVERTER_CODE);
    expect(await chain.code(at('ee'))).toBe('0x');
    expect(await chain.balanceWei(sender)).toBe(10n ** 18n);
    expect(await chain.transactionCount(sender, 'latest')).toBe(0);
    const fees = await chain.fees();
    expect(fees.baseFeeWei).toBeGreaterThan(0n);
    expect(fees.priorityFeeWei).toBeGreaterThan(0n);
  });
});

describe('read', () => {
  it('joins all callers of a turn into one eth_call at one block', async () => {
    const before = chain.requestCount();
    const from = node.methods.length;
    const [first, second, third] = await Promise.all([
      chain.read([mirror, { to: REVERTER, data: '0xdeadbeef' }]),
      chain.read([]),
      Promise.resolve().then(() => chain.read([mirror])),
    ]);
    expect(node.methods.slice(from)).toEqual(['eth_call']);
    expect(chain.requestCount() - before).toBe(1);
    const block = await chain.block('latest');
    const seen = { number: block.number, timeSeconds: block.timeSeconds, baseFeeWei: block.baseFeeWei };
    for (const batch of [first, second, third]) expect(batch.block).toEqual(seen);
    expect(first.results).toHaveLength(2);
    expect(first.results[1]).toEqual({ success: false, data: '0xdeadbeef' });
    expect(second.results).toEqual([]);
    const [caller] = AbiCoder.defaultAbiCoder().decode(['address'], third.results[0]!.data);
    expect(caller).toBe(MULTICALL3_ADDRESS);
    expect(Object.isFrozen(first) && Object.isFrozen(first.results) && Object.isFrozen(first.results[0])).toBe(true);
  });

  it('splits above its limits and still sees one block', async () => {
    const small = jsonRpcChain({ id: 31337, name: 'local', url: node.url, maxCallsPerRead: 3 });
    await small.block('latest');
    const from = node.methods.length;
    // A block arrives after the first part was answered; the others are read at the first one's number.
    let calls = 0;
    node.misbehave(async () => {
      if (calls++ === 1) await anvil.rpc.request('evm_mine');
      return 'pass' as const;
    });
    const blockNumber = { to: MULTICALL3_ADDRESS, data: '0x42cbb15c' as Hex };
    const batch = await small.read(Array.from({ length: 8 }, () => blockNumber));
    expect(batch.results.map(({ data }) => Number(data))).toEqual(Array.from({ length: 8 }, () => batch.block.number));
    expect(node.methods.slice(from)).toEqual(['eth_call', 'eth_call', 'eth_call']);
    expect((await chain.block('latest')).number).toBe(batch.block.number + 1);
  });

  it('halves what the node finds too much', async () => {
    let refused = 0;
    node.misbehave((response, body) => {
      if (JSON.stringify(body).length < 4_000) return 'pass';
      refused += 1;
      answerError(response, body, { code: -32000, message: 'out of gas' });
      return undefined;
    });
    const calls = Array.from({ length: 12 }, (_, index) => ({ to: REVERTER, data: word(BigInt(index)) }));
    const { results } = await chain.read(calls);
    expect(refused).toBeGreaterThan(0);
    expect(results.map((result) => BigInt(result.data))).toEqual(calls.map((_, index) => BigInt(index)));
  });

  it('asks for the block when the node hides the base fee from calls, once a block', async () => {
    node.misbehave(async (response, body) => {
      const request = body as RpcRequest;
      if (request.method !== 'eth_call') return 'pass';
      const real = (await anvil.rpc.request('eth_call', [...request.params, {}, { baseFeePerGas: '0x0' }])) as Hex;
      response.end(JSON.stringify({ jsonrpc: '2.0', id: request.id, result: real }));
      return undefined;
    });
    const from = node.methods.length;
    const block = await chain.block('latest');
    for (let round = 0; round < 2; round++) {
      expect((await chain.read([mirror])).block.baseFeeWei).toBe(block.baseFeeWei);
    }
    expect(node.methods.slice(from + 1)).toEqual(['eth_call', 'eth_getBlockByNumber', 'eth_call']);
  });

  it('falls back to a JSON-RPC batch at one block where there is no Multicall3', async () => {
    const bare = jsonRpcChain({ id: 31337, name: 'local', url: node.url, multicall3: at('99') });
    const calls = [mirror, { to: REVERTER, data: '0xabcd' as Hex }];
    const first = await bare.read(calls);
    expect(first.results[1]).toEqual({ success: false, data: '0xabcd' });
    expect(first.results[0]!.success).toBe(true);
    const block = await chain.block('latest');
    expect(first.block).toEqual({
      number: block.number,
      timeSeconds: block.timeSeconds,
      baseFeeWei: block.baseFeeWei,
    });
    const from = node.methods.length;
    const posts = node.posts();
    expect(await bare.read(calls)).toEqual(first);
    expect(node.methods.slice(from)).toEqual(['eth_getBlockByNumber', 'eth_call', 'eth_call']);
    expect(node.posts() - posts).toBe(2);
  });

  it('lets one caller give up without harming the others', async () => {
    const controller = new AbortController();
    const given = chain.read([mirror], controller.signal);
    const kept = chain.read([mirror]);
    controller.abort();
    await expect(given).rejects.toMatchObject({ code: 'ABORTED' });
    expect((await kept).results).toHaveLength(1);
  });

  it('works through an EIP-1193 provider', async () => {
    const wallets = jsonRpcChain({
      id: 31337,
      name: 'wallet',
      request: async ({ method, params = [] }) => {
        const answer = await fetch(anvil.rpcUrl, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
        });
        const { result, error } = (await answer.json()) as { result?: unknown; error?: { message: string } };
        if (error) throw Object.assign(new Error(error.message), error);
        return result;
      },
    });
    expect((await wallets.read([mirror])).results[0]!.success).toBe(true);
    await expect(wallets.sendRawTransaction('0x01')).rejects.toMatchObject({ code: 'RPC_REJECTED' });
  });
});

describe.each(['eth_simulateV1', 'eth_call'])('simulate by %s', (method) => {
  let simulating: Chain;
  beforeEach(() => {
    if (method === 'eth_call') without('eth_simulateV1');
    simulating = jsonRpcChain({ id: 31337, name: 'local', url: node.url });
  });

  it('runs calls one after another, each seeing the ones before', async () => {
    const add = (value: bigint) => ({ to: COUNTER, data: word(value), valueWei: 0n });
    const results = await simulating.simulate({ from: sender, calls: [add(5n), add(7n)] });
    expect(results.map((result) => [result.success, BigInt(result.data)])).toEqual([
      [true, 5n],
      [true, 12n],
    ]);
    // Storing to a fresh slot costs 22,100 (EIP-2929); a transaction costs 21,000 before that.
    expect(results[0]!.gasUsed).toBeGreaterThan(43_000n);
    expect(results[0]!.gasUsed).toBeLessThan(50_000n);
    if (method === 'eth_simulateV1') {
      expect(results[1]!.logs).toEqual([{ address: COUNTER, topics: [word(0n)], data: word(12n) }]);
    } else {
      expect(results[1]!.logs).toEqual([]);
    }
    expect((await chain.read([{ to: COUNTER, data: word(0n) }])).results[0]!.data).toBe(word(0n));
    expect(Object.isFrozen(results) && Object.isFrozen(results[0])).toBe(true);
  });

  it('sends from the real account, with overridden balances and storage', async () => {
    const results = await simulating.simulate({
      from: sender,
      calls: [
        { to: MIRROR, data: '0x', valueWei: 3n * 10n ** 18n },
        { to: COUNTER, data: word(1n), valueWei: 0n },
      ],
      overrides: { [sender]: { balanceWei: 5n * 10n ** 18n }, [COUNTER]: { storage: { [word(0n)]: word(41n) } } },
    });
    const [caller, origin, balance, value] = AbiCoder.defaultAbiCoder().decode(
      ['address', 'address', 'uint256', 'uint256'],
      results[0]!.data,
    );
    expect([caller, origin, balance, value]).toEqual([sender, sender, 3n * 10n ** 18n, 3n * 10n ** 18n]);
    expect(BigInt(results[1]!.data)).toBe(42n);
  });

  it('goes on after a revert and says why in words', async () => {
    const coder = AbiCoder.defaultAbiCoder();
    const reason = `0x08c379a0${coder.encode(['string'], ['STF']).slice(2)}` as Hex;
    const panic = `0x4e487b71${coder.encode(['uint256'], [17]).slice(2)}` as Hex;
    const revert = (data: Hex) => ({ to: REVERTER, data, valueWei: 0n });
    const results = await simulating.simulate({
      from: sender,
      calls: [revert(reason), revert(panic), revert('0xdeadbeef'), revert('0x'), { ...mirror, valueWei: 0n }],
    });
    expect(results.map((result) => result.error)).toEqual([
      'STF',
      'panic 17: arithmetic overflow or underflow',
      'reverted with custom error 0xdeadbeef',
      'reverted without a reason',
      undefined,
    ]);
    expect(results.map((result) => result.success)).toEqual([false, false, false, false, true]);
    expect(results[0]!.data).toBe(reason);
  });

  it('says which call sends more than there is', async () => {
    const results = await simulating.simulate({
      from: sender,
      calls: [
        { ...mirror, valueWei: 0n },
        { ...mirror, valueWei: 10n ** 20n },
      ],
    });
    expect(results.map((result) => result.success)).toEqual([true, false]);
    expect(results[1]!.error).toContain('does not have the 100000000000000000000 wei');
  });

  it('keeps to gas limits', async () => {
    const call = { to: COUNTER, data: word(1n), valueWei: 0n };
    const [result] = await simulating.simulate({ from: sender, calls: [{ ...call, gasLimit: 22_000n }] });
    expect(result!.success).toBe(false);
  });

  it('lets a contract account answer for itself', async () => {
    // The account returns the word 7 to whoever calls; the mirror of its call asks it.
    const account = at('c5');
    const asker = at('c6');
    await anvil.rpc.request('anvil_setCode', [account, '0x60075f5260205ff3']);
    // Calls its caller with no data and returns what that returned.
    await anvil.rpc.request('anvil_setCode', [asker, '0x60205f5f5f5f335af15060205ff3']);
    const [result] = await simulating.simulate({ from: account, calls: [{ to: asker, data: '0x', valueWei: 0n }] });
    expect(result).toMatchObject({ success: true, data: word(7n) });
  });

  it('takes calls of any length', async () => {
    const long = `0x${'ab'.repeat(1_000)}` as Hex;
    const results = await simulating.simulate({
      from: sender,
      calls: [
        { to: REVERTER, data: long, valueWei: 0n },
        { to: REVERTER, data: '0x01', valueWei: 0n },
      ],
    });
    expect(results.map((result) => result.data)).toEqual([long, '0x01']);
    expect(await simulating.simulate({ from: sender, calls: [] })).toEqual([]);
  });
});

describe('transactions', () => {
  const sign = async (nonce: number, data = '0x', maxFeePerGas = 10n ** 11n): Promise<Hex> =>
    (await wallet.signTransaction({
      type: 2,
      chainId: 31337,
      nonce,
      to: COUNTER,
      data,
      gasLimit: 100_000n,
      maxFeePerGas,
      maxPriorityFeePerGas: 1n,
    })) as Hex;

  it('sends once however often it is asked, and tells a used nonce from a mined copy', async () => {
    const nonce = await chain.transactionCount(sender, 'latest');
    const raw = await sign(nonce, word(1n));
    const from = (await chain.block('latest')).number;
    await anvil.rpc.request('evm_setAutomine', [false]);
    const txHash = await chain.sendRawTransaction(raw);
    expect(await chain.sendRawTransaction(raw)).toBe(txHash);
    expect(await chain.receipt(txHash)).toBeNull();
    await expect(chain.sendRawTransaction(await sign(nonce, word(2n), 10n ** 11n - 1n))).rejects.toMatchObject({
      code: 'RPC_UNDERPRICED',
    });
    await anvil.rpc.request('evm_mine');
    await anvil.rpc.request('evm_setAutomine', [true]);
    expect(await chain.sendRawTransaction(raw)).toBe(txHash);
    await expect(chain.sendRawTransaction(await sign(nonce, word(3n)))).rejects.toMatchObject({
      code: 'RPC_NONCE_TOO_LOW',
      retryable: false,
    });
    const receipt = await chain.receipt(txHash);
    expect(receipt).toMatchObject({ txHash, success: true, l1FeeWei: 0n, blockNumber: from + 1 });
    expect(receipt!.logs).toHaveLength(1);
    const logs = await chain.logs({ address: COUNTER, topics: [word(0n)], fromBlock: from });
    expect(logs).toEqual([{ address: COUNTER, topics: [word(0n)], data: word(1n), blockNumber: from + 1, txHash }]);
    expect(await chain.transactionCount(sender, 'pending')).toBe(nonce + 1);
  });

  it('names a sender who cannot pay', async () => {
    const poor = new Wallet(`0x${'18'.repeat(32)}`);
    const raw = await poor.signTransaction({
      type: 2,
      chainId: 31337,
      nonce: 0,
      to: COUNTER,
      gasLimit: 100_000n,
      maxFeePerGas: 10n ** 11n,
      maxPriorityFeePerGas: 1n,
    });
    await expect(chain.sendRawTransaction(raw as Hex)).rejects.toMatchObject({ code: 'RPC_INSUFFICIENT_FUNDS' });
  });

  it.each([
    'already known',
    'ALREADY_EXISTS: already known',
    'AlreadyKnown',
    'known transaction: f8236a44585005362db80b7a5f041f9f',
    'Known transaction',
    'transaction already imported',
    'Transaction with the same hash was already imported.',
    'tx already in mempool',
  ])('takes "%s" for success', async (message) => {
    node.misbehave((response, body) => answerError(response, body, { code: -32000, message }));
    const raw = await sign(99);
    expect(await chain.sendRawTransaction(raw)).toMatch(/^0x[0-9a-f]{64}$/);
  });

  it('refuses what is no transaction, or one whose hash it cannot know', async () => {
    const before = chain.requestCount();
    for (const raw of ['0x', '0xzz', '0x03ff'] as Hex[]) {
      await expect(chain.sendRawTransaction(raw)).rejects.toMatchObject({ code: 'INVALID_INPUT', field: 'raw' });
    }
    expect(chain.requestCount()).toBe(before);
  });

  it('halves a range of logs that the node finds too wide', async () => {
    const whole = await chain.logs({ address: COUNTER, topics: [], fromBlock: 0 });
    expect(whole.length).toBeGreaterThan(0);
    node.misbehave((response, body) => {
      const request = body as RpcRequest;
      const filter = request.params[0] as { fromBlock: Hex; toBlock: Hex };
      if (request.method !== 'eth_getLogs') return 'pass';
      if (filter.toBlock !== ('latest' as Hex) && BigInt(filter.toBlock) - BigInt(filter.fromBlock) < 2n) return 'pass';
      answerError(response, body, { code: -32005 + 1, message: 'query exceeds max block range 2' });
      return undefined;
    });
    expect(await chain.logs({ address: COUNTER, topics: [], fromBlock: 0 })).toEqual(whole);
  });
});
