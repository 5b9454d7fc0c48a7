import fc from 'fast-check';
import type { CostFunction } from '../cost-function.js';
import type { Market } from '../market.js';
import type { RuleOutcome } from '../rules/rule.js';
import { bandLatticeRule } from './band-rule.js';
import { bandReader, parseBands, prepareBands, serialiseBands } from './band-table.js';
import { BandTableInvalidError } from './errors.js';
import { evaluateRule } from './evaluate-rule.js';
import { layLattice } from './lattice.js';
import { optimalLatticeRule } from './optimal-lattice-rule.js';
import { solveOptimum } from './optimum.js';
import { formatPolicyBench, policyBench } from './policy-bench.js';
import type { HedgingProblem } from './problem.js';
import { liabilityOf, unitLiquidity } from './product.js';

const problem: HedgingProblem = {
  product: { kind: 'call', strike: 100, side: 'short' },
  spot: 100,
  annualVolatility: 0.7,
  years: 30 / 365,
  steps: 120,
  annualRate: 0,
  proportionalCost: 0.0005,
  fixedCost: 0.0025,
  riskAversion: 0.02,
  settlement: 'free',
};
const table = prepareBands(problem);
const { delta, gamma } = liabilityOf(problem.product, problem);

function linear(fixedCost: number, perUnit: number): CostFunction {
  return { fixedCost, maxSizeUnits: 1e6, variableCost: (q) => perUnit * q, marginalCost: () => perUnit };
}

function outcomeOf(units: number, years: number, cost: CostFunction, change: Partial<Market> = {}, spot = 100) {
  const market: Market = {
    spot,
    annualVolatility: 0.7,
    gammaPerUnit: -units * gamma(spot, years),
    riskAversion: 0.02 / units,
    years,
    annualRate: 0,
    monitoringYears: problem.years / problem.steps,
    latencyYears: 0,
    settlement: problem.settlement,
    holdingUnits: 0.5 * units,
    ...change,
  };
  const context = { market, buy: cost, sell: cost, nowSeconds: 0, lastTradeSeconds: undefined };
  const outcome = optimalLatticeRule(table, units)({ ...context, deltaAtVolatility: undefined });
  if (outcome.kind !== 'band') throw new Error('not a band');
  return outcome satisfies RuleOutcome;
}

const spots = fc.double({ min: 50, max: 200, noNaN: true });
const times = fc.double({ min: 1e-4, max: 40 / 365, noNaN: true });

describe('prepareBands', () => {
  test.each([
    ['call', problem],
    ['put, unwound', { ...problem, product: { kind: 'put', strike: 105, side: 'short' }, settlement: 'unwind' }],
    ['liquidity', { ...problem, product: unitLiquidity(100), riskAversion: 0.1, proportionalCost: 0.003 }],
    ['dear gas, unwound', { ...problem, fixedCost: 0.1, settlement: 'unwind' }],
  ] as const)('a book that follows it is within 0.5 %% of the optimum, off its grid: %s', (_name, one) => {
    const read = prepareBands({ ...one, spot: 101.7 });
    const lattice = layLattice(one);
    const best = solveOptimum(lattice).certaintyEquivalent;
    const { certaintyEquivalent } = evaluateRule(lattice, bandLatticeRule(lattice, optimalLatticeRule(read, 1)));
    expect(certaintyEquivalent / best - 1).toBeLessThan(0.005);
    expect(certaintyEquivalent / best - 1).toBeGreaterThan(-0.001);
  });

  test('carries the certainty equivalent', () => {
    expect(table.certaintyEquivalent).toBe(solveOptimum(layLattice(problem)).certaintyEquivalent);
  });
});

describe('bandReader', () => {
  const read = bandReader(table);

  test('bands are ordered everywhere, also beyond the table', () => {
    fc.assert(
      fc.property(spots, times, (spot, years) => {
        const { buyInner, buyOuter, sellInner, sellOuter } = read(spot, years);
        expect(buyOuter).toBeLessThanOrEqual(buyInner + 1e-7);
        expect(buyInner).toBeLessThanOrEqual(sellInner + 1e-7);
        expect(sellInner).toBeLessThanOrEqual(sellOuter + 1e-7);
      }),
    );
  });

  test('settled for nothing, they hold the frictionless delta', () => {
    fc.assert(
      fc.property(spots, fc.double({ min: 1 / 365, max: 30 / 365, noNaN: true }), (spot, years) => {
        const { buyOuter, sellOuter } = read(spot, years);
        expect(buyOuter).toBeLessThan(delta(spot, years) + 1e-6);
        expect(sellOuter).toBeGreaterThan(delta(spot, years) - 1e-6);
      }),
    );
  });

  test('are continuous: a hair of spot moves no edge by more than a little', () => {
    fc.assert(
      fc.property(spots, fc.double({ min: 5 / 365, max: 30 / 365, noNaN: true }), (spot, years) => {
        const here = read(spot, years);
        const there = read(spot * (1 + 1e-6), years);
        expect(Math.abs(here.buyInner - there.buyInner)).toBeLessThan(1e-4);
        expect(Math.abs(here.sellOuter - there.sellOuter)).toBeLessThan(1e-3);
      }),
    );
  });
});

