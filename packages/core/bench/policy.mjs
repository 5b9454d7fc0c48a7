// Certainty equivalents of the rules against the exact optimum: node packages/core/bench/policy.mjs (after
// `npm run build`). Flags: --sigma --days --rate --lambda --gas --gamma --steps --product call|put|lp --unwind
// --paths --seed --json, and --sample N for the distribution over N random problems instead.
import { parseArgs } from 'node:util';
import { bandLatticeRule } from '../dist/policy/lattice/band-rule.js';
import { prepareBands } from '../dist/policy/lattice/band-table.js';
import { evaluateRule } from '../dist/policy/lattice/evaluate-rule.js';
import { layLattice } from '../dist/policy/lattice/lattice.js';
import { optimalLatticeRule } from '../dist/policy/lattice/optimal-lattice-rule.js';
import { solveOptimum } from '../dist/policy/lattice/optimum.js';
import { formatPolicyBench, policyBench } from '../dist/policy/lattice/policy-bench.js';
import { unitLiquidity } from '../dist/policy/lattice/product.js';
import { ruleOf } from '../dist/policy/rules/rule-of.js';

const { values } = parseArgs({
  options: {
    sigma: { type: 'string', default: '0.7' },
    days: { type: 'string', default: '30' },
    rate: { type: 'string', default: '0' },
    lambda: { type: 'string', default: '0.0005' },
    gas: { type: 'string', default: '0.0025' },
    gamma: { type: 'string', default: '0.02' },
    steps: { type: 'string', default: '720' },
    product: { type: 'string', default: 'call' },
    unwind: { type: 'boolean', default: false },
    paths: { type: 'string', default: '4000' },
    seed: { type: 'string', default: '1' },
    sample: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});

/** Mulberry32. */
function seeded(seed) {
  let state = seed | 0;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  return { next, bytes: (length) => Uint8Array.from({ length }, () => 256 * next()) };
}

const productOf = (kind) => (kind === 'lp' ? unitLiquidity(100) : { kind, strike: 100, side: 'short' });
const random = seeded(Number(values.seed));

function single() {
  const problem = {
    product: productOf(values.product),
    spot: 100,
    annualVolatility: Number(values.sigma),
    years: Number(values.days) / 365,
    steps: Number(values.steps),
    annualRate: Number(values.rate),
    proportionalCost: Number(values.lambda),
    fixedCost: Number(values.gas),
    riskAversion: Number(values.gamma),
    settlement: values.unwind ? 'unwind' : 'free',
  };
  const report = policyBench({ problem, paths: Number(values.paths), random, milliseconds: () => performance.now() });
  console.log(values.json ? JSON.stringify(report, null, 2) : formatPolicyBench(report));
}

/** Random problems of the whole box; the tables are prepared at another spot, so that they are read off their grid. */
function sample(count) {
  const logUniform = (low, high) => low * (high / low) ** random.next();
  const rows = Array.from({ length: count }, (_, i) => {
    const problem = {
      product: productOf(['call', 'put', 'lp'][i % 3]),
      spot: 100,
      annualVolatility: 0.7,
      years: logUniform(7, 365) / 365,
      steps: Number(values.steps),
      annualRate: 0,
      proportionalCost: logUniform(1e-4, 1e-2),
      fixedCost: random.next() < 0.2 ? 0 : logUniform(1e-4, 0.1),
      riskAversion: logUniform(0.005, 0.2),
      settlement: random.next() < 0.5 ? 'free' : 'unwind',
    };
    const started = performance.now();
    const optimum = solveOptimum(layLattice(problem)).certaintyEquivalent;
    const latticeMilliseconds = performance.now() - started;
    const table = prepareBands({ ...problem, spot: 101.7 });
    const lattice = layLattice(problem);
    const excess = (rule) =>
      (evaluateRule(lattice, bandLatticeRule(lattice, rule)).certaintyEquivalent / optimum - 1) * 100;
    const optimal = excess(ruleOf({ kind: 'optimal' }));
    const optimalLattice = excess(optimalLatticeRule(table, 1));
    const row = { problem, optimum, optimal, optimalLattice, latticeMilliseconds };
    if (!values.json) console.error(`${i + 1}/${count}`, JSON.stringify(row));
    return row;
  });
  const quantiles = (pick, of = rows) => {
    const sorted = of.map(pick).sort((a, b) => a - b);
    const at = (share) => Number(sorted[Math.round(share * (sorted.length - 1))].toFixed(3));
    const within = sorted.filter((value) => value <= 1).length / sorted.length;
    return { least: at(0), median: at(0.5), p90: at(0.9), p99: at(0.99), most: at(1), shareWithin1Percent: within };
  };
  const free = rows.filter(({ problem }) => problem.settlement === 'free');
  const unwind = rows.filter(({ problem }) => problem.settlement === 'unwind');
  const summary = {
    problems: rows.length,
    optimalExcessPercent: {
      free: quantiles((row) => row.optimal, free),
      unwind: quantiles((row) => row.optimal, unwind),
    },
    optimalLatticeExcessPercent: {
      free: quantiles((row) => row.optimalLattice, free),
      unwind: quantiles((row) => row.optimalLattice, unwind),
    },
    latticeMilliseconds: quantiles((row) => row.latticeMilliseconds),
  };
  console.log(JSON.stringify(values.json ? { ...summary, rows } : summary, null, 2));
}

if (values.sample === undefined) single();
else sample(Number(values.sample));
