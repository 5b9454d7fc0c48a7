#!/usr/bin/env node
// The one entry behind `npm start`, `npm test` and friends. Works in a fresh clone with nothing but Node and npm:
// installs what is missing, builds what has changed, then hands over. Everything it says goes to standard error, so that
// `--json` on standard output stays pure.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const [task, ...args] = process.argv.slice(2);

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(
    `Evenkeel needs Node 20.19 or newer; this is ${process.versions.node}. Install a newer Node and try again.`,
  );
  process.exit(1);
}

/** Runs a command to its end; rejects when it fails. `quiet` keeps its standard output off ours. */
function run(command, commandArgs, { quiet = false } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, commandArgs, { cwd: root, stdio: ['inherit', quiet ? 2 : 'inherit', 'inherit'] });
    const relay = (signal) => child.kill(signal);
    process.on('SIGINT', relay).on('SIGTERM', relay);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      process.off('SIGINT', relay).off('SIGTERM', relay);
      if (code === 0) resolve();
      else
        reject(
          Object.assign(new Error(`${command} ${commandArgs[0]} ended with ${signal ?? code}`), { code: code ?? 1 }),
        );
    });
  });
}

const node = (script, ...rest) => run(process.execPath, [join(root, script), ...rest]);

async function install() {
  const stampFile = join(root, 'node_modules', '.evenkeel-lock');
  const stamp = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return;
  console.error('Installing dependencies (once, about a minute) …');
  await run('npm', ['ci', '--ignore-scripts', '--loglevel', 'error'], { quiet: true });
  mkdirSync(dirname(stampFile), { recursive: true });
  writeFileSync(stampFile, stamp);
}

async function build() {
  const started = Date.now();
  const slow = setTimeout(() => console.error('Building …'), 1500);
  try {
    await run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-b'], { quiet: true });
  } finally {
    clearTimeout(slow);
  }
  if (Date.now() - started > 3000) console.error(`Built in ${((Date.now() - started) / 1000).toFixed(1)} s.`);
}

/** Contract artifacts of the local world, fetched once and cached; tests would otherwise race for them. */
const fetchArtifacts = (...parts) =>
  run(process.execPath, [join(root, 'packages/devnet/dist/cli.js'), '--fetch-only', ...parts], { quiet: true });

const tasks = {
  async start() {
    await node('packages/agent/dist/cli.js', 'demo', ...args);
  },
  async evenkeel() {
    await node('packages/agent/dist/cli.js', ...args);
  },
  async engine() {
    await node('scripts/engine.mjs', ...args);
  },
  async devnet() {
    await node('packages/devnet/dist/cli.js', ...args);
  },
  async chaos() {
    await fetchArtifacts();
    await node('scenarios/chaos/run.mjs', ...args);
  },
  async soak() {
    await fetchArtifacts('--chains', '2');
    await node('scenarios/soak/run.mjs', ...args);
  },
  async scenarios() {
    await fetchArtifacts();
    await fetchArtifacts('--chains', '1', '--parts', 'perp-v2');
    await node('scenarios/run.mjs', ...args);
  },
  async accounts() {
    await fetchArtifacts('--parts', 'erc4337');
    await node('scenarios/accounts/run.mjs', ...args);
  },
  async 'accounts:crash'() {
    await fetchArtifacts('--parts', 'erc4337');
    await node('scenarios/accounts/crash.mjs', ...args);
  },
  async 'accounts:adversary'() {
    await fetchArtifacts('--parts', 'erc4337');
    await node('scenarios/adversary/run.mjs', ...args);
  },
  async test() {
    await fetchArtifacts();
    const parts = ['perp-v2', 'lyra', 'aave-v3', 'oneinch-lop', 'synthetix-perps', 'erc4337', 'safe', 'delegation'];
    await fetchArtifacts('--chains', '1', '--parts', parts.join());
    await node('node_modules/jest/bin/jest.js', ...args);
  },
  async bench() {
    await fetchArtifacts();
    await node('scripts/bench.mjs', ...args);
  },
};

if (!Object.hasOwn(tasks, task)) {
  console.error(`Unknown task "${task ?? ''}". Use one of: ${Object.keys(tasks).join(', ')}.`);
  process.exit(1);
}
try {
  await install();
  await build();
  await tasks[task]();
} catch (error) {
  // The child has said what is wrong; only a child that could not even start is news.
  if (error.code === 'ENOENT') console.error(error.message);
  process.exit(typeof error.code === 'number' ? error.code : 1);
}
