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

const wanted = process.argv.slice(2);
const unknown = wanted.find((name) => !Object.hasOwn(benches, name));
if (unknown !== undefined) {
  console.error(`Unknown benchmark "${unknown}". Use one of: ${Object.keys(benches).join(', ')}.`);
  process.exit(1);
}
let failed = false;
for (const [name, file] of Object.entries(benches)) {
  if (wanted.length === 0 ? long.includes(name) : !wanted.includes(name)) continue;
  console.log(`\n── ${name} (${file})`);
  if (spawnSync(process.execPath, [join(root, file)], { stdio: 'inherit' }).status !== 0) failed = true;
}
process.exit(failed ? 1 : 0);
