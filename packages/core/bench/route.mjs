// Cold and warm times of the router, its loss against its own certificate, and how time grows, over seeded universes.
// Build first: npx tsc -b packages/core
import { prepareRoute } from '../dist/route/prepare-route.js';
import { parseProblem } from '../dist/route/problem.js';
import { prepareSizes } from '../dist/route/sized-costs.js';
import { solveRoute } from '../dist/route/solve-route.js';
import { acrossChains, universe } from './universe.mjs';

const SEEDS = [1, 2, 3, 4, 5];
const SIZES = [1_000, 10_000, 100_000, 1_000_000, 10_000_000];
const GWEI = 10n ** 9n;
const WARM_CALLS = { 60: 500, 500: 60, 1_000: 40, 10_000: 6 };
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const timed = (work) => {
  const start = performance.now();
  const result = work();
  return [performance.now() - start, result];
};

/** Cold once, then warm at other amounts up to 60 bp more. */
function measure(row, problem, calls) {
  const prepared = prepareRoute(problem);
  const [time, first] = timed(() => prepared.solve());
  row.cold.push(time);
  row.hops.push(first.hops.length);
  const asked = BigInt(problem.demand.amountIn ?? problem.demand.amountOut);
  for (let call = 0; call < calls; call++) {
    const [warm, route] = timed(() => prepared.solve((asked * BigInt(10_000 + 10 * (call % 7))) / 10_000n));
    row.warm.push(warm);
    row.losses.push(route.optimalityGapBps);
  }
}

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

// Several chains with bridges and inventories, exact-in and exact-out; and concentrated pools.
const across = [];
for (const exactOut of [false, true]) {
  for (const lanes of [6, 12, 18]) {
    const row = { cold: [], warm: [], losses: [], hops: [] };
    for (const seed of SEEDS.slice(0, 3)) {
      for (const amountUnits of [10_000, 100_000, 1_000_000]) {
        const gasPriceWei = 20n * GWEI;
        measure(row, acrossChains({ lanes, seed, amountUnits, exactOut, gasPriceWei }), 40);
      }
    }
    across.push([`3 chains, ${lanes} lanes, ${exactOut ? 'exact-out' : 'exact-in'}`, row]);
  }
}
for (const gasPriceWei of [0n, 20n * GWEI]) {
  const row = { cold: [], warm: [], losses: [], hops: [] };
  for (const seed of SEEDS) {
    for (const amountUnits of SIZES) {
      measure(row, universe({ pools: 60, seed, amountUnits, gasPriceWei, concentrated: true }), 100);
    }
  }
  across.push([`60 concentrated pools, ${gasPriceWei / GWEI} gwei`, row]);
}
console.table(
  Object.fromEntries(
    across.map(([name, { cold, hops, losses, warm }]) => [
      name,
      {
        'cold ms': median(cold).toFixed(1),
        'warm ms': median(warm).toFixed(4),
        'gap bp median': median(losses).toFixed(5),
        'gap bp worst': Math.max(...losses).toFixed(4),
        'hops median': median(hops),
      },
    ]),
  ),
);
const exponent = (a, b) => (Math.log(b.warm / a.warm) / Math.log(b.pools / a.pools)).toFixed(2);
console.log(`warm time grows with the exponent ${exponent(rows[0], rows[2])} from 60 to 10,000 pools without gas,`);
console.log(`and with ${exponent(rows[3], rows[4])} from 60 to 500 pools with gas`);

// Many sizes for little more than the price of one: twenty sizes of one curve, evenly from a twentieth of the largest and
// by equal factors from a hundredth of it, against one solution of the largest. Processor time, as others may be at work.
const processorTime = (work) => {
  const before = process.cpuUsage();
  work();
  const { system, user } = process.cpuUsage(before);
  return (user + system) / 1000;
};
const usual = (calls, work) => {
  for (let call = 0; call < calls; call++) work();
  return median(Array.from({ length: calls }, () => processorTime(work)));
};
const curves = [];
for (const seed of SEEDS.slice(0, 2)) {
  for (const gasPriceWei of [0n, 20n * GWEI]) {
    for (const pools of [60, 200, 500, 1_000]) {
      for (const amountUnits of [10_000, 1_000_000]) {
        curves.push([`${pools} pools`, universe({ pools, seed, amountUnits, gasPriceWei })]);
      }
    }
    for (const lanes of [6, 12, 18]) {
      for (const exactOut of [false, true]) {
        curves.push([
          `3 chains, ${lanes} lanes`,
          acrossChains({ lanes, seed, amountUnits: 100_000, exactOut, gasPriceWei }),
        ]);
      }
    }
  }
}
const shares = {
  evenly: Array.from({ length: 20 }, (_, k) => (20 - k) / 20),
  'by factors': Array.from({ length: 20 }, (_, k) => 100 ** (-k / 19)),
};
const options = { nodeBudget: 250, referencePrice: 1, toleranceBps: 0.01, waitGrows: false };
const ratios = new Map();
for (const [name, problem] of curves) {
  const gas = Object.values(problem.gasPrices).some((price) => price !== '0') ? 'with gas' : 'without gas';
  const first = processorTime(() => prepareRoute(problem).solve());
  const calls = first > 100 ? 1 : 5;
  const cold = usual(calls, () => prepareRoute(problem).solve());
  const row = ratios.get(`${name}, ${gas}`) ?? { evenly: [], 'by factors': [] };
  ratios.set(`${name}, ${gas}`, row);
  for (const [spacing, parts] of Object.entries(shares)) {
    const twenty = usual(calls, () => {
      const model = parseProblem(problem);
      const { at } = prepareSizes(model, options);
      for (const part of parts) at((Number(model.amount) / 10 ** model.amountDecimals) * part);
    });
    row[spacing].push(twenty / cold);
  }
}
console.log('Twenty sizes of a cost curve, in times of one cold solution of the largest:');
const of = (values) => `${median(values).toFixed(2)}, worst ${Math.max(...values).toFixed(2)}`;
const all = [...ratios.values()];
console.table(
  Object.fromEntries(
    [
      ...ratios,
      [
        'all',
        {
          evenly: all.flatMap((row) => row.evenly),
          'by factors': all.flatMap((row) => row['by factors']),
        },
      ],
    ].map(([name, row]) => [name, { evenly: of(row.evenly), 'by factors': of(row['by factors']) }]),
  ),
);
