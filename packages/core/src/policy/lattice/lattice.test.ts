import fc from 'fast-check';
import type { Random } from '../../ports/ambient.js';
import { PolicyInputInvalidError } from '../errors.js';
import { ruleOf } from '../rules/rule-of.js';
import { bandLatticeRule } from './band-rule.js';
import { evaluateRule } from './evaluate-rule.js';
import { KERNEL_REACH, martingaleKernel } from './kernel.js';
import { layLattice } from './lattice.js';
import { latticeRule } from './lattice-rule.js';
import { type NodeBand, solveOptimum } from './optimum.js';
import { fixedIntervalLatticeRule } from './policy-bench.js';
import type { HedgingProblem } from './problem.js';
import { liabilityOf, type Product, unitLiquidity } from './product.js';
import { simulateRule } from './simulate-rule.js';
import { yardstick } from './yardstick.js';

const call: Product = { kind: 'call', strike: 100, side: 'short' };

/** Short at-the-money call of 30 days at 70 %, looked at hourly, 5 bp and 0.0025. */
const publicCase: HedgingProblem = {
  product: call,
  spot: 100,
  annualVolatility: 0.7,
  years: 30 / 365,
  steps: 720,
  annualRate: 0,
  proportionalCost: 0.0005,
  fixedCost: 0.0025,
  riskAversion: 0.02,
  settlement: 'free',
};
const small: HedgingProblem = { ...publicCase, steps: 60 };

const ce = (problem: HedgingProblem): number => solveOptimum(layLattice(problem)).certaintyEquivalent;

function seeded(seed: number): Random {
  let state = seed;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    let mixed = state ^ (state >>> 15);
    mixed = Math.imul(mixed, 0x2c1b3c6d);
    mixed ^= mixed >>> 12;
    return (mixed >>> 0) / 4294967296;
  };
  return { next, bytes: (length) => Uint8Array.from({ length }, () => 256 * next()) };
}

const options = fc
  .record({
    kind: fc.constantFrom('call' as const, 'put' as const),
    side: fc.constantFrom('short' as const, 'long' as const),
    strike: fc.double({ min: 90, max: 110, noNaN: true }),
    annualVolatility: fc.double({ min: 0.4, max: 1, noNaN: true }),
    years: fc.double({ min: 7 / 365, max: 1, noNaN: true }),
    annualRate: fc.constantFrom(0, 0.05),
    proportionalCost: fc.double({ min: 1e-4, max: 1e-2, noNaN: true }),
    fixedCost: fc.oneof(fc.constant(0), fc.double({ min: 1e-3, max: 0.1, noNaN: true })),
    riskAversion: fc.double({ min: 0.005, max: 0.2, noNaN: true }),
    settlement: fc.constantFrom('free' as const, 'unwind' as const),
  })
  .map(({ kind, side, strike, ...rest }): HedgingProblem => {
    return { ...rest, product: { kind, side, strike }, spot: 100, steps: 24 };
  });

describe('the public case', () => {
  const lattice = layLattice(publicCase);
  const best = solveOptimum(lattice).certaintyEquivalent;
  const excess = (rule: Parameters<typeof evaluateRule>[1]): number =>
    (evaluateRule(lattice, rule).certaintyEquivalent / best - 1) * 100;

  test('costs 0.1044', () => {
    expect(best).toBeCloseTo(0.1044, 4);
  });

  test('corrected Whalley–Wilmott 1999 costs 0.6 % more, a constant band to the middle 18 %, a fixed interval 38 %', () => {
    const banded = (config: Parameters<typeof ruleOf>[0]): number => excess(bandLatticeRule(lattice, ruleOf(config)));
    expect(banded({ kind: 'whalley-wilmott-1999', corrected: true })).toBeCloseTo(0.6, 0);
    expect(Math.abs(banded({ kind: 'constant-band', halfWidthUnits: 0.2, tradeTo: 'middle' }) - 18)).toBeLessThan(1);
    expect(Math.abs(excess(fixedIntervalLatticeRule(lattice, 73)) - 38.5)).toBeLessThan(1);
  });
});

