import { startActors } from './actors/start-actors.js';
import type { RunningActors } from './actors/start-actors.js';
import { ACCOUNTS } from './build/accounts.js';
import type { BuiltChain } from './build/build-chains.js';
import { mintCalls } from './build/tokens.js';
import { DevnetError } from './errors.js';
import { listLyraBoards } from './lyra-boards.js';
import type { Anvil } from './node/anvil.js';
import { LocalProvider } from './node/local-provider.js';
import type { Rpc } from './node/rpc.js';
import type { Actors, ActorsOptions } from './actors/actors.js';
import type { Address, Hex, Token, World, WorldChain, WorldSnapshot } from './world.js';

const BLOCK_GAS_LIMIT = 60_000_000;
/** Enough for any transfer, at any base fee that a test may set. */
const FUNDING_GAS = { gas: 500_000n, maxFeePerGas: 10n ** 15n, maxPriorityFeePerGas: 0n } as const;
const FUNDING_FEE_WEI = FUNDING_GAS.gas * FUNDING_GAS.maxFeePerGas;

export interface OpenOptions {
  readonly nodes: readonly Anvil[];
  readonly built: readonly BuiltChain[];
  readonly seed: number;
  readonly startTimeSeconds: number;
  readonly baseFeeGwei: readonly number[];
  readonly blockTimeSeconds: number;
}

interface SavedPoint {
  readonly nodeIds: readonly string[];
  readonly clockSeconds: number;
}

/** Sets the clocks and fees of built chains going and hands out the keys. */
export async function openWorld(options: OpenOptions): Promise<World> {
  const { built, nodes, seed } = options;
  const chains = Object.freeze(nodes.map((node, index) => toChain(node, built[index] as BuiltChain)));
  const points = new Map<number, SavedPoint>();
  const actors = new Set<RunningActors>();
  let lastPoint = 0;
  let closing: Promise<void> | undefined;
  await Promise.all(nodes.map((node, index) => openChain(node.rpc, options, options.baseFeeGwei[index] ?? 0)));
  await Promise.all(chains.map((chain) => listLyraBoards(chain, options.startTimeSeconds)));
  const firstBlocks = await Promise.all(nodes.map(({ rpc }) => blockNumber(rpc)));

  const assertOpen = (): void => {
    if (closing !== undefined) throw new DevnetError('WORLD_CLOSED', 'This world is closed. Start a new one.');
  };
  const nodeOf = (chainId: number): Anvil => {
    assertOpen();
    const node = nodes.find((candidate) => candidate.chainId === chainId);
    if (node !== undefined) return node;
    const known = nodes.map((candidate) => candidate.chainId).join(', ');
    throw new DevnetError('UNKNOWN_CHAIN', `This world has no chain ${chainId}. It has ${known}.`);
  };
  const clockSeconds = async (): Promise<number> => {
    assertOpen();
    return Math.max(...(await Promise.all(nodes.map(({ rpc }) => pendingTime(rpc)))));
  };
  const capture = async (clock: number): Promise<SavedPoint> => {
    const ids = await Promise.all(nodes.map(({ rpc }) => rpc.request('evm_snapshot')));
    return { nodeIds: ids.map(String), clockSeconds: clock };
  };

  const world: World = {
    chains,
    accounts: ACCOUNTS,
    seed,
    clockSeconds,
    chain: (id) => chains[nodes.indexOf(nodeOf(id))] as WorldChain,
    async snapshot() {
      const point = await capture(await clockSeconds());
      points.set(++lastPoint, point);
      return Object.freeze({ id: lastPoint });
    },
    async revert({ id }: WorldSnapshot) {
      assertOpen();
      const point = points.get(id);
      if (point === undefined) throw unknownSnapshot(id);
      await Promise.all([...actors].map((running) => running.suspend()));
      await Promise.all(nodes.map(({ rpc }, index) => rpc.request('evm_revert', [point.nodeIds[index]])));
      await setClocks(nodes, point.clockSeconds);
      // A node forgets a snapshot that it went back to, and all later ones.
      for (const later of points.keys()) if (later > id) points.delete(later);
      points.set(id, await capture(point.clockSeconds));
      for (const running of actors) running.resumeFrom(firstBlocks);
    },
    async advance(seconds) {
      if (!Number.isSafeInteger(seconds) || seconds < 1) {
        throw new DevnetError('INVALID_INPUT', `advance cannot go ${seconds} seconds. Use whole seconds, 1 or more.`);
      }
      await setClocks(nodes, (await clockSeconds()) + seconds);
      await Promise.all(nodes.map(({ rpc }) => rpc.request('evm_mine')));
    },
    async crash(chainId, downMilliseconds) {
      const { crash, rpc } = nodeOf(chainId);
      const behindMs = (await pendingTime(rpc)) * 1000 - Date.now();
      await rpc.batch(miningCalls(undefined));
      const restart = await crash();
      points.clear();
      await new Promise((resolve) => setTimeout(resolve, downMilliseconds));
      await restart();
      const timeSeconds = Math.ceil((Date.now() + behindMs) / 1000);
      await rpc.batch([
        { method: 'evm_setBlockGasLimit', params: [BLOCK_GAS_LIMIT] },
        { method: 'evm_setTime', params: [timeSeconds] },
        ...miningCalls(options.blockTimeSeconds),
      ]);
    },
    async setBaseFee(chainId, gwei) {
      await nodeOf(chainId).rpc.batch(baseFeeCalls(gwei));
    },
    async fund(token, to, atoms) {
      const { rpc } = nodeOf(token.chainId);
      await fundToken(rpc, world.chain(token.chainId), token, to, atoms);
    },
    async fundNative(chainId, to, wei) {
      const { rpc } = nodeOf(chainId);
      const balance = BigInt(String(await rpc.request('eth_getBalance', [to, 'latest'])));
      await rpc.request('anvil_setBalance', [to, `0x${(balance + wei).toString(16)}`]);
    },
    startActors: async (actorsOptions: ActorsOptions = {}): Promise<Actors> => {
      await clockSeconds();
      const running = startActors(world, built, firstBlocks, actorsOptions);
      actors.add(running);
      return running.actors;
    },
    close() {
      closing ??= shut();
      return closing;
    },
  };

  const shut = async (): Promise<void> => {
    await Promise.all([...actors].map((running) => running.actors.stop()));
    for (const chain of chains) chain.provider.destroy();
    await Promise.all(nodes.map((node) => node.stop()));
  };

  return Object.freeze(world);
}

