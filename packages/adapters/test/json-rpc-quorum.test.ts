import { jsonRpcChain, quorumChain } from '@evenkeel/adapters/json-rpc';
import type { Chain } from '@evenkeel/core';
import { type FaultyNode, NODE_FAULTS, startFaultyNode } from '@evenkeel/devnet';
import { EvenkeelError } from '@evenkeel/intents';
import { Wallet } from 'ethers';
import { type Anvil, startEmptyChain } from './support/anvil.js';

const RICH = new Wallet('0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80').address as `0x${string}`;
const WEI = 10_000n * 10n ** 18n;

jest.setTimeout(60_000);
let anvil: Anvil;
const nodes: FaultyNode[] = [];
beforeAll(async () => {
  anvil = await startEmptyChain();
  for (const seed of [1, 2, 3]) {
    nodes.push(await startFaultyNode({ rpcUrl: anvil.rpcUrl, seed, delayMs: 5, oldBlocks: 3 }));
  }
});
beforeEach(() => {
  for (const node of nodes) node.setFaults({});
});
afterAll(async () => {
  await Promise.all(nodes.map((node) => node.close()));
  await anvil?.stop();
});

const connect = (): readonly Chain[] =>
  nodes.map(({ rpcUrl }) =>
    jsonRpcChain({ id: 31337, name: 'local', url: rpcUrl, multicall3: null, retries: 1, backoffMs: 1 }),
  );
const rich = async (chain: Chain): Promise<bigint> => chain.balanceWei(RICH);

test.each([0, 1, 1.5, 4])('%s of three nodes are no quorum', (quorum) => {
  expect(() => quorumChain(connect(), quorum)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
});

test('one that says everybody has nothing is outvoted, two of them are not', async () => {
  await anvil.rpc.request('anvil_setBalance', [RICH, `0x${WEI.toString(16)}`]);
  const chain = quorumChain(connect(), 2);
  nodes[0]!.setFaults({ 'zero-balance': 1 });
  expect(await rich(chain)).toBe(WEI);
  nodes[1]!.setFaults({ 'rate-limit': 1 });
  await expect(rich(chain)).rejects.toMatchObject({ code: 'RPC_DISAGREES', retryable: true });
});

test('one that serves another chain, and one that is behind, change nothing', async () => {
  for (let block = 0; block < 5; block++) await anvil.rpc.request('evm_mine', []);
  const height = Number(await anvil.rpc.request('eth_blockNumber', []));
  nodes[0]!.setFaults({ 'old-block': 1 });
  const chain = quorumChain(connect(), 2);
  expect((await chain.block('latest')).number).toBe(height);
  nodes[0]!.setFaults({ 'wrong-chain': 1 });
  const other = quorumChain(connect(), 2);
  expect((await other.block('latest')).number).toBe(height);
  nodes[1]!.setFaults({ 'wrong-chain': 1 });
  await expect(quorumChain(connect(), 2).block('latest')).rejects.toMatchObject({ code: 'RPC_WRONG_CHAIN' });
});

test('one that comes back as another chain after it has failed is found out, and changes nothing', async () => {
  await anvil.rpc.request('anvil_setBalance', [RICH, `0x${WEI.toString(16)}`]);
  const chain = quorumChain(connect(), 2);
  expect(await rich(chain)).toBe(WEI);
  nodes[0]!.setFaults({ drop: 1 });
  expect(await rich(chain)).toBe(WEI);
  const before = nodes[0]!.counts()['wrong-chain'];
  nodes[0]!.setFaults({ 'wrong-chain': 1, 'zero-balance': 1 });
  expect(await rich(chain)).toBe(WEI);
  expect(nodes[0]!.counts()['wrong-chain']).toBeGreaterThan(before);
  // Two of three are of another chain: nobody is believed.
  nodes[1]!.setFaults({ drop: 1 });
  await expect(rich(chain)).rejects.toBeInstanceOf(EvenkeelError);
  nodes[1]!.setFaults({ 'wrong-chain': 1 });
  await expect(rich(chain)).rejects.toMatchObject({ code: 'RPC_WRONG_CHAIN' });
});

test('whatever one node does at random, an answer is true or an error', async () => {
  await anvil.rpc.request('anvil_setBalance', [RICH, `0x${WEI.toString(16)}`]);
  const chain = quorumChain(connect(), 2);
  const faults = Object.fromEntries(NODE_FAULTS.map((fault) => [fault, 0.15]));
  nodes[0]!.setFaults(faults);
  nodes[1]!.setFaults({ drop: 0.1, truncate: 0.1, 'rate-limit': 0.1, delay: 0.3, repeat: 0.2, reorder: 0.1 });
  let answered = 0;
  for (let round = 0; round < 40; round++) {
    try {
      expect(await rich(chain)).toBe(WEI);
      answered += 1;
    } catch (error) {
      if (!(error instanceof EvenkeelError)) throw error;
      expect(error.code).toMatch(/^RPC_/);
    }
  }
  expect(answered).toBeGreaterThan(10);
  const counts = nodes[0]!.counts();
  for (const fault of ['delay', 'drop', 'repeat', 'rate-limit', 'truncate', 'zero-balance'] as const) {
    expect(counts[fault]).toBeGreaterThan(0);
  }
});