describe('solveOptimum', () => {
  test('agrees with a finer lattice written apart, at random options', () => {
    fc.assert(
      fc.property(options, (problem) => {
        const measured = yardstick(problem, { holdings: 501 });
        expect(Math.abs(ce(problem) - measured)).toBeLessThan(2e-3 * measured + 1e-4);
      }),
      { numRuns: 6 },
    );
  });

  test('agrees with it for liquidity', () => {
    const problem: HedgingProblem = { ...small, steps: 24, product: unitLiquidity(100), settlement: 'unwind' };
    expect(ce(problem)).toBeCloseTo(yardstick(problem, { holdings: 801 }), 4);
    const range: Product = { kind: 'lp', liquidity: 60, low: 80, high: 120 };
    const narrow: HedgingProblem = { ...problem, product: range };
    expect(ce(narrow) / yardstick(narrow, { holdings: 801 })).toBeCloseTo(1, 2);
  });

  test('hardly depends on its resolution', () => {
    const fine = solveOptimum(layLattice(small, { columnsPerBand: 50 })).certaintyEquivalent;
    expect(ce(small) / fine).toBeCloseTo(1, 3);
  });

  test('rises with every cost, with risk aversion and with unwinding', () => {
    fc.assert(
      fc.property(options, (problem) => {
        const base = ce(problem);
        expect(ce({ ...problem, proportionalCost: problem.proportionalCost * 1.5 })).toBeGreaterThan(base);
        expect(ce({ ...problem, fixedCost: problem.fixedCost + 0.05 })).toBeGreaterThan(base);
        expect(ce({ ...problem, settlement: 'unwind' })).toBeGreaterThanOrEqual(
          ce({ ...problem, settlement: 'free' }) - 1e-6,
        );
      }),
      { numRuns: 10 },
    );
    expect(ce({ ...small, riskAversion: 0.04 })).toBeGreaterThan(ce(small));
  });

  test('the unit does not matter: spot, strike, gas and 1/γ times ten cost ten times as much', () => {
    const tenfold: HedgingProblem = {
      ...small,
      product: { ...call, strike: 1000 },
      spot: 1000,
      fixedCost: small.fixedCost * 10,
      riskAversion: small.riskAversion / 10,
    };
    expect(ce(tenfold)).toBeCloseTo(10 * ce(small), 8);
  });

  test('bands are ordered at every node, and trading beyond them lands within', () => {
    fc.assert(
      fc.property(options, (problem) => {
        const bands: NodeBand[] = [];
        solveOptimum(layLattice(problem), { onBand: (_step, _row, band) => bands.push({ ...band }) });
        expect(bands.length).toBeGreaterThan(problem.steps);
        for (const { buyInner, buyOuter, sellInner, sellOuter } of bands) {
          expect(buyOuter).toBeLessThanOrEqual(buyInner);
          expect(buyInner).toBeLessThanOrEqual(sellInner);
          expect(sellInner).toBeLessThanOrEqual(sellOuter);
        }
      }),
      { numRuns: 10 },
    );
  });

  test.each([
    ['steps', { steps: 1.5 }],
    ['spot', { spot: 0 }],
    ['annualVolatility', { annualVolatility: 0 }],
    ['years', { years: -1 }],
    ['riskAversion', { riskAversion: Number.NaN }],
    ['fixedCost', { fixedCost: -0.1 }],
    ['proportionalCost', { proportionalCost: 0.5 }],
    ['product.strike', { product: { ...call, strike: 0 } }],
    ['product.high', { product: { kind: 'lp', liquidity: 1, low: 5, high: 5 } }],
  ] as const)('refuses a wrong %s', (field, change) => {
    expect(() => layLattice({ ...small, ...change })).toThrow(PolicyInputInvalidError);
    expect(() => layLattice({ ...small, ...change })).toThrow(field);
  });
});

