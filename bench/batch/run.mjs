// Clearing a batch: milliseconds for 1,000 intents on three markets, over seeds. Cold is the first call of a fresh process, when
// nothing is compiled yet; warm is each later one. Build first: npx tsc -b packages/core
// npm run bench -- batch [--seeds N] [--rounds N]
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { cases } from './cases.mjs';

const TARGET_MS = 100;

const { values } = parseArgs({
  options: { seeds: { type: 'string', default: '20' }, rounds: { type: 'string', default: '15' } },
});
const seeds = countOf('seeds', 1);
const rounds = countOf('rounds', 2);

function countOf(name, least) {
  const count = Number(values[name]);
  if (Number.isInteger(count) && count >= least && count <= 1_000) return count;
  console.error(`--${name} is ${values[name]}. Give a whole number from ${least} to 1000.`);
  process.exit(1);
}

function clear(which, seed) {
  const script = join(import.meta.dirname, 'clear.mjs');
  return JSON.parse(execFileSync(process.execPath, [script, which, seed, rounds].map(String), { encoding: 'utf8' }));
}

const sorted = (numbers) => [...numbers].sort((a, b) => a - b);
const median = (numbers) => sorted(numbers)[numbers.length >> 1];

const shareUnder = (ms) => `${ms.filter((each) => each < TARGET_MS).length} of ${ms.length}`;

const cpuMs = [];
const rows = cases.map(({ name }, which) => {
  const runs = Array.from({ length: seeds }, (_, i) => clear(which, i + 1));
  const cold = runs.map(({ coldMs }) => coldMs);
  const warm = runs.flatMap(({ warmMs }) => warmMs);
  const ratios = runs.map(({ coldCpuMs, referenceCpuMs }) => coldCpuMs / referenceCpuMs);
  cpuMs.push(...runs.map(({ referenceCpuMs }) => referenceCpuMs));
  return {
    case: name,
    'cold ms': median(cold).toFixed(1),
    'worst seed': Math.max(...cold).toFixed(1),
    'CPU of reference': median(ratios).toFixed(2),
    'worst of it': Math.max(...ratios).toFixed(2),
    'warm ms': median(warm).toFixed(1),
    'worst warm': Math.max(...warm).toFixed(1),
    settled: median(runs.map(({ settled }) => settled)),
    'netted %': (100 * median(runs.map(({ nettedShare }) => nettedShare))).toFixed(1),
    [`under ${TARGET_MS} warm`]: shareUnder(warm),
    [`under ${TARGET_MS} cold`]: shareUnder(cold),
  };
});
console.table(rows);
console.log(
  `${seeds} seeds, each in a process of its own, ${rounds} calls each. The reference, a loop of 1e8 steps, took this machine ` +
    `${median(cpuMs).toFixed(0)} ms of CPU (${Math.min(...cpuMs).toFixed(0)} to ${Math.max(...cpuMs).toFixed(0)}).`,
);
