import fc from 'fast-check';
import { yardstick } from '../../bench/yardstick.mjs';
import { PolicyInputInvalidError } from '../policy/errors.js';
import { optimalRule } from '../policy/rules/optimal.js';
import { ruleOf } from '../policy/rules/rule-of.js';
import type { Random } from '../ports/ambient.js';
import { type Book, liabilityOf, standardBook } from './book.js';
import { evaluateRule } from './evaluate-rule.js';
import { intervalValuer } from './fixed-interval.js';
import { martingaleKernel } from './kernel.js';
import { layLattice } from './lattice.js';
import type { NodeBand } from './node-band.js';
import { solveOptimum } from './optimum.js';
import { policyBench } from './policy-bench.js';
import { prepareBands } from './prepare-bands.js';
import type { HedgingProblem } from './problem.js';
import { edgesOf } from './rule-on-lattice.js';
import { simulateRule } from './simulate-rule.js';
import { policyTargetsOn } from './target-rule.js';
import { volatilityStates } from './volatility-states.js';

/** Short at-the-money call of 30 days at 70 %, looked at hourly, 5 bp and 0.0025. */
const publicCase: HedgingProblem = {
  book: standardBook('call', 100),
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
const small: HedgingProblem = { ...publicCase, steps: 40 };

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

const logarithmic = (min: number, max: number): fc.Arbitrary<number> =>
  fc.double({ min: Math.log(min), max: Math.log(max), noNaN: true }).map(Math.exp);

const terms = fc.record({
  spot: fc.double({ min: 90, max: 110, noNaN: true }),
  annualVolatility: logarithmic(0.3, 1.2),
  years: logarithmic(7 / 365, 0.25),
  annualRate: fc.constantFrom(0, 0.05),
  proportionalCost: logarithmic(1e-4, 1e-2),
  fixedCost: fc.oneof(fc.constant(0), logarithmic(1e-4, 0.1)),
  riskAversion: logarithmic(0.005, 0.2),
  settlement: fc.constantFrom('free' as const, 'unwind' as const),
});
const kinds = fc.constantFrom('call' as const, 'put' as const, 'lp' as const);
const problems = fc
  .tuple(kinds, terms)
  .map(([kind, rest]): HedgingProblem => ({ ...rest, book: standardBook(kind, 100), steps: 10 }));

describe('the public case', () => {
  test('costs 0.1044, and the premium is that of Black and Scholes', () => {
    const { certaintyEquivalent, premium } = solveOptimum(layLattice(publicCase));
    expect(certaintyEquivalent).toBeCloseTo(0.1044, 4);
    expect(premium).toBeCloseTo(7.992, 3);
  });
});

describe('the optimum', () => {
  test('is that of a yardstick which shares no code, at random calls, puts and liquidity', () => {
    fc.assert(
      fc.property(kinds, terms, (product, rest) => {
        const problem = { ...rest, steps: 8 };
        const measured = yardstick({ ...problem, product, strike: 100 }, 301).certaintyEquivalent;
        const ours = ce({ ...problem, book: standardBook(product, 100) });
        expect(Math.abs(ours / measured - 1)).toBeLessThan(5e-3);
      }),
      { numRuns: 4, seed: 11 },
    );
  });

  test('never falls with any cost, with unwinding, with the wait for a fill and with doubt about the volatility', () => {
    fc.assert(
      fc.property(problems, (problem) => {
        const base = ce(problem);
        expect(ce({ ...problem, proportionalCost: problem.proportionalCost * 1.5 })).toBeGreaterThanOrEqual(base);
        expect(ce({ ...problem, fixedCost: problem.fixedCost + 0.05 })).toBeGreaterThanOrEqual(base);
        expect(ce({ ...problem, latencyYears: problem.years / 100 })).toBeGreaterThanOrEqual(base);
      }),
      { numRuns: 3 },
    );
    expect(ce({ ...small, settlement: 'unwind' })).toBeGreaterThan(ce(small));
    expect(ce({ ...small, riskAversion: 0.04 })).toBeGreaterThan(ce(small));
    expect(ce({ ...small, logVarianceStdDev: 0.4 })).toBeGreaterThan(ce(small));
    expect(ce({ ...small, logVarianceStdDev: 1e-3 })).toBeCloseTo(ce(small), 4);
  });

  test('is a number also where one step may ruin: a year in 24 steps, high volatility and aversion', () => {
    const wild: HedgingProblem = { ...small, annualVolatility: 1, years: 1, steps: 24, riskAversion: 0.2 };
    for (const kind of ['call', 'put'] as const) {
      expect(Number.isFinite(ce({ ...wild, book: standardBook(kind, 100) }))).toBe(true);
    }
  });

  test('is refused, not NaN, where one step of a liquidity position may cost more than numbers hold', () => {
    const coarse: HedgingProblem = {
      book: standardBook('lp', 100),
      ...{ spot: 100, annualVolatility: 1, years: 1, steps: 24, annualRate: 0, proportionalCost: 0.001 },
      ...{ fixedCost: 0.01, riskAversion: 0.2, settlement: 'free' },
    };
    const rough = { columnsPerBand: 2, mostColumns: 100 };
    expect(() => solveOptimum(layLattice(coarse, rough))).toThrow(PolicyInputInvalidError);
    expect(solveOptimum(layLattice({ ...coarse, steps: 60 }, rough)).certaintyEquivalent).toBeGreaterThan(0);
  });

  test('the unit of money does not matter', () => {
    const tenfold: HedgingProblem = {
      ...small,
      book: standardBook('call', 1000),
      spot: 1000,
      fixedCost: small.fixedCost * 10,
      riskAversion: small.riskAversion / 10,
    };
    expect(ce(tenfold)).toBeCloseTo(10 * ce(small), 8);
  });

  test('N units are one unit with γN and k/N', () => {
    const many = { ...small, book: [{ kind: 'call' as const, units: -5, strike: 100 }] };
    const one = { ...small, riskAversion: 5 * small.riskAversion, fixedCost: small.fixedCost / 5 };
    expect(ce(many)).toBeCloseTo(5 * ce(one), 6);
  });

  test('a put is a call and the underlying, which costs nothing to hold: the same, but for the first hedge', () => {
    const put = { ...small, book: standardBook('put', 100), fixedCost: 0, proportionalCost: 0.001 };
    const call = { ...put, book: standardBook('call', 100) };
    // The call buys Δ at first, the put sells 1 − Δ.
    const hedge = liabilityOf(call.book, call.years, 0).delta(100, call.years, 0.7);
    expect(ce(call) - ce(put)).toBeCloseTo(0.001 * 100 * (2 * hedge - 1), 2);
  });

  test('books that pay at several times: what has paid is of no more concern', () => {
    const early: Book = [{ kind: 'call', units: -1, strike: 100, years: small.years / 2 }];
    const alone = { ...small, book: standardBook('call', 100), years: small.years / 2, steps: 20 };
    // What is held then has to go, since nobody takes it over: soon, but not at once.
    const unwound = ce({ ...small, settlement: 'unwind', book: early });
    expect(unwound).toBeGreaterThan(ce(alone));
    expect(unwound).toBeLessThan(ce({ ...alone, settlement: 'unwind' }) * 1.001);
    const straddle: Book = [...early, { kind: 'put', units: -1, strike: 90 }];
    expect(ce({ ...small, book: straddle })).toBeGreaterThan(ce({ ...small, book: early }));
  });

  test('bands are ordered at every node; without gas there is no gap', () => {
    fc.assert(
      fc.property(problems, (problem) => {
        let disorder = 0;
        const isOrdered = ({ buyInner, buyOuter, sellInner, sellOuter }: NodeBand): boolean =>
          buyOuter <= buyInner && buyInner <= sellInner && sellInner <= sellOuter;
        solveOptimum(layLattice(problem), { onBand: (_step, _row, band) => (disorder += isOrdered(band) ? 0 : 1) });
        expect(disorder).toBe(0);
      }),
      { numRuns: 5 },
    );
    const lattice = layLattice({ ...small, fixedCost: 0 });
    const { startRow } = lattice;
    solveOptimum(lattice, {
      wantsBands: (step) => step === 10,
      onBand: (_step, row, { buyInner, buyOuter, sellInner, sellOuter }) => {
        if (row !== startRow) return;
        expect(buyInner - buyOuter).toBeLessThan(1e-3);
        expect(sellOuter - sellInner).toBeLessThan(1e-3);
      },
    });
  });

  test.each([
    ['steps', { steps: 1.5 }],
    ['spot', { spot: 0 }],
    ['annualVolatility', { annualVolatility: 0 }],
    ['annualVolatility', { annualVolatility: 50 }],
    ['years', { years: -1 }],
    ['riskAversion', { riskAversion: Number.NaN }],
    ['riskAversion', { riskAversion: 5 }],
    ['fixedCost', { fixedCost: -0.1 }],
    ['proportionalCost', { proportionalCost: 0.5 }],
    ['latencyYears', { latencyYears: -1 }],
    ['logVarianceStdDev', { logVarianceStdDev: 3 }],
    ['annualRate', { annualRate: Number.POSITIVE_INFINITY }],
    ['book', { book: [] }],
    ['book[0].strike', { book: standardBook('call', 0) }],
    ['book[0].years', { book: [{ kind: 'put', units: 1, strike: 1, years: 5 }] }],
    ['book[0].high', { book: [{ kind: 'lp', units: 1, liquidity: 1, low: 5, high: 5 }] }],
  ] as const)('refuses a wrong %s', (field, change) => {
    const laid = (): unknown => layLattice({ ...small, ...change });
    expect(laid).toThrow(PolicyInputInvalidError);
    expect(laid).toThrow(expect.objectContaining({ code: 'POLICY_INPUT_INVALID', field }) as Error);
  });
});

describe('the value of a rule', () => {
  const random = fc.record({
    halfWidthUnits: fc.double({ min: 0.05, max: 0.4, noNaN: true }),
    tradeTo: fc.constantFrom('edge' as const, 'middle' as const),
  });

  test('is never below the optimum', () => {
    fc.assert(
      fc.property(problems, random, (problem, config) => {
        const lattice = layLattice(problem);
        const value = evaluateRule(
          lattice,
          edgesOf(policyTargetsOn(lattice, ruleOf({ kind: 'constant-band', ...config }))),
        );
        expect(value.certaintyEquivalent).toBeGreaterThan(solveOptimum(lattice).certaintyEquivalent * (1 - 2e-3));
      }),
      { numRuns: 4 },
    );
  });

  test('agrees with simulation, to its noise', () => {
    const lattice = layLattice({ ...small, annualRate: 0.05, settlement: 'unwind' });
    const { premium } = solveOptimum(lattice);
    const rule = policyTargetsOn(lattice, ruleOf({ kind: 'constant-band', halfWidthUnits: 0.25, tradeTo: 'middle' }));
    const exact = evaluateRule(lattice, edgesOf(rule));
    const simulated = simulateRule(lattice, rule, premium, 4000, seeded(7));
    const gap = Math.abs(exact.certaintyEquivalent - simulated.certaintyEquivalent);
    expect(gap).toBeLessThan(4 * simulated.standardError);
    expect(exact.tradesPerPath / simulated.tradesPerPath).toBeCloseTo(1, 1);
    expect(simulateRule(lattice, rule, premium, 50, seeded(3))).toEqual(
      simulateRule(lattice, rule, premium, 50, seeded(3)),
    );
  });

  test('of a fixed interval of one look is that of a band of no width', () => {
    const lattice = layLattice(small);
    const none = policyTargetsOn(lattice, ruleOf({ kind: 'constant-band', halfWidthUnits: 1e-9, tradeTo: 'middle' }));
    const every = intervalValuer(lattice)(1);
    expect(every.certaintyEquivalent / evaluateRule(lattice, edgesOf(none)).certaintyEquivalent).toBeCloseTo(1, 1);
    expect(intervalValuer(lattice)(7).tradesPerPath).toBe(6);
  });

  test('of never hedging is that of the payoff itself', () => {
    const problem = { ...small, steps: 1, riskAversion: 0.01 };
    const lattice = layLattice(problem);
    const { reach, weights } = lattice.kernels[0]!;
    const mean = weights.reduce((sum, p, j) => {
      return sum + p * Math.exp(0.01 * Math.max(lattice.spots[lattice.startRow + j - reach]! - 100, 0));
    }, 0);
    const { certaintyEquivalent } = intervalValuer(lattice)(1, false);
    expect(certaintyEquivalent).toBeCloseTo(Math.log(mean) / 0.01 - solveOptimum(lattice).premium, 10);
  });
});

describe('the optimal rule from a table prepared elsewhere', () => {
  const excess = (problem: HedgingProblem, prepared: HedgingProblem): number => {
    const lattice = layLattice(problem);
    const rule = policyTargetsOn(lattice, optimalRule, [{ table: prepareBands(prepared), units: 1 }]);
    return (
      (evaluateRule(lattice, edgesOf(rule)).certaintyEquivalent / solveOptimum(lattice).certaintyEquivalent - 1) * 100
    );
  };

  test('costs at most 1 % more than the optimum, for another spot, time and number of looks', () => {
    fc.assert(
      fc.property(problems, (problem) => {
        const prepared = { ...problem, spot: problem.spot * 1.0137, years: problem.years * 1.07, steps: 11 };
        expect(excess(problem, prepared)).toBeLessThan(1);
      }),
      { numRuns: 4 },
    );
  });

  test('and for another volatility; costs and aversion half as large again cost 1 % at most', () => {
    expect(excess(small, { ...small, annualVolatility: 0.9 })).toBeLessThan(1);
    const drifted = { ...small, proportionalCost: 0.00075, fixedCost: 0.00375, riskAversion: 0.03 };
    expect(excess(small, drifted)).toBeLessThan(1);
  });

  test('a book of two expiries at costs a little off those of its table is next to the optimum', () => {
    const book: Book = [
      { kind: 'call', units: -0.03, strike: 91 },
      { kind: 'put', units: -1, strike: 90, years: small.years * (0.5 - 1e-6) },
    ];
    const two: HedgingProblem = { ...small, book, steps: 16, annualVolatility: 0.4, riskAversion: 0.006 };
    const problem = { ...two, proportionalCost: 0.0002, fixedCost: 0.00016 };
    const drifted = { ...problem, fixedCost: problem.fixedCost * 1.016, riskAversion: problem.riskAversion * 1.046 };
    expect(excess(problem, drifted)).toBeLessThan(0.1);
  });
});

test('the bench values every rule, and the optimal one lies at the optimum', async () => {
  const told: string[] = [];
  const report = await policyBench({
    problem: { ...small, steps: 16 },
    paths: 60,
    random: () => seeded(1),
    onProgress: (done, of) => {
      told.push(`${done}/${of}`);
      return Promise.resolve();
    },
  });
  expect(Object.keys(report.rules)).toEqual([
    'hold',
    'fixed-interval',
    'constant-band-edge',
    'constant-band-middle',
    'whalley-wilmott-1997',
    'whalley-wilmott-1999',
    'whalley-wilmott-1999-corrected',
    'zakamouline-2006',
    'optimal',
  ]);
  for (const { ce: value, excessPercent, monteCarlo } of Object.values(report.rules)) {
    expect(value).toBeGreaterThan(report.optimum.ce * 0.995);
    expect(excessPercent).toBeCloseTo((value! / report.optimum.ce - 1) * 100, 9);
    expect(monteCarlo!.standardError).toBeGreaterThan(0);
  }
  expect(report.rules['optimal']!.excessPercent).toBeLessThan(0.3);
  expect(told.at(-1)).toBe('10/10');
});

test('the kernel sums to one, keeps the discounted spot, and has its variance', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 1e-4, max: 0.4, noNaN: true }),
      fc.double({ min: 0.7, max: 2, noNaN: true }),
      (cell, deviation) => {
        const { reach, weights } = martingaleKernel(cell, deviation);
        const mean = (f: (j: number) => number): number => weights.reduce((sum, p, at) => sum + p * f(at - reach), 0);
        expect(mean(() => 1)).toBeCloseTo(1, 13);
        expect(mean((j) => Math.exp(j * cell))).toBeCloseTo(1, 12);
        const drift = mean((j) => j);
        expect(mean((j) => (j - drift) ** 2) / deviation ** 2).toBeCloseTo(1, 2);
      },
    ),
  );
});

