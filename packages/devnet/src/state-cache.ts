import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readLock } from './artifacts/lock.js';
import type { BuiltChain } from './build/build-chains.js';
import { PACKAGE_DIR } from './cache-dir.js';
import type { WorldPart } from './parts.js';
import { ACCOUNT_NAMES } from './world.js';
import type { Hex } from './world.js';

/** A built chain and the dump of its node, gzipped by anvil itself. */
export interface SavedChain {
  readonly built: BuiltChain;
  readonly state: Hex;
}

/** The sources, also when their compiled form runs: both build the same worlds and shall find each other's. */
const BUILD_DIR = join(PACKAGE_DIR, 'src', 'build');
const MANIFEST = 'chains.json';
/** How many saved worlds stay; a world is about two megabytes. */
const KEPT_WORLDS = 12;

/**
 * Names a world: same bytecode, same building code, same accounts, same seed, same chains, same parts. The building code is read from its files, so
 * that nobody has to remember to raise a version.
 */
export async function worldKey(
  seed: number,
  chainIds: readonly number[],
  parts: readonly WorldPart[],
  anvilVersion: string,
): Promise<string> {
  const hash = createHash('sha256').update(readLock().text);
  const sources = (await readdir(BUILD_DIR)).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));
  for (const name of sources.sort()) hash.update(name).update(await readFile(join(BUILD_DIR, name)));
  hash.update(JSON.stringify({ accounts: ACCOUNT_NAMES, seed, chainIds, parts, anvilVersion }));
  return hash.digest('hex').slice(0, 24);
}

/** The saved world of this name, or nothing when there is none or it is damaged. */
export async function loadWorld(cacheDir: string, key: string): Promise<readonly SavedChain[] | undefined> {
  const folder = join(cacheDir, 'worlds', key);
  try {
    const manifest = parseManifest(await readFile(join(folder, MANIFEST), 'utf8'));
    return await Promise.all(
      manifest.map(async (built) => {
        const state = await readFile(join(folder, `${built.chainId}.state`));
        return { built, state: `0x${state.toString('hex')}` };
      }),
    );
  } catch {
    return undefined;
  }
}

/** Saves a world whole or not at all. Whoever comes second finds it there and leaves it. */
export async function saveWorld(cacheDir: string, key: string, chains: readonly SavedChain[]): Promise<void> {
  const parent = join(cacheDir, 'worlds');
  await mkdir(parent, { recursive: true });
  const draft = await mkdtemp(join(parent, '.tmp-'));
  try {
    const writes = chains.map(({ built, state }) =>
      writeFile(join(draft, `${built.chainId}.state`), Buffer.from(state.slice(2), 'hex')),
    );
    const manifest = chains.map(({ built }) => built);
    await Promise.all([...writes, writeFile(join(draft, MANIFEST), formatManifest(manifest))]);
    await rm(join(parent, key), { recursive: true, force: true });
    await rename(draft, join(parent, key)).catch(ignoreExisting);
    await forgetOldWorlds(parent);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** Whoever is reading one of them just then builds it anew. */
async function forgetOldWorlds(parent: string): Promise<void> {
  const names = (await readdir(parent)).filter((name) => !name.startsWith('.'));
  const aged = await Promise.all(
    names.map(async (name) => ({
      name,
      savedMs: await stat(join(parent, name)).then(
        (info) => info.mtimeMs,
        () => 0,
      ),
    })),
  );
  const old = aged.sort((a, b) => b.savedMs - a.savedMs).slice(KEPT_WORLDS);
  await Promise.all(old.map(({ name }) => rm(join(parent, name), { recursive: true, force: true })));
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
}

/** Bigints are written as `{"bigint":"123"}`. */
function formatManifest(chains: readonly BuiltChain[]): string {
  return JSON.stringify(
    chains,
    (_, value: unknown) => (typeof value === 'bigint' ? { bigint: value.toString() } : value),
    1,
  );
}

function parseManifest(text: string): readonly BuiltChain[] {
  return JSON.parse(text, (_, value: unknown) => {
    if (typeof value !== 'object' || value === null) return value;
    return 'bigint' in value ? BigInt(String(value.bigint)) : Object.freeze(value);
  }) as readonly BuiltChain[];
}
