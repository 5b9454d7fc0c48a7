// What it costs that neighbouring markets share a table (after `npm run build`):
//   node packages/agent/bench/tables.mjs [--problems N] [--seed N] [--json]
// A book of options and a market are drawn at random; the loop's own table for them, prepared on its grid and within its
// bound of work, is read as the loop reads it, and the rule is valued exactly on the lattice of the market as it is.
import { readOptions } from '../../../scripts/options.mjs';
import { evaluateRule } from '../../core/dist/lattice/evaluate-rule.js';
import { layLattice } from '../../core/dist/lattice/lattice.js';
import { solveOptimum } from '../../core/dist/lattice/optimum.js';
import { edgesOf } from '../../core/dist/lattice/rule-on-lattice.js';
import { policyTargetsOn } from '../../core/dist/lattice/target-rule.js';
import { optimalRule } from '../../core/dist/policy/rules/optimal.js';
import { random as seeded } from '../../core/bench/universe.mjs';
import { boundedBands } from '../dist/optimum/bounded-bands.js';
import { optionBookOf } from '../dist/optimum/option-book.js';
import { tableRequest } from '../dist/optimum/table-request.js';

const HELP = 'Usage: node packages/agent/bench/tables.mjs [--problems N] [--seed N] [--json]';
const options = readOptions(HELP, {
  problems: { type: 'whole', least: 1, default: 16 },
  seed: { type: 'whole', least: 0, default: 1 },
  json: { type: 'boolean' },
});
const next = seeded(Number(options.seed));
const between = (low, high) => low * (high / low) ** next();
const NOW = 1_700_000_000;
const DAY = 86_400;
const YEAR = 365 * DAY;

/** A book of one or two options on one unit or so, looked at `looks` times until its end. */
function draw() {
  const spot = between(1500, 4500);
  const days = between(3, 180);
  const two = next() < 0.4;
  const leg = (end) => ({
    kind: 'option',
    optionType: next() < 0.5 ? 'call' : 'put',
    sizeUnits: (-between(1, 200)).toFixed(3),
    strike: (spot * between(0.85, 1.2)).toFixed(2),
    expirySeconds: NOW + Math.round(end * DAY),
    annualVolatility: '0.65',
    forwardRatio: '1',
    annualRate: '0',
  });
  const positions = two ? [leg(days), leg(days * between(0.4, 1))] : [leg(days)];
  const units = positions.reduce((sum, each) => sum + Math.abs(Number(each.sizeUnits)), 0);
  return {
    positions,
    days,
    looks: Math.round(between(60, 360)),
    spot,
    annualVolatility: between(0.35, 1.1),
    proportionalCost: between(2e-4, 5e-3),
    fixedCost: next() < 0.2 ? 0 : between(1e-5, 2e-3) * units * spot * 0.02,
    riskAversion: between(0.2, 20) / spot / units,
    settlement: next() < 0.6 ? 'free' : 'unwind',
  };
}

function straight(side, { fixedCost, proportionalCost, spot }) {
  const marginalCost = proportionalCost * spot;
  const points = [0.01, 1, 1000].map((sizeUnits) => {
    return { sizeUnits, cost: fixedCost + marginalCost * sizeUnits, marginalCost };
  });
  return { side, referencePrice: spot, fixedCost, points };
}

function excessOf(drawn) {
  const { annualVolatility, days, fixedCost, looks, positions, proportionalCost, riskAversion, settlement, spot } =
    drawn;
  const inputs = {
    spot: String(spot),
    annualVolatility,
    riskAversion: { perNumeraire: riskAversion },
    fixedCost: { buy: fixedCost, sell: fixedCost },
    horizonSeconds: days * DAY,
    monitoringSeconds: (days * DAY) / looks,
    latencySeconds: 0,
    decidedAtSeconds: NOW,
  };
  const readings = positions.map((position, i) => ({ status: 'known', id: String(i), label: String(i), position }));
  const book = optionBookOf(readings, spot, NOW);
  const curves = { buyCurve: straight('buy', drawn), sellCurve: straight('sell', drawn) };
  const question = { readings, inputs, ...curves, annualRate: 0, settlement };
  const request = tableRequest(question, book, settlement, 0);
  const started = performance.now();
  const table = boundedBands(request.problem);
  const preparedMs = performance.now() - started;
  const years = (book.endSeconds - NOW) / YEAR;
  const look = years / looks;
  const problem = {
    book: book.options.map(({ expirySeconds, kind, strike, units }) => ({
      kind,
      units,
      strike,
      // The lattice pays at looks: a hair before, so that the option is over then.
      years:
        expirySeconds === book.endSeconds
          ? years
          : (Math.max(1, Math.round((expirySeconds - NOW) / YEAR / look)) - 1e-6) * look,
    })),
    ...{ spot, annualVolatility, years, steps: looks, annualRate: 0, proportionalCost, fixedCost, riskAversion },
    settlement,
  };
  const lattice = layLattice(problem);
  const value = (bands) =>
    evaluateRule(lattice, edgesOf(policyTargetsOn(lattice, optimalRule, bands))).certaintyEquivalent;
  const optimum = solveOptimum(lattice).certaintyEquivalent;
  return {
    drawn,
    preparedMs,
    sharedPercent: (value([{ table, units: request.units }]) / optimum - 1) * 100,
    closedFormPercent: (value([]) / optimum - 1) * 100,
  };
}

const rows = [];
for (let i = 0; i < Number(options.problems); i++) {
  if (!options.json && process.stderr.isTTY) process.stderr.write(`\r${i + 1}/${options.problems}`);
  rows.push(excessOf(draw()));
}
const spreadOf = (field) => {
  const sorted = rows.map((row) => row[field]).sort((a, b) => a - b);
  return { median: sorted[sorted.length >> 1], worst: sorted.at(-1) };
};
const report = {
  problems: rows.length,
  excessPercent: { sharedTable: spreadOf('sharedPercent'), closedForm: spreadOf('closedFormPercent') },
  preparationMs: spreadOf('preparedMs'),
};
if (options.json) console.log(JSON.stringify({ ...report, rows }));
else {
  console.log(`CE above the exact optimum, percent, over ${rows.length} random books and markets:`);
  console.table(report.excessPercent);
  const { median, worst } = report.preparationMs;
  console.log(`preparing one table: ${median.toFixed(0)} ms in the median, ${worst.toFixed(0)} ms at worst`);
  const [least] = [...rows].sort((a, b) => b.sharedPercent - a.sharedPercent);
  console.log('worst for a shared table:', JSON.stringify(least));
}
