#!/usr/bin/env node
// Random problems, most of them broken in one way or several: each must end within its budget in a route that adds up, or
// say with a stable code what is wrong. `node bench/routing/fuzz.mjs --help` says how.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { readOptions } from '../../scripts/options.mjs';
import { BREAKAGES } from './fuzz/breakages.mjs';

const HELP = `Usage: node bench/routing/fuzz.mjs [options]      (build first: npm run build)
  --cases N      problems to try; default 2000
  --seed N       default 1
  --case N       only the Nth problem of the seed, printed with what came of it
  --patience S   seconds after which a problem counts as hanging; default 60
  --json         one JSON document on standard output
Problems with which something is wrong go to bench/routing/.cache/fuzz/. A value that JSON has none for (NaN) is null there.
The exit code is 0 where nothing is.`;

const NAMES = Object.keys(BREAKAGES);
const options = readOptions(HELP, {
  cases: { type: 'whole', least: 1, default: 2000 },
  seed: { type: 'whole', least: 0, default: 1 },
  case: { type: 'whole', least: 0 },
  patience: { type: 'number', above: 0, default: 60 },
  json: { type: 'boolean' },
});
if (!existsSync(new URL('../../packages/core/dist/route/index.js', import.meta.url))) {
  console.error('The packages are not built. Run `npm install` and `npm run build` in the root folder, then again.');
  process.exit(1);
}

const seed = Number(options.seed);
const numbers = options.case === undefined ? [...Array(Number(options.cases)).keys()] : [Number(options.case)];
const folder = join(import.meta.dirname, '.cache', 'fuzz');
const rows = [];
const faulty = [];

/** A problem that never ends is found from outside: the worker is stopped, and a new one goes on behind it. */
for (let from = 0; from < numbers.length;) {
  const done = await work(numbers.slice(from));
  from += done;
}
if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');

function work(left) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('fuzz/worker.mjs', import.meta.url), {
      workerData: { seed, numbers: left, isPrinted: options.case !== undefined },
    });
    let done = 0;
    let timer;
    const wait = () => {
      clearTimeout(timer);
      timer = setTimeout(
        () => {
          take({ number: left[done], broken: [], outcome: 'hangs', faults: [`no end after ${options.patience} s`] });
          void worker.terminate().then(() => resolve(done));
        },
        Number(options.patience) * 1000,
      );
    };
    const take = (row) => {
      rows.push(row);
      done++;
      if (row.faults.length > 0) faulty.push(row);
      if (process.stderr.isTTY && rows.length % 50 === 0)
        process.stderr.write(`\r\u001b[K${rows.length} of ${numbers.length}`);
    };
    worker.on('message', (row) => {
      take(row);
      wait();
    });
    worker.on('error', reject);
    worker.on('exit', () => {
      clearTimeout(timer);
      resolve(done);
    });
    wait();
  });
}

const files = faulty.map(({ broken, faults, number, problem }) => {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${seed}-${number}.json`);
  if (problem !== undefined) writeFileSync(file, JSON.stringify(problem, null, 1));
  return { number, file, broken, faults };
});
const codes = {};
for (const { outcome } of rows) codes[outcome] = (codes[outcome] ?? 0) + 1;
const slowest = rows.reduce((most, row) => ((row.ms ?? 0) > (most?.ms ?? -1) ? row : most), undefined);
const totals = {
  seed,
  cases: rows.length,
  solved: codes.solved ?? 0,
  served: rows.filter(({ hops }) => hops > 0).length,
  acrossChains: rows.filter(({ bridged }) => bridged).length,
  outcomes: codes,
  mostNodesOverBudget: Math.max(0, ...rows.map(({ overBudget }) => overBudget ?? 0)),
  slowestMs: slowest?.ms ?? 0,
  slowest: slowest?.number,
  breakages: NAMES.map((name) => {
    const own = rows.filter(({ broken }) => broken.length === 1 && broken[0] === name);
    return { name, cases: own.length, solved: own.filter(({ outcome }) => outcome === 'solved').length };
  }),
  faults: files,
};

if (options.case !== undefined) console.log(JSON.stringify(rows, null, 1));
else if (options.json) console.log(JSON.stringify(totals, null, 2));
else {
  console.table(totals.breakages);
  for (const [outcome, count] of Object.entries(codes)) console.log(`${outcome}: ${count}`);
  console.log(`${totals.served} routes carry something, ${totals.acrossChains} of them from chain to chain.`);
  console.log(`The slowest took ${totals.slowestMs.toFixed(0)} ms (--case ${totals.slowest}).`);
  console.log(files.length === 0 ? 'Nothing was wrong with any answer.' : `Something is wrong with ${files.length}:`);
  for (const { broken, faults, file } of files) console.log(`  ${file} (${broken.join('; ')}): ${faults[0]}`);
}
process.exitCode = files.length === 0 ? 0 : 1;
