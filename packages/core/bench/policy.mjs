// The optimal rule against the exact optimum, at random problems (after `npm run build`):
//   node packages/core/bench/policy.mjs [--problems N] [--seed N] [--json]
// A table is prepared for another spot and a longer time than the problem's, so that nothing lies on its grid; the rule is
// valued exactly on the problem's own lattice, and held against the optimum of a yardstick that shares no code.
import { readOptions } from '../../../scripts/options.mjs';
import { standardBook } from '../dist/lattice/book.js';
import { evaluateOnColumns } from '../dist/lattice/evaluate-on-columns.js';
import { evaluateRule } from '../dist/lattice/evaluate-rule.js';
import { layLattice } from '../dist/lattice/lattice.js';
import { solveOptimum } from '../dist/lattice/optimum.js';
import { prepareBands } from '../dist/lattice/prepare-bands.js';
import { edgesOf } from '../dist/lattice/rule-on-lattice.js';
import { policyTargetsOn } from '../dist/lattice/target-rule.js';
import { decide } from '../dist/policy/decide.js';
import { optimalRule } from '../dist/policy/rules/optimal.js';
import { readBands } from '../dist/policy/rules/prepared.js';
import { random as seeded } from './universe.mjs';
import { yardstick } from './yardstick.mjs';

const HELP = 'Usage: node packages/core/bench/policy.mjs [--problems N] [--seed N] [--json]';
const options = readOptions(HELP, {
  problems: { type: 'whole', least: 1, default: 24 },
  seed: { type: 'whole', least: 0, default: 1 },
  json: { type: 'boolean' },
});
const next = seeded(Number(options.seed));
const between = (low, high) => low * (high / low) ** next();

function draw(i) {
  return {
    product: ['call', 'put', 'lp'][i % 3],
    strike: 100,
    spot: between(90, 110),
    annualVolatility: between(0.3, 1.2),
    years: between(7, 365) / 365,
    steps: Math.round(between(40, 150)),
    annualRate: next() < 0.5 ? 0 : 0.05,
    proportionalCost: between(1e-4, 1e-2),
    fixedCost: next() < 0.2 ? 0 : between(1e-4, 0.1),
    riskAversion: between(0.005, 0.2),
    settlement: next() < 0.5 ? 'free' : 'unwind',
    ...(i % 6 < 3 ? {} : { impact: drawImpact() }),
  };
}

/** Of buys and sells each on its own, as a router's curves are. */
function drawImpact() {
  return { buy: drawPieces(), sell: drawPieces() };
}

/** The next unit of a trade of q costs λ + ηq, with η rising tenfold at a fifth of a unit in half of all cases. */
function drawPieces() {
  const rise = between(1e-4, 0.3);
  const knee = 0.2;
  const pieces = [{ length: knee, left: 0, right: rise * knee }];
  if (next() < 0.5) pieces.push({ length: 1, left: rise * knee, right: rise * knee + 10 * rise });
  return pieces;
}

const withBook = ({ product, strike, ...rest }) => ({ ...rest, book: standardBook(product, strike) });

function excessOf(problem) {
  const ours = withBook(problem);
  const lattice = layLattice(ours);
  const prepared = { ...ours, spot: ours.spot * 1.0137, years: ours.years * 1.07, steps: Math.round(ours.steps * 1.1) };
  const rule = (bands) =>
    (problem.impact === undefined
      ? evaluateRule(lattice, edgesOf(policyTargetsOn(lattice, optimalRule, bands)))
      : evaluateOnColumns(lattice, policyTargetsOn(lattice, optimalRule, bands))
    ).certaintyEquivalent;
  const optimum = yardstick(problem).certaintyEquivalent;
  const percent = (ce) => (ce / optimum - 1) * 100;
  return {
    problem,
    optimum,
    latticePercent: percent(solveOptimum(lattice).certaintyEquivalent),
    optimalPercent: percent(rule([{ table: prepareBands(prepared), units: 1 }])),
    closedFormPercent: percent(rule([])),
  };
}

const publicCase = {
  ...{ product: 'call', strike: 100, spot: 100, annualVolatility: 0.7, years: 30 / 365, steps: 720, annualRate: 0 },
  ...{ proportionalCost: 0.0005, fixedCost: 0.0025, riskAversion: 0.02, settlement: 'free' },
};
const best = (runs, work) => {
  const times = Array.from({ length: runs }, () => {
    const started = performance.now();
    work();
    return performance.now() - started;
  });
  return Math.min(...times);
};

const started = performance.now();
const publicCe = solveOptimum(layLattice(withBook(publicCase))).certaintyEquivalent;
const table = prepareBands(withBook(publicCase));
// A look at the market makes its two curves anew, frozen as the router's are.
const curve = (side) =>
  Object.freeze({
    side,
    referencePrice: 100,
    fixedCost: 0.0025,
    points: Object.freeze(
      [0.01, 0.1, 1, 10].map((sizeUnits) => ({ sizeUnits, cost: 0.0025 + 0.05 * sizeUnits, marginalCost: 0.05 })),
    ),
  });
