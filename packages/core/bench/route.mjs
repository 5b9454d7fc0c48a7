// Warm medians of the router and its loss against its own certificate, over seeded universes.
// Build first: npx tsc -b packages/core
import { Bench } from 'tinybench';
import { compileModel } from '../dist/route/model.js';
import { createWorkspace, solveDual } from '../dist/route/dual.js';
import { parseProblem } from '../dist/route/problem.js';
import { solveRoute } from '../dist/route/solve-route.js';
import { universe } from './universe.mjs';

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const rows = [];

for (const pools of [60, 1_000, 10_000]) {
  const losses = [];
  const hops = [];
  let problem;
  for (let seed = 1; seed <= (pools === 10_000 ? 2 : 5); seed++) {
    for (const amountUnits of [1_000, 100_000]) {
      problem = universe({ pools, seed, amountUnits });
      const solution = solveRoute(problem);
      losses.push(solution.optimalityGapBps);
      hops.push(solution.hops.length);
    }
  }
  const compiled = compileModel(parseProblem(problem));
  const workspace = createWorkspace(compiled.network, compiled.sink);
  workspace.supply[compiled.source] = compiled.amount;
  solveDual(workspace);
  const optimum = Float64Array.from(workspace.price);
  const bench = new Bench({ time: 200, warmupTime: 50 });
  bench.add('warm dual', () => {
    // A round later every price has moved by some basis points.
    for (let n = 0; n < optimum.length; n++) workspace.price[n] = optimum[n] * (n === compiled.sink ? 1 : 1.0003);
    solveDual(workspace);
  });
  bench.add('whole call', () => solveRoute(problem));
  await bench.run();
  const [warm, whole] = bench.tasks.map(({ result }) => result.latency.p50);
  rows.push({
    pools,
    'gas gwei': 0,
    'warm dual ms': warm.toFixed(4),
    'whole call ms': whole.toFixed(2),
    'gap bp median': median(losses).toFixed(5),
    'gap bp worst': Math.max(...losses).toFixed(5),
    'hops median': median(hops),
  });
}

for (const pools of [60, 500]) {
  const losses = [];
  const hops = [];
  let problem;
  for (let seed = 1; seed <= 5; seed++) {
    for (const amountUnits of [1_000, 100_000]) {
      problem = universe({ pools, seed, amountUnits, gasPriceWei: 20n * 10n ** 9n });
      const solution = solveRoute(problem);
      losses.push(solution.optimalityGapBps);
      hops.push(solution.hops.length);
    }
  }
  const bench = new Bench({ time: 500, warmupTime: 100 });
  bench.add('whole call', () => solveRoute(problem));
  await bench.run();
  rows.push({
    pools,
    'gas gwei': 20,
    'warm dual ms': '',
    'whole call ms': bench.tasks[0].result.latency.p50.toFixed(2),
    'gap bp median': median(losses).toFixed(5),
    'gap bp worst': Math.max(...losses).toFixed(5),
    'hops median': median(hops),
  });
}
console.table(rows);
