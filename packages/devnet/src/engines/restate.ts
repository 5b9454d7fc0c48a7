import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { defaultCacheDir } from '../cache-dir.js';
import { DevnetError } from '../errors.js';
import { freePorts, type ServerProcess, startServer } from './server-process.js';

export interface LocalRestateOptions {
  /** Its data; kept when it stops. Default: a temporary folder that goes with it. */
  readonly folder?: string;
  /** Where invocations come in; default: one that is free. */
  readonly ingressPort?: number;
  /** Where deployments are registered; default: one that is free. */
  readonly adminPort?: number;
}

export interface LocalRestate extends ServerProcess {
  readonly ingressUrl: string;
  readonly adminUrl: string;
}

const VERSION = '1.7.12';

/**
 * The server's binary, from npm: fetched once into a cache of its own, for it weighs 216 MB and nobody else needs it.
 *
 * @throws {DevnetError} `SERVER_MISSING` where there is none for this machine, or npm cannot be reached
 */
export function fetchRestate(cacheDir: string = join(dirname(defaultCacheDir()), 'restate')): string {
  const name = `@restatedev/restate-server-${process.platform}-${process.arch}`;
  const binary = join(cacheDir, 'node_modules', name, 'bin', 'restate-server');
  if (existsSync(binary)) return binary;
  mkdirSync(cacheDir, { recursive: true });
  writeFileSync(join(cacheDir, 'package.json'), JSON.stringify({ name: 'evenkeel-restate', private: true }));
  process.stderr.write('Fetching the Restate server (once, 216 MB unpacked) …\n');
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel', 'error'];
  const { status } = spawnSync('npm', ['install', ...flags, `${name}@${VERSION}`], {
    cwd: cacheDir,
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0 || !existsSync(binary)) {
    throw new DevnetError(
      'SERVER_MISSING',
      `npm has no Restate server ${VERSION} for ${process.platform}-${process.arch}, or cannot be reached.`,
    );
  }
  chmodSync(binary, 0o755);
  return binary;
}

/**
 * Starts a Restate server on the loopback interface, without telemetry. It dies with our process.
 *
 * @throws {DevnetError} `SERVER_MISSING`, `SERVER_FAILED`
 */
export async function startRestate(options: LocalRestateOptions = {}): Promise<LocalRestate> {
  const binary = fetchRestate();
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'evenkeel-restate-'));
  mkdirSync(folder, { recursive: true });
  const [ingress, admin, node] = await freePorts(3);
  const ingressPort = options.ingressPort ?? ingress!;
  const adminPort = options.adminPort ?? admin!;
  const config = join(folder, 'restate.toml');
  writeFileSync(
    config,
    [
      'cluster-name = "evenkeel"',
      'node-name = "evenkeel"',
      `base-dir = ${JSON.stringify(join(folder, 'data'))}`,
      'disable-telemetry = true',
      'listen-mode = "tcp"',
      'bind-ip = "127.0.0.1"',
      `bind-port = ${node!}`,
      'advertised-host = "127.0.0.1"',
      'default-num-partitions = 4',
      'log-filter = "warn"',
      'rocksdb-total-memory-size = "256MB"',
      '[ingress]',
      'bind-ip = "127.0.0.1"',
      `bind-port = ${ingressPort}`,
      '[admin]',
      'bind-ip = "127.0.0.1"',
      `bind-port = ${adminPort}`,
      '',
    ].join('\n'),
  );
  const [ingressUrl, adminUrl] = [`http://127.0.0.1:${ingressPort}`, `http://127.0.0.1:${adminPort}`];
  const answers = async (url: string): Promise<boolean> =>
    (await fetch(url, { signal: AbortSignal.timeout(2_000) })).ok;
  const server = await startServer({
    name: 'Restate',
    binary,
    args: ['--config-file', config, '--no-logo'],
    cwd: folder,
    isReady: async () => (await answers(`${adminUrl}/health`)) && (await answers(`${ingressUrl}/restate/health`)),
  });
  return Object.freeze({
    ...server,
    ingressUrl,
    adminUrl,
    stop: async () => {
      await server.stop();
      if (options.folder === undefined) rmSync(folder, { recursive: true, force: true });
    },
  });
}