test('the states of an uncertain volatility keep its mean variance and its spread', () => {
  fc.assert(
    fc.property(fc.double({ min: 0.01, max: 0.8, noNaN: true }), (deviation) => {
      const states = volatilityStates(deviation);
      const mean = (f: (ratio: number) => number): number =>
        states.reduce((sum, { probability, volatilityRatio }) => sum + probability * f(volatilityRatio), 0);
      expect(mean((ratio) => ratio ** 2)).toBeCloseTo(1, 12);
      const centre = mean((ratio) => 2 * Math.log(ratio));
      expect(Math.sqrt(mean((ratio) => (2 * Math.log(ratio) - centre) ** 2))).toBeCloseTo(deviation, 9);
    }),
  );
});

describe('the liability of a book', () => {
  const books: readonly Book[] = [
    standardBook('call', 100),
    standardBook('put', 95),
    standardBook('lp', 100),
    [{ kind: 'lp', units: 2, liquidity: 60, low: 80, high: 120 }],
    [
      { kind: 'call', units: 3, strike: 105, years: 0.1 },
      { kind: 'put', units: -1, strike: 90 },
    ],
  ];

  test.each(books)('gamma is the slope of delta, and the delta ends as that of the payoff', (...book) => {
    const { delta, gamma, owed, payments } = liabilityOf(book, 0.2, 0.05);
    for (const spot of [60, 85, 100, 115, 160]) {
      const slope = (delta(spot * 1.0001, 0.15, 0.7) - delta(spot * 0.9999, 0.15, 0.7)) / (spot * 0.0002);
      expect(gamma(spot, 0.15, 0.7)).toBeCloseTo(slope, 5);
      const last = payments.length - 1;
      const payoffSlope = (owed(last, spot * 1.0001) - owed(last, spot * 0.9999)) / (spot * 0.0002);
      expect(delta(spot, 1e-7, 0.7)).toBeCloseTo(payoffSlope, 2);
    }
  });

  test.each(books)('the delta is the slope of the premium on the lattice', (...book) => {
    const premium = (spot: number): number =>
      solveOptimum(layLattice({ ...small, annualRate: 0.05, years: 0.2, steps: 40, book, spot })).premium;
    const { delta } = liabilityOf(book, 0.2, 0.05);
    expect(Math.abs((premium(101) - premium(99)) / 2 - delta(100, 0.2, 0.7))).toBeLessThan(0.02 * 3);
  });
});
