import { fetchArtifacts } from './artifacts/fetch.js';
import type { Artifacts } from './artifacts/fetch.js';
import { buildChains } from './build/build-chains.js';
import type { BuiltChain } from './build/build-chains.js';
import { defaultCacheDir } from './cache-dir.js';
import { DevnetError } from './errors.js';
import { startAnvil } from './node/anvil.js';
import type { Anvil } from './node/anvil.js';
import { openWorld } from './open-world.js';
import { WORLD_PARTS } from './parts.js';
import type { WorldPart } from './parts.js';
import { loadWorld, saveWorld, worldKey } from './state-cache.js';
import type { SavedChain } from './state-cache.js';
import { GENESIS_TIME_SECONDS } from './world.js';
import type { Hex, World, WorldOptions } from './world.js';

const CHAIN_IDS = [31_337, 31_338, 31_339] as const;
const BASE_FEES_GWEI = [5, 0.1, 0.02] as const;
const DAY_SECONDS = 86_400;

/**
 * Brings up local chains that carry the real contracts of Permit2, Uniswap V2, V3 and V4, the Universal Router, UniswapX,
 * CoW Protocol, Balancer, Across and Hyperlane, with tokens, seeded pools and funded accounts.
 *
 * The first start fetches the bytecode by npm and deploys it; later ones load what was dumped then. Two worlds with the
 * same options and seed are equal to the atom.
 *
 * @throws {DevnetError} `INVALID_INPUT`, `ANVIL_MISSING`, `ANVIL_FAILED`, `ARTIFACT_*`, `DEPLOYMENT_FAILED`, `ABORTED`
 * @example
 * ```ts
 * const world = await startWorld({ chains: 2 })
 * try {
 *   const [home] = world.chains
 *   console.log(home.rpcUrl, home.contracts.uniswapV3QuoterV2, world.accounts.trader.address)
 * } finally {
 *   await world.close()
 * }
 * ```
 */
export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const startedMs = performance.now();
  const settings = settle(options);
  const { cacheDir, chainIds, fresh, onProgress, seed, signal } = settings;
  const nodes = await startNodes(chainIds, settings);
  try {
    const key = await keyOf(nodes, settings);
    const saved = fresh ? undefined : await loadWorld(cacheDir, key);
    const built = saved === undefined ? await build(nodes, key, settings) : await load(nodes, saved, settings);
    assertNotAborted(signal);
    const { baseFeeGwei, blockTimeSeconds, startTimeSeconds } = settings;
    const world = await openWorld({ nodes, built, seed, startTimeSeconds, baseFeeGwei, blockTimeSeconds });
    onProgress({ kind: 'ready', milliseconds: performance.now() - startedMs, fromCache: saved !== undefined });
    return world;
  } catch (error) {
    await Promise.all(nodes.map((node) => node.stop()));
    assertNotAborted(signal, error);
    throw error;
  }
}

/**
 * Fetches the contracts and builds the world that {@link startWorld} would bring up with these options, unless both are
 * in the cache already. Done once before many processes start worlds at the same time, it saves each of them the work.
 *
 * @throws {DevnetError} as {@link startWorld}
 * @example
 * ```ts
 * await prepareWorld({ chains: 2 })
 * ```
 */
export async function prepareWorld(options: WorldOptions = {}): Promise<void> {
  const settings = settle(options);
  const { cacheDir, chainIds, fresh, signal } = settings;
  await artifactsFor(settings);
  const nodes = await startNodes(chainIds, settings);
  try {
    const key = await keyOf(nodes, settings);
    if (fresh || (await loadWorld(cacheDir, key)) === undefined) await build(nodes, key, settings);
  } catch (error) {
    assertNotAborted(signal, error);
    throw error;
  } finally {
    await Promise.all(nodes.map((node) => node.stop()));
  }
}

interface Settings {
  readonly chainIds: readonly number[];
  readonly cacheDir: string;
  readonly seed: number;
  readonly fresh: boolean;
  /** Each once, in the order of {@link WORLD_PARTS}. */
  readonly parts: readonly WorldPart[];
  readonly startTimeSeconds: number;
  readonly baseFeeGwei: readonly number[];
  readonly blockTimeSeconds: number;
  readonly onProgress: NonNullable<WorldOptions['onProgress']>;
  readonly signal: AbortSignal | undefined;
}

