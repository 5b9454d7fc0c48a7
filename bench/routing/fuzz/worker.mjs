// Draws, breaks, solves and judges one problem after another, and tells each outcome at once.
import { parentPort, workerData } from 'node:worker_threads';
import { instance } from '../oracle/instances.mjs';
import { solveOnce } from '../ours.mjs';
import { random } from '../random.mjs';
import { universe, universeAcross } from '../universes.mjs';
import { BREAKAGES } from './breakages.mjs';
import { faultsOf } from './verdict.mjs';

/** What a problem may be refused with. */
const CODES = [
  'INVALID_INPUT',
  'ROUTE_POOL_INVALID',
  'ROUTE_DUPLICATE',
  'ROUTE_DISCONNECTED',
  'ROUTE_INFEASIBLE',
  'STABLE_SWAP_DIVERGED',
];
/** Single paths, the price of a hop and the first relaxation are tried whatever the budget. */
const BEYOND_BUDGET = 60;
const NAMES = Object.keys(BREAKAGES);
const { isPrinted, numbers, seed } = workerData;

for (const number of numbers) {
  const { broken, problem, budget } = drawn(number);
  parentPort.postMessage({ number, broken, ...outcomeOf(problem, budget) });
}

/** The `number`th problem of the seed: always the same. */
function drawn(number) {
  const next = random(Math.imul(seed, 0x9e3779b1) ^ Math.imul(number + 1, 0xc2b2ae35));
  const dice = {
    chance: (share) => next() < share,
    between: (low, high) => low + Math.floor(next() * (high - low + 1)),
    pick: (list) => list[Math.floor(next() * list.length)],
  };
  const problem = structuredClone(good(number, dice));
  const broken = [];
  for (let i = dice.pick([0, 0, 0, 1, 1, 1, 2, 3]); i > 0; i--) {
    const name = dice.pick(NAMES);
    try {
      if (BREAKAGES[name](problem, dice) !== false) broken.push(name);
    } catch {
      // What was broken before leaves nothing to break in this way.
    }
  }
  return { problem, broken, budget: dice.pick([0, 25, 150, undefined]) };
}

function good(number, { between, chance, pick }) {
  if (chance(0.7)) return instance(seed, number).problem;
  const options = {
    pools: between(3, 40),
    shape: pick(['hub', 'clustered', 'wild']),
    curves: pick(['constant-product', 'concentrated', 'mixed']),
    seed: seed * 1000 + number,
    usd: 10 ** between(0, 12),
    gwei: pick([0, 20, 1000]),
    maxHops: pick([undefined, undefined, 1, 3]),
  };
  return chance(0.4)
    ? universeAcross({ ...options, chains: 2, wanted: pick(['anywhere', 'home']) })
    : universe(options);
}

function outcomeOf(problem, nodeBudget) {
  const before = structuredClone(problem);
  const started = performance.now();
  try {
    const answer = solveOnce(problem, nodeBudget === undefined ? {} : { nodeBudget });
    const ms = performance.now() - started;
    const faults = faultsOf(before, answer);
    const overBudget = nodeBudget === undefined ? undefined : answer.nodesUsed - nodeBudget;
    if (overBudget > BEYOND_BUDGET) faults.push(`${answer.nodesUsed} problems solved of ${nodeBudget}`);
    if (JSON.stringify(problem) !== JSON.stringify(before)) faults.push('the problem was changed');
    return {
      outcome: 'solved',
      hops: answer.hops.length,
      bridged: answer.hops.some(({ kind }) => kind === 'bridge'),
      overBudget,
      ms,
      faults,
      ...(faults.length > 0 || isPrinted ? { problem, answer } : {}),
    };
  } catch (error) {
    const ms = performance.now() - started;
    if (CODES.includes(error.code))
      return { outcome: error.code, message: error.message, ms, faults: [], ...(isPrinted ? { problem } : {}) };
    const fault = error.code ?? error.stack?.split('\n').slice(0, 3).join(' ') ?? String(error);
    return { outcome: error.code ?? error.name, ms, faults: [fault], problem };
  }
}
