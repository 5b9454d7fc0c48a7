// How long the world takes to come up: deployed anew, and from its cache. Run `npm run build` first.
import { startWorld } from '../dist/index.js';

const ROUNDS = 5;
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

async function measure(options) {
  const startedMs = performance.now();
  const world = await startWorld(options);
  const elapsedMs = performance.now() - startedMs;
  await world.close();
  return elapsedMs;
}

async function measureRevert() {
  const world = await startWorld();
  const snapshot = await world.snapshot();
  const startedMs = performance.now();
  await world.revert(snapshot);
  const elapsedMs = performance.now() - startedMs;
  await world.close();
  return elapsedMs;
}

for (const chains of [1, 2, 3]) {
  for (const fresh of [true, false]) {
    const rounds = [];
    for (let round = 0; round < ROUNDS; round += 1) rounds.push(await measure({ chains, fresh }));
    const label = fresh ? 'deployed anew ' : 'from the cache';
    console.log(
      `${chains} chain(s), ${label}  median ${median(rounds).toFixed(0)} ms, worst ${Math.max(...rounds).toFixed(0)} ms`,
    );
  }
}
const reverts = [];
for (let round = 0; round < ROUNDS; round += 1) reverts.push(await measureRevert());
console.log(
  `revert of 3 chains          median ${median(reverts).toFixed(0)} ms, worst ${Math.max(...reverts).toFixed(0)} ms`,
);