function settle(options: WorldOptions): Settings {
  const { blockTimeSeconds = 0, cacheDir = defaultCacheDir(), chains = 3, fresh = false, seed = 1 } = options;
  const { baseFeeGwei = BASE_FEES_GWEI, startTimeSeconds = Math.floor(Date.now() / 1000) } = options;
  requireThat([1, 2, 3].includes(chains), 'chains', chains, 'Use 1, 2 or 3.');
  requireThat(Number.isSafeInteger(seed) && seed >= 0, 'seed', seed, 'Use a whole number, 0 or greater.');
  const earliest = GENESIS_TIME_SECONDS + DAY_SECONDS;
  const timeFits = Number.isSafeInteger(startTimeSeconds) && startTimeSeconds >= earliest;
  requireThat(timeFits, 'startTimeSeconds', startTimeSeconds, `Use whole Unix seconds from ${earliest} on.`);
  const timeIsSane = Number.isSafeInteger(blockTimeSeconds) && blockTimeSeconds >= 0;
  requireThat(timeIsSane, 'blockTimeSeconds', blockTimeSeconds, 'Use whole seconds, or 0 for a block per transaction.');
  const feesFit = baseFeeGwei.length >= chains && baseFeeGwei.every((fee) => Number.isFinite(fee) && fee >= 0);
  requireThat(feesFit, 'baseFeeGwei', baseFeeGwei, 'Give one fee for each chain, 0 or greater.');
  const unknown = options.parts?.find((part) => !WORLD_PARTS.includes(part));
  requireThat(unknown === undefined, 'parts', unknown, `Use some of ${WORLD_PARTS.join(', ')}.`);
  const parts = WORLD_PARTS.filter((part) => options.parts?.includes(part));
  const chainIds = CHAIN_IDS.slice(0, chains);
  const onProgress = options.onProgress ?? (() => {});
  const { signal } = options;
  const timing = { startTimeSeconds, baseFeeGwei, blockTimeSeconds };
  return { chainIds, cacheDir, seed, fresh, parts, ...timing, onProgress, signal };
}

function requireThat(holds: boolean, field: string, value: unknown, wayOut: string): void {
  if (holds) return;
  throw new DevnetError('INVALID_INPUT', `${field} cannot be ${JSON.stringify(value)}. ${wayOut}`, {
    details: { field, value },
  });
}

function assertNotAborted(signal: AbortSignal | undefined, cause?: unknown): void {
  if (signal?.aborted) throw new DevnetError('ABORTED', 'The start of the local world was aborted.', { cause });
}

async function startNodes(chainIds: readonly number[], { onProgress, signal }: Settings): Promise<readonly Anvil[]> {
  const starts = chainIds.map(async (chainId) => {
    const options = { chainId, genesisTimeSeconds: GENESIS_TIME_SECONDS, ...(signal && { signal }) };
    const node = await startAnvil(options);
    onProgress({ kind: 'chain-started', chainId, rpcUrl: node.rpcUrl });
    return node;
  });
  const results = await Promise.allSettled(starts);
  const failed = results.find((result) => result.status === 'rejected');
  const nodes = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  if (failed === undefined) return nodes;
  await Promise.all(nodes.map((node) => node.stop()));
  throw failed.reason;
}

async function keyOf(nodes: readonly Anvil[], { chainIds, parts, seed }: Settings): Promise<string> {
  const version = await nodes[0]?.rpc.request('web3_clientVersion');
  return worldKey(seed, chainIds, parts, String(version));
}

function artifactsFor({ cacheDir, onProgress, parts, signal }: Settings): Promise<Artifacts> {
  return fetchArtifacts({
    cacheDir,
    parts,
    onPackage: (name, done, total, cached) => onProgress({ kind: 'artifacts', package: name, done, total, cached }),
    ...(signal && { signal }),
  });
}

async function build(nodes: readonly Anvil[], key: string, settings: Settings): Promise<readonly BuiltChain[]> {
  const { cacheDir, onProgress, parts, seed } = settings;
  const artifacts = await artifactsFor(settings);
  const built = await buildChains({
    artifacts,
    nodes,
    parts,
    seed,
    onDeployed: (chainId, transactions) => onProgress({ kind: 'deployed', chainId, transactions }),
  });
  const states = await Promise.all(nodes.map(({ rpc }) => rpc.request('anvil_dumpState')));
  const saved = built.map((chain, index) => ({ built: chain, state: states[index] as Hex }));
  await saveWorld(cacheDir, key, saved);
  return built;
}

async function load(
  nodes: readonly Anvil[],
  saved: readonly SavedChain[],
  { onProgress }: Settings,
): Promise<readonly BuiltChain[]> {
  return Promise.all(
    nodes.map(async ({ chainId, rpc }, index) => {
      const { built, state } = saved[index] as SavedChain;
      await rpc.request('anvil_loadState', [state]);
      onProgress({ kind: 'state-loaded', chainId });
      return built;
    }),
  );
}
