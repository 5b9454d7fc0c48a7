// Cold and warm times of the router, its loss against its own certificate, and how time grows, over seeded universes.
// Build first: npx tsc -b packages/core
import { prepareRoute } from '../dist/route/prepare-route.js';
import { solveRoute } from '../dist/route/solve-route.js';
import { universe } from './universe.mjs';

const SEEDS = [1, 2, 3, 4, 5];
const SIZES = [1_000, 10_000, 100_000, 1_000_000, 10_000_000];
const WARM_CALLS = { 60: 500, 500: 60, 1_000: 40, 10_000: 6 };
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const timed = (work) => {
  const start = performance.now();
  const result = work();
  return [performance.now() - start, result];
};

const rows = [];
for (const [pools, gwei] of [
  [60, 0],
  [1_000, 0],
  [10_000, 0],
  [60, 20],
  [500, 20],
]) {
  const losses = [];
  const hops = [];
  const cold = [];
  const warm = [];
  for (const seed of pools === 10_000 ? SEEDS.slice(0, 2) : SEEDS) {
    for (const amountUnits of SIZES) {
      const problem = universe({ pools, seed, amountUnits, gasPriceWei: BigInt(gwei) * 10n ** 9n });
      cold.push(timed(() => solveRoute(problem))[0]);
      const prepared = prepareRoute(problem);
      losses.push(prepared.solve().optimalityGapBps);
      for (let call = 0; call < WARM_CALLS[pools]; call++) {
        // Each call asks for another amount, up to 60 bp more, and each returns exact hops and a certificate.
        const amount = (BigInt(problem.demand.amountIn) * BigInt(10_000 + 10 * (call % 7))) / 10_000n;
        const [time, route] = timed(() => prepared.solve(amount));
        warm.push(time);
        if (call === 0) hops.push(route.hops.length);
        losses.push(route.optimalityGapBps);
      }
    }
  }
  rows.push({ pools, gwei, cold: median(cold), warm: median(warm), losses, hops: median(hops) });
}
console.table(
  rows.map(({ cold, gwei, hops, losses, pools, warm }) => ({
    pools,
    'gas gwei': gwei,
    'cold ms': cold.toFixed(2),
    'warm ms': warm.toFixed(4),
    'gap bp median': median(losses).toFixed(5),
    'gap bp worst': Math.max(...losses).toFixed(5),
    'hops median': hops,
  })),
);
const exponent = (a, b) => (Math.log(b.warm / a.warm) / Math.log(b.pools / a.pools)).toFixed(2);
console.log(`warm time grows with the exponent ${exponent(rows[0], rows[2])} from 60 to 10,000 pools without gas,`);
console.log(`and with ${exponent(rows[3], rows[4])} from 60 to 500 pools with gas`);
