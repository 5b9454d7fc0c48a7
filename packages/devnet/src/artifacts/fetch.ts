import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DevnetError } from '../errors.js';
import type { WorldPart } from '../parts.js';
import type { Hex } from '../world.js';
import { extractBytecode } from './bytecode.js';
import { compilePackage } from './compile.js';
import { readLock } from './lock.js';
import type { LockedPackage } from './lock.js';
import { fetchTarball, textsOf } from './tarball.js';

const DOWNLOADS_AT_ONCE = 4;

/** Creation bytecode by contract name; where a contract calls libraries, with the compiler's places for their addresses. */
export type Artifacts = Readonly<Record<string, Hex>>;

export interface FetchOptions {
  readonly cacheDir: string;
  /** Default: those of the lock that every world needs, and those of `parts`. */
  readonly packages?: readonly LockedPackage[];
  /** Default: none. */
  readonly parts?: readonly WorldPart[];
  readonly onPackage?: (name: string, done: number, total: number, cached: boolean) => void;
  readonly signal?: AbortSignal;
}

/**
 * The bytecode of every contract in the lock: from the cache, or else from the packed npm packages that the lock names.
 *
 * Tarballs come by `npm pack`, so the user's own npm configuration decides from where. Each is checked against its
 * sha512, only the listed files are read, only their bytecode is kept. No package is installed, and none is run but the
 * compiler of a package that publishes sources only. A package that is done stays done when a later one fails; several
 * processes may do this at the same time.
 *
 * @throws {DevnetError} `ARTIFACT_FETCH_FAILED`, `ARTIFACT_INTEGRITY`, `ARTIFACT_INVALID`, `ABORTED`
 */
export async function fetchArtifacts(options: FetchOptions): Promise<Artifacts> {
  const packages = options.packages ?? packagesFor(options.parts ?? []);
  const folder = join(options.cacheDir, 'artifacts');
  await mkdir(folder, { recursive: true });
  const parts: Artifacts[] = [];
  const queue = [...packages];
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      assertNotAborted(options.signal);
      const { artifacts, cached } = await packageArtifacts(next, folder, options.signal);
      parts.push(artifacts);
      options.onPackage?.(next.name, parts.length, packages.length, cached);
    }
  };
  await Promise.all(Array.from({ length: DOWNLOADS_AT_ONCE }, worker));
  return Object.freeze(Object.assign({}, ...parts) as Artifacts);
}

function packagesFor(parts: readonly WorldPart[]): readonly LockedPackage[] {
  return readLock().packages.filter(({ part }) => part === undefined || parts.includes(part));
}

function assertNotAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new DevnetError('ABORTED', 'The download of the contracts was aborted.');
}

async function packageArtifacts(
  item: LockedPackage,
  folder: string,
  signal?: AbortSignal,
): Promise<{ readonly artifacts: Artifacts; readonly cached: boolean }> {
  const file = join(folder, `${cacheName(item)}.json`);
  const known = await readCached(file, item);
  if (known !== undefined) return { artifacts: known, cached: true };
  const scratch = await mkdtemp(join(folder, '.tmp-'));
  try {
    const tarball = await fetchTarball(item, scratch, signal);
    const artifacts =
      item.compile === undefined
        ? await extract(tarball, item)
        : await compilePackage(item, item.compile, tarball, scratch, signal);
    const draft = join(scratch, 'artifacts.json');
    await writeFile(draft, JSON.stringify(artifacts));
    await rename(draft, file);
    return { artifacts, cached: false };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function cacheName(item: LockedPackage): string {
  const digest = createHash('sha256').update(JSON.stringify(item)).digest('hex').slice(0, 12);
  return `${item.name}-${digest}`.replace('@', '').replace(/[^\w.-]/g, '-');
}

async function readCached(file: string, item: LockedPackage): Promise<Artifacts | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    const parsed = JSON.parse(text) as Record<string, unknown>;
    const whole = Object.keys(item.files).every((name) => typeof parsed[name] === 'string');
    return whole ? (parsed as Artifacts) : undefined;
  } catch {
    return undefined;
  }
}

async function extract(tarball: string, item: LockedPackage): Promise<Artifacts> {
  const wanted = new Set(Object.values(item.files).map((path) => path.split('#')[0] as string));
  const texts = await textsOf(tarball, (path) => wanted.has(path));
  return Object.fromEntries(
    Object.entries(item.files).map(([contract, location]) => {
      const [path = '', variable] = location.split('#');
      const label = `${item.name}@${item.version}/${path}`;
      const text = texts.get(path);
      if (text === undefined) {
        throw new DevnetError('ARTIFACT_INVALID', `${label} does not exist. Correct artifacts.lock.json.`);
      }
      return [contract, extractBytecode(text, variable, label)];
    }),
  );
}