describe('a stored table', () => {
  const stored = JSON.parse(JSON.stringify(serialiseBands(table))) as Record<string, unknown>;

  test('comes back as it was', () => {
    expect(parseBands(stored)).toEqual(table);
    const pool = prepareBands({ ...problem, steps: 10, product: unitLiquidity(100) });
    expect(parseBands(JSON.parse(JSON.stringify(serialiseBands(pool))))).toEqual(pool);
  });

  test.each([
    ['another version', { version: 2 }],
    ['truncated edges', { edges: 'AAAA' }],
    ['edges that are no text', { edges: 'ä' }],
    ['an unknown key', { more: 1 }],
    ['times out of order', { remaining: [...table.remaining].reverse() }],
    ['NaN', { edges: btoa('\xff'.repeat(table.edges.length * 4)) }],
  ])('is refused: %s', (_name, change) => {
    expect(() => parseBands({ ...stored, ...change })).toThrow(BandTableInvalidError);
  });
});

describe('optimalLatticeRule', () => {
  const years = 20 / 365;

  test('where nothing has moved, its edges are the table’s', () => {
    fc.assert(
      fc.property(fc.double({ min: 75, max: 130, noNaN: true }), (spot) => {
        const { buy, centreShiftUnits, sell } = outcomeOf(1, years, linear(0.0025, 0.0005 * spot), {}, spot);
        const centre = delta(spot, years) + centreShiftUnits;
        const edges = bandReader(table)(spot, years);
        expect(centre - buy.outer).toBeCloseTo(edges.buyOuter, 9);
        expect(centre - buy.inner).toBeCloseTo(edges.buyInner, 9);
        expect(centre + sell.inner).toBeCloseTo(edges.sellInner, 9);
        expect(centre + sell.outer).toBeCloseTo(edges.sellOuter, 9);
      }),
    );
  });

  test('a hundred units are one unit a hundred times', () => {
    const one = outcomeOf(1, years, linear(0.0025, 0.05));
    const hundred = outcomeOf(100, years, linear(0.25, 0.05));
    expect(hundred.buy.outer).toBeCloseTo(100 * one.buy.outer, 6);
    expect(hundred.sell.inner).toBeCloseTo(100 * one.sell.inner, 6);
    expect(hundred.centreShiftUnits).toBeCloseTo(100 * one.centreShiftUnits, 6);
  });

  test('dearer gas widens the trigger, and far dearer gas asks for another table', () => {
    const now = outcomeOf(1, years, linear(0.0025, 0.05));
    const dearer = outcomeOf(1, years, linear(0.004, 0.05));
    expect(dearer.buy.outer).toBeGreaterThan(now.buy.outer);
    expect(dearer.caveat).toBeUndefined();
    expect(outcomeOf(1, years, linear(0.1, 0.05)).caveat).toContain('prepared');
  });

  test('lands on its inner edge under linear cost, further out under a convex one', () => {
    const straight = outcomeOf(1, years, linear(0.0025, 0.05));
    expect(straight.land?.('buy', 0.6)).toBeCloseTo(straight.buy.inner, 6);
    const convex: CostFunction = {
      fixedCost: 0.0025,
      maxSizeUnits: 1e6,
      variableCost: (q) => 0.05 * q + 0.2 * q * q,
      marginalCost: (q) => 0.05 + 0.4 * q,
    };
    const bent = outcomeOf(1, years, convex);
    expect(bent.land!('sell', 0.6)).toBeGreaterThan(bent.sell.inner);
  });
});

describe('policyBench', () => {
  const report = policyBench({
    problem: { ...problem, steps: 24 },
    paths: 200,
    random: { next: () => 0.5, bytes: (length) => new Uint8Array(length) },
    milliseconds: () => 0,
  });

  test('ranks the rules: nothing beats the optimum, and its table comes nearest', () => {
    const excesses = Object.values(report.rules).map(({ excessPercent }) => excessPercent ?? Number.POSITIVE_INFINITY);
    for (const excess of excesses) expect(excess).toBeGreaterThan(-0.1);
    expect(Math.min(...excesses)).toBe(report.rules['optimal-lattice']!.excessPercent);
    expect(report.rules['hold']!.tradesPerPath).toBe(0);
  });

  test('prints every rule', () => {
    const text = formatPolicyBench(report);
    for (const name of Object.keys(report.rules)) expect(text).toContain(name);
    expect(text).toContain(report.optimum.ce.toFixed(5));
  });
});
