#!/usr/bin/env node
// `npm run bench` runs every benchmark but the long ones, `npm run bench -- route exposure` some of them. Each prints its own figures.
// Those on real candles read the folder that EVENKEEL_DATA names, and say so when it is missing.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const benches = {
  world: 'packages/devnet/bench/start.mjs',
  exposure: 'packages/core/bench/exposure.mjs',
  solicit: 'packages/core/bench/solicit.mjs',
  route: 'packages/core/bench/route.mjs',
  forecast: 'packages/core/bench/forecast.mjs',
  profile: 'packages/core/bench/profile.mjs',
  policy: 'packages/core/bench/policy.mjs',
  tables: 'packages/agent/bench/tables.mjs',
  agent: 'packages/agent/bench/agent.mjs',
  engines: 'packages/agent/bench/engines.mjs',
  backtest: 'bench/backtest.mjs',
  routing: 'bench/routing/run.mjs',
  'world-routes': 'bench/routing/world.mjs',
  instruments: 'bench/instruments/run.mjs',
  batch: 'bench/batch/run.mjs',
};

/** Minutes long: run when they are named only. */
const long = ['routing', 'world-routes', 'instruments', 'engines'];

const HELP = `Usage: npm run bench -- [NAME…] [--OPTION…]

Names: ${Object.keys(benches).join(', ')}.
Without one all but the long ones (${long.join(', ')}). Options go to the one that is named.`;

const given = process.argv.slice(2);
const wanted = given.filter(
  (name, i) => !name.startsWith('-') && given.slice(0, i).every((each) => !each.startsWith('-')),
);
const options = given.slice(wanted.length);
const unknown = wanted.find((name) => !Object.hasOwn(benches, name));
if (unknown !== undefined) {
  console.error(`INVALID_INPUT: There is no benchmark "${unknown}".\n\n${HELP}`);
  process.exit(2);
}
if (wanted.length !== 1 && options.length > 0) {
  const isHelp = options.includes('--help');
  console[isHelp ? 'log' : 'error'](isHelp ? HELP : `INVALID_INPUT: Name one benchmark for ${options[0]}.\n\n${HELP}`);
  process.exit(isHelp ? 0 : 2);
}
let failed = false;
for (const [name, file] of Object.entries(benches)) {
  if (wanted.length === 0 ? long.includes(name) : !wanted.includes(name)) continue;
  // Not on standard output: with --json that is one document.
  console.error(`\n── ${name} (${file})`);
  const { status } = spawnSync(process.execPath, [join(root, file), ...options], { stdio: 'inherit' });
  if (status === 2) process.exit(2);
  if (status !== 0) failed = true;
}
process.exit(failed ? 1 : 0);