const input = (i) => ({
  config: {
    ...{ rule: { kind: 'optimal' }, riskAversion: { perNumeraire: 0.02 }, targetDeltaUnits: '0' },
    ...{ monitoringSeconds: 3600, settlement: 'free', maxCostBps: 100, lotUnits: '0.000001' },
  },
  exposure: {
    ...{ underlying: 'ETH', spot: String(90 + (i % 20)), positions: [], unbounded: [], widenings: [] },
    ...{ delta: { low: '-0.3', high: '-0.3' }, gammaPerUnit: -0.02, vegaPerPoint: 0, thetaPerDay: 0, value: 0 },
    asOf: { source: 'bench', timeSeconds: 0 },
  },
  notional: 100,
  volatility: { annualVolatility: 0.6 },
  annualRate: 0,
  buyCurve: curve('buy'),
  sellCurve: curve('sell'),
  horizonSeconds: 86_400 * (1 + (i % 29)),
  latencySeconds: 0,
  nowSeconds: 0,
  bands: readBands([{ table, units: 1 }]),
});
const inputs = Array.from({ length: 500 }, (_, i) => input(i));
const microseconds = (of) => (best(40, () => of.forEach((each) => decide(each))) * 1000) / of.length;
const closedFormInputs = inputs.map(({ bands: _, ...each }) => each);
// One round of each first, so that neither is measured while it is compiled.
microseconds(inputs);
microseconds(closedFormInputs);
const speed = {
  decisionMicroseconds: microseconds(inputs),
  closedFormMicroseconds: microseconds(closedFormInputs),
  latticeMilliseconds: latticeTimes(),
};

/** The exact lattice of 720 steps, each product with and without unwinding and gas, and against a convex cost. */
function latticeTimes() {
  const pieces = [{ length: 1, left: 0, right: 0.02 }];
  const costs = {
    proportional: { fixedCost: 0 },
    gas: { fixedCost: 0.0025 },
    convex: { fixedCost: 0, impact: { buy: pieces, sell: pieces } },
    'convex, gas': { fixedCost: 0.0025, impact: { buy: pieces, sell: pieces } },
  };
  return Object.fromEntries(
    ['call', 'put', 'lp'].flatMap((product) =>
      ['free', 'unwind'].map((settlement) => [
        `${product}, ${settlement}`,
        Object.fromEntries(
          Object.entries(costs).map(([name, cost]) => {
            const problem = withBook({ ...publicCase, product, settlement, ...cost });
            return [name, Math.round(best(2, () => solveOptimum(layLattice(problem))))];
          }),
        ),
      ]),
    ),
  );
}

const rows = [];
for (let i = 0; i < Number(options.problems); i++) {
  if (!options.json && process.stderr.isTTY) process.stderr.write(`\r${i + 1}/${options.problems}`);
  rows.push(excessOf(draw(i)));
}
const spreadOf = (field, of = rows) => {
  const sorted = of.map((row) => row[field]).sort((a, b) => a - b);
  const share = sorted.filter((value) => value <= 1).length / sorted.length;
  return { median: sorted[sorted.length >> 1], worst: sorted.at(-1), least: sorted[0], shareWithin1Percent: share };
};
const groups = {
  all: () => true,
  call: ({ problem }) => problem.product === 'call',
  put: ({ problem }) => problem.product === 'put',
  lp: ({ problem }) => problem.product === 'lp',
  free: ({ problem }) => problem.settlement === 'free',
  unwind: ({ problem }) => problem.settlement === 'unwind',
  linear: ({ problem }) => problem.impact === undefined,
  convex: ({ problem }) => problem.impact !== undefined,
};
const report = {
  publicCase: publicCe,
  ...speed,
  problems: rows.length,
  seconds: (performance.now() - started) / 1000,
  excessPercent: {
    lattice: spreadOf('latticePercent'),
    optimal: spreadOf('optimalPercent'),
    closedForm: spreadOf('closedFormPercent'),
  },
  optimalExcessPercent: Object.fromEntries(
    Object.entries(groups)
      .map(([name, isIn]) => [name, rows.filter(isIn)])
      .filter(([, of]) => of.length > 0)
      .map(([name, of]) => [name, spreadOf('optimalPercent', of)]),
  ),
};
if (options.json) console.log(JSON.stringify({ ...report, rows }));
else {
  console.log(`\npublic case: CE ${publicCe.toFixed(5)} (published 0.1044)`);
  const { closedFormMicroseconds, decisionMicroseconds, latticeMilliseconds } = speed;
  const ratio = decisionMicroseconds / closedFormMicroseconds;
  console.log(
    `a decision: ${decisionMicroseconds.toFixed(1)} µs from a table, ${closedFormMicroseconds.toFixed(1)} µs by the closed form, ${ratio.toFixed(2)} times`,
  );
  console.log('lattice of 720 steps, ms:');
  console.table(latticeMilliseconds);
  console.log(`CE above the yardstick's optimum, percent, over ${rows.length} random problems:`);
  console.table(report.excessPercent);
  console.log('optimal, by kind of problem:');
  console.table(report.optimalExcessPercent);
  const [worst] = [...rows].sort((a, b) => b.optimalPercent - a.optimalPercent);
  console.log('worst for optimal:', JSON.stringify(worst));
}