function toChain(node: Anvil, built: BuiltChain): WorldChain {
  const { chainId, rpc, rpcUrl } = node;
  const provider = new LocalProvider(rpcUrl, chainId);
  const { contracts, parts, pools, tokens } = built;
  const name = `local-${chainId}`;
  const hyperlaneDomain = chainId;
  return Object.freeze({
    id: chainId,
    name,
    rpcUrl,
    provider,
    contracts,
    tokens,
    pools,
    parts,
    hyperlaneDomain,
    rpc: rpc.request,
  });
}

async function openChain(rpc: Rpc, options: OpenOptions, baseFeeGwei: number): Promise<void> {
  await rpc.batch([
    { method: 'evm_setBlockGasLimit', params: [BLOCK_GAS_LIMIT] },
    { method: 'evm_setTime', params: [options.startTimeSeconds] },
    ...baseFeeCalls(baseFeeGwei),
    ...miningCalls(options.blockTimeSeconds),
  ]);
}

type Calls = readonly { readonly method: string; readonly params: readonly unknown[] }[];

/** When blocks are mined: every so many seconds, for 0 one for each transaction, and never where it is left out. */
function miningCalls(blockTimeSeconds: number | undefined): Calls {
  return [
    { method: 'evm_setIntervalMining', params: [blockTimeSeconds ?? 0] },
    { method: 'evm_setAutomine', params: [blockTimeSeconds === 0] },
  ];
}

/** Mines a block with this base fee, so that the next fee is quoted from it. */
function baseFeeCalls(gwei: number): Calls {
  return [
    { method: 'anvil_setNextBlockBaseFeePerGas', params: [`0x${Math.round(gwei * 1e9).toString(16)}`] },
    { method: 'evm_mine', params: [] },
  ];
}

/** All clocks to the same second: the requests leave together. */
async function setClocks(nodes: readonly Anvil[], timeSeconds: number): Promise<void> {
  await Promise.all(nodes.map(({ rpc }) => rpc.request('evm_setTime', [timeSeconds])));
}

async function pendingTime(rpc: Rpc): Promise<number> {
  const block = (await rpc.request('eth_getBlockByNumber', ['pending', false])) as { timestamp: string };
  return Number(block.timestamp);
}

async function blockNumber(rpc: Rpc): Promise<number> {
  return Number(await rpc.request('eth_blockNumber'));
}

async function fundToken(rpc: Rpc, chain: WorldChain, token: Token, to: Address, atoms: bigint): Promise<void> {
  const known = Object.values(chain.tokens).find(({ address }) => address === token.address);
  if (known === undefined) {
    throw new DevnetError(
      'UNKNOWN_TOKEN',
      `Chain ${chain.id} has no token of its own at ${token.address}. Use one of chain.tokens.`,
    );
  }
  for (const call of mintCalls(known, to, atoms)) {
    await rpc.batch([
      { method: 'anvil_impersonateAccount', params: [call.from] },
      { method: 'anvil_setBalance', params: [call.from, `0x${(call.valueWei + FUNDING_FEE_WEI).toString(16)}`] },
    ]);
    const transaction = { from: call.from, to: call.to, data: call.data, value: call.valueWei, ...FUNDING_GAS };
    const hash = (await rpc.request('eth_sendTransaction', [transaction])) as Hex;
    const receipt = await chain.provider.waitForTransaction(hash, 1, 60_000);
    if (receipt?.status === 1) continue;
    throw new DevnetError('RPC_FAILED', `${to} could not be given ${atoms} atoms of ${known.symbol}.`, {
      details: { hash },
    });
  }
}

function unknownSnapshot(id: number): DevnetError {
  return new DevnetError(
    'UNKNOWN_SNAPSHOT',
    `Snapshot ${id} is gone: the world went back to an earlier one. Take a new snapshot.`,
  );
}