describe('evaluateRule', () => {
  test('no rule is better than the optimum', () => {
    const band = fc.record({
      halfWidthUnits: fc.double({ min: 0.02, max: 0.4, noNaN: true }),
      tradeTo: fc.constantFrom('edge' as const, 'middle' as const),
    });
    fc.assert(
      fc.property(options, band, (problem, config) => {
        const lattice = layLattice(problem);
        const rule = bandLatticeRule(lattice, ruleOf({ kind: 'constant-band', ...config }));
        const value = evaluateRule(lattice, rule).certaintyEquivalent;
        expect(value).toBeGreaterThan(solveOptimum(lattice).certaintyEquivalent * (1 - 1e-3));
      }),
      { numRuns: 15 },
    );
  });

  test('agrees with simulation, to its noise', () => {
    const lattice = layLattice({ ...small, annualRate: 0.05, settlement: 'unwind' });
    const spread = { kind: 'constant-band', halfWidthUnits: 0.25, tradeTo: 'middle' } as const;
    const rule = bandLatticeRule(lattice, ruleOf(spread));
    const exact = evaluateRule(lattice, rule);
    const simulated = simulateRule(lattice, rule, 20_000, seeded(7));
    expect(Math.abs(exact.certaintyEquivalent - simulated.certaintyEquivalent)).toBeLessThan(
      4 * simulated.standardError + 2e-4,
    );
    expect(exact.tradesPerPath).toBeCloseTo(simulated.tradesPerPath, 0);
    expect(simulated.standardError).toBeLessThan(0.01 * exact.certaintyEquivalent);
  });

  test('a book that is never hedged: CE is that of the payoff itself', () => {
    const lattice = layLattice({ ...small, steps: 1, riskAversion: 0.01 });
    const { certaintyEquivalent, tradesPerPath } = evaluateRule(
      lattice,
      latticeRule(lattice, (_step, _spot, holding) => holding),
    );
    const { aversion, kernel, premium, spots, startRow } = lattice;
    const mean = kernel.reduce((sum, p, j) => {
      return sum + p * Math.exp(aversion * Math.max(spots[startRow + j - KERNEL_REACH]! - 100, 0));
    }, 0);
    expect(certaintyEquivalent).toBeCloseTo(Math.log(mean) / aversion - premium, 10);
    expect(tradesPerPath).toBe(0);
  });

  test('counts the trades of a fixed interval', () => {
    const lattice = layLattice(small);
    expect(evaluateRule(lattice, fixedIntervalLatticeRule(lattice, 7)).tradesPerPath).toBeCloseTo(9, 9);
  });

  test('where a trade lands under linear cost, the policy says the same as its inner edge', () => {
    const lattice = layLattice(small);
    const cost = {
      fixedCost: 0.0025,
      maxSizeUnits: 1e9,
      variableCost: (q: number) => 0.05 * q,
      marginalCost: () => 0.05,
    };
    const market = {
      spot: 100,
      annualVolatility: 0.7,
      gammaPerUnit: -lattice.liability.gamma(100, 0.05),
      riskAversion: 0.02,
      years: 0.05,
      annualRate: 0,
      monitoringYears: small.years / small.steps,
      latencyYears: 0,
      settlement: 'free' as const,
      holdingUnits: 0,
    };
    const outcome = ruleOf({ kind: 'optimal' })({
      market,
      buy: cost,
      sell: cost,
      nowSeconds: 0,
      lastTradeSeconds: undefined,
      deltaAtVolatility: undefined,
    });
    if (outcome.kind !== 'band') throw new Error('no band');
    for (const deviation of [0.2, 0.5, 0.9]) {
      expect(outcome.land?.('buy', deviation)).toBeCloseTo(outcome.buy.inner, 6);
    }
  });
});

describe('simulateRule', () => {
  test('the same seed gives the same figures, another one others', () => {
    const lattice = layLattice(small);
    const rule = fixedIntervalLatticeRule(lattice, 5);
    const run = (seed: number): number => simulateRule(lattice, rule, 200, seeded(seed)).certaintyEquivalent;
    expect(run(3)).toBe(run(3));
    expect(run(3)).not.toBe(run(4));
  });
});

describe('martingaleKernel', () => {
  test('sums to one, keeps the discounted spot, and has a variance of one cell', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-4, max: 0.4, noNaN: true }), (cell) => {
        const kernel = martingaleKernel(cell);
        const mean = (f: (j: number) => number): number =>
          kernel.reduce((sum, p, at) => sum + p * f(at - KERNEL_REACH), 0);
        expect(mean(() => 1)).toBeCloseTo(1, 13);
        expect(mean((j) => Math.exp(j * cell))).toBeCloseTo(1, 12);
        const drift = mean((j) => j);
        expect(drift).toBeCloseTo(-cell / 2, 3);
        expect(mean((j) => (j - drift) ** 2)).toBeCloseTo(1, 4);
      }),
    );
  });
});

describe('liabilityOf', () => {
  const market = { annualVolatility: 0.7, annualRate: 0.05 };
  const products: readonly Product[] = [
    call,
    { kind: 'put', strike: 95, side: 'short' },
    { kind: 'call', strike: 105, side: 'long' },
    unitLiquidity(100),
    { kind: 'lp', liquidity: 60, low: 80, high: 120 },
  ];

  test.each(products)('gamma is the slope of delta, and the delta comes to that of the payoff: %j', (product) => {
    const { delta, gamma, payoff } = liabilityOf(product, market);
    for (const spot of [60, 85, 100, 115, 160]) {
      const slope = (delta(spot * 1.0001, 0.1) - delta(spot * 0.9999, 0.1)) / (spot * 0.0002);
      expect(gamma(spot, 0.1)).toBeCloseTo(slope, 6);
      const last = (payoff(spot * 1.0001) - payoff(spot * 0.9999)) / (spot * 0.0002);
      expect(delta(spot, 1e-7)).toBeCloseTo(last, 2);
    }
  });

  test.each(products)('the delta is the slope of the premium on the lattice: %j', (product) => {
    const premium = (spot: number): number =>
      layLattice({ ...publicCase, ...market, steps: 240, product, spot }).premium;
    const slope = (premium(101) - premium(99)) / 2;
    const { delta } = liabilityOf(product, market);
    expect(slope).toBeCloseTo(delta(100, publicCase.years), 2);
  });
});
