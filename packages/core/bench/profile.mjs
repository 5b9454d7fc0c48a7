// Cheapest trades to a profile of delta, gamma and vega: milliseconds and what the plan may lose against its bound.
// Build first: npx tsc -b packages/core
import { linearImpactCurve, solveProfile } from '../dist/profile/index.js';

/** Perps and spot with options over strikes; with gas and whole contracts where `discrete`. */
function universe(count, seed, discrete) {
  let state = seed;
  const uniform = () => (state = (state * 48_271) % 0x7fffffff) / 0x7fffffff;
  const instruments = Array.from({ length: count }, (_, i) => {
    const isOption = i % 3 > 0;
    const sideOf = (side) => ({
      curve: linearImpactCurve({
        side,
        referencePrice: isOption ? 100 : 2500,
        fixedCost: discrete ? 1 + 4 * uniform() : 0,
        costPerUnit: 0.5 + 4 * uniform(),
        impactPerUnit: 0.2 * uniform(),
        maxUnits: 2 + 20 * uniform(),
      }),
      holdingCostPerDay: 0.3 * uniform(),
      marginPerUnit: 500 * uniform(),
    });
    return {
      id: `i${i}`,
      greeks: isOption
        ? { delta: 2 * uniform() - 1, gamma: 0.001 * uniform(), vega: 4 * uniform() }
        : { delta: 1, gamma: 0, vega: 0 },
      buy: sideOf('buy'),
      sell: sideOf('sell'),
      ...(discrete ? { lotUnits: isOption ? '1' : '0.001' } : {}),
    };
  });
  return {
    exposure: { delta: { low: -30, high: -29 }, gamma: { low: -0.02, high: -0.02 }, vega: { low: -70, high: -60 } },
    target: {
      delta: { low: -1, high: 1, weight: 1 },
      gamma: { low: -0.002, high: 0.002, weight: 1e6 },
      vega: { low: -8, high: 8, weight: 0.1 },
    },
    instruments,
    marginAvailable: 20_000,
    holdingDays: 5,
  };
}

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const rows = [];
for (const discrete of [false, true]) {
  for (const instruments of [10, 50]) {
    const times = [];
    const solutions = [];
    for (let seed = 1; seed <= 10; seed++) {
      const problem = universe(instruments, seed, discrete);
      solveProfile(problem);
      const start = process.hrtime.bigint();
      solutions.push(solveProfile(problem));
      times.push(Number(process.hrtime.bigint() - start) / 1e6);
    }
    rows.push({
      instruments,
      'gas and lots': discrete ? 'yes' : 'no',
      'inside all bands': `${solutions.filter(({ status }) => status === 'inside').length}/10`,
      'ms median': median(times).toFixed(1),
      'ms worst': Math.max(...times).toFixed(1),
      'gap bp median': median(solutions.map(({ gapBps }) => gapBps)).toFixed(3),
      'gap bp worst': Math.max(...solutions.map(({ gapBps }) => gapBps)).toFixed(3),
      'nodes median': median(solutions.map(({ nodes }) => nodes)),
      trades: median(solutions.map(({ trades }) => trades.length)),
    });
  }
}
console.table(rows);
