// A production bundler (Pimlico's alto), installed on demand into a folder of its own: 379 MB that nobody else needs.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const VERSION = '0.0.20';
const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const folder = join(root, '.cache', 'alto');
const packageFolder = join(folder, 'node_modules', '@pimlico', 'alto');

/** Written when all of it has arrived: a fetch that was broken off is taken up again. */
const stamp = join(folder, `.complete-${VERSION}`);

/** Fetches it when it is not there; ends the process when that cannot be done. */
export function installAlto() {
  if (existsSync(stamp)) return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'evenkeel-alto', private: true }));
  process.stderr.write('Fetching the bundler alto (once, 379 MB) …\n');
  const args = [
    'install',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--loglevel',
    'error',
    `@pimlico/alto@${VERSION}`,
  ];
  const { status } = spawnSync('npm', args, { cwd: folder, stdio: ['ignore', 2, 2] });
  if (status !== 0) {
    console.error(
      `BUNDLER_NOT_INSTALLED: alto ${VERSION} could not be fetched. Let npm reach its registry and try again.`,
    );
    process.exit(1);
  }
  writeFileSync(stamp, '');
}

/** It would listen on all interfaces. */
const LOOPBACK = `data:text/javascript,${encodeURIComponent(
  "import net from 'node:net'; const listen = net.Server.prototype.listen; net.Server.prototype.listen = function (...args) { const [first] = args; if (typeof first === 'object' && first !== null) return listen.call(this, { ...first, host: '127.0.0.1' }, ...args.slice(1)); const rest = args.slice(1).filter((arg) => typeof arg === 'function'); return listen.call(this, first, '127.0.0.1', ...rest); };",
)}`;

/** Starts one for a chain; ready when it answers. */
export async function startAlto({ rpcUrl, chainId, entryPoints, executorKeys, utilityKey, port: wanted }) {
  const { bin } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8'));
  const script = join(packageFolder, typeof bin === 'string' ? bin : Object.values(bin)[0]);
  const port = wanted ?? (await freePort());
  const child = spawn(
    process.execPath,
    [
      ...['--import', LOOPBACK, script],
      ...['--entrypoints', entryPoints.join(','), '--rpc-url', rpcUrl, '--port', String(port)],
      ...['--executor-private-keys', executorKeys.join(','), '--utility-private-key', utilityKey],
      ...['--safe-mode', 'false', '--mempool-max-queued-ops', '10', '--enforce-unique-senders-per-bundle', 'false'],
      ...['--static-max-priority-fee-per-gas', '1', '--v7-paymaster-post-op-gas-limit-multiplier', '400'],
      ...['--v7-call-gas-limit-multiplier', '115'],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'], cwd: folder },
  );
  let log = '';
  const hear = (chunk) => (log = `${log}${chunk}`.slice(-20_000));
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  const url = `http://127.0.0.1:${port}`;
  const stop = () =>
    new Promise((resolve) => {
      if (child.exitCode !== null || child.signalCode !== null) return resolve();
      child.once('close', resolve);
      child.kill('SIGKILL');
    });
  for (let tries = 0; tries < 600; tries++) {
    if (child.exitCode !== null) throw new Error(`alto ended while it started:\n${log}`);
    const id = await ask(url, 'eth_chainId').catch(() => undefined);
    if (id !== undefined && Number(id) === chainId) return { url, stop, log: () => log };
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await stop();
  throw new Error(`alto did not get ready:\n${log}`);
}

async function ask(url, method, params = []) {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  return (await response.json()).result;
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
