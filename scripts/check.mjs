#!/usr/bin/env node
// `npm run check`: everything that has to hold besides the tests. All checks run even when one fails, so that one run
// tells the whole story; `npm run check -- lint types` runs some of them.
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const bin = (name) => join(root, 'node_modules', '.bin', name);

const checks = {
  lock: [process.execPath, 'scripts/check-lock.mjs'],
  build: [bin('tsc'), '-b'],
  format: [bin('prettier'), '--check', '--log-level', 'warn', '.'],
  lint: [bin('eslint'), '.', '--max-warnings', '0'],
  types: [bin('tsc'), '-p', 'tsconfig.test.json'],
  imports: [process.execPath, 'scripts/check-imports.mjs'],
  layers: [
    bin('depcruise'),
    'packages',
    '--include-only',
    '^packages/[a-z]+/src',
    '--config',
    '.dependency-cruiser.cjs',
  ],
  unused: [bin('knip'), '--no-progress', '--no-config-hints'],
  packages: [process.execPath, 'scripts/check-packages.mjs'],
  size: [bin('size-limit')],
  api: [process.execPath, 'scripts/api.mjs'],
  contracts: [process.execPath, 'packages/contracts/scripts/compile.mjs', '--check'],
  smoke: [process.execPath, 'scripts/smoke.mjs'],
  docs: [process.execPath, 'scripts/error-codes.mjs', '--check'],
};

function run([command, ...args]) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    child.on('error', (error) => resolve({ ok: false, output: String(error) }));
    child.on('close', (code) => resolve({ ok: code === 0, output }));
  });
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !Object.hasOwn(checks, name));
if (unknown.length > 0) {
  const usage = `Usage: npm run check -- [NAME…]\n\nNames: ${Object.keys(checks).join(', ')}. Without one: all.`;
  const isHelp = wanted.includes('--help');
  console[isHelp ? 'log' : 'error'](isHelp ? usage : `INVALID_INPUT: There is no check "${unknown[0]}".\n\n${usage}`);
  process.exit(isHelp ? 0 : 2);
}

let failures = 0;
for (const [name, command] of Object.entries(checks)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const started = Date.now();
  const { ok, output } = await run(command);
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${name.padEnd(9)} ${seconds.padStart(6)} s`);
  if (!ok || name === 'size') console.log(output.trimEnd().replaceAll(/^/gm, '     '));
  if (!ok) failures += 1;
}
console.log(failures === 0 ? 'All checks passed.' : `${failures} of the checks failed.`);
process.exit(failures === 0 ? 0 : 1);
