// One case and seed in a process of its own: prints, as JSON, what clearing takes the first time and afterwards.
// node bench/batch/clear.mjs CASE SEED ROUNDS
import { clearBatch } from '../../packages/core/dist/batch/index.js';
import { cases, markets, NOW, orders } from './cases.mjs';

const INTENTS = 1_000;
const [which, seed, rounds] = process.argv.slice(2).map(Number);
const { alone, ...terms } = cases[which];
const input = { markets, orders: orders(INTENTS, { ...terms, seed }), nowSeconds: NOW, alone };

/** Whatever else the machine does slows this as well. */
const REFERENCE_STEPS = 1e8;

function clock(work) {
  const cpu = process.cpuUsage();
  const started = performance.now();
  const result = work();
  const ms = performance.now() - started;
  const { system, user } = process.cpuUsage(cpu);
  return { result, ms, cpuMs: (system + user) / 1e3 };
}

function reference() {
  let sum = 0;
  for (let i = 0; i < REFERENCE_STEPS; i += 1) sum = (sum * 31 + i) | 0;
  return sum;
}

const { result: cleared, ...cold } = clock(() => clearBatch(input));
const { cpuMs: referenceCpuMs } = clock(reference);
const warmMs = Array.from({ length: rounds - 1 }, () => clock(() => clearBatch(input)).ms);
const settled = cleared.markets.reduce((sum, { fills }) => sum + fills.length, 0);
const { nettedShare } = cleared;
console.log(JSON.stringify({ coldMs: cold.ms, coldCpuMs: cold.cpuMs, referenceCpuMs, warmMs, settled, nettedShare }));
