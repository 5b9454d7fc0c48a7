import { PolicyInputInvalidError } from '../policy/errors.js';
import { optimalRule } from '../policy/rules/optimal.js';
import { ruleOf } from '../policy/rules/rule-of.js';
import type { Random } from '../ports/ambient.js';
import { standardBook } from './book.js';
import { delayedFills } from './delayed-fills.js';
import { layLattice } from './lattice.js';
import { solveOptimum } from './optimum.js';
import { prepareBands } from './prepare-bands.js';
import type { HedgingProblem } from './problem.js';
import { simulateRule } from './simulate-rule.js';
import { policyTargetsOn } from './target-rule.js';

const STEPS = 20;
const problem: HedgingProblem = {
  book: standardBook('call', 100),
  spot: 100,
  annualVolatility: 0.7,
  years: 30 / 365,
  steps: STEPS,
  annualRate: 0,
  proportionalCost: 0.0005,
  fixedCost: 0.0025,
  riskAversion: 0.02,
  settlement: 'free',
};
const late = (looks: number, more: Partial<HedgingProblem> = {}): HedgingProblem => {
  return { ...problem, latencyYears: (looks * problem.years) / STEPS, ...more };
};

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

describe('fills that come late', () => {
  test.each([
    ['a look, a call', late(1), 1.002],
    ['two looks, a put with unwinding', late(2, { book: standardBook('put', 100), settlement: 'unwind' }), 1.02],
  ])('cost more than fills at once, and no rule is below the optimum: %s', (_, delayedProblem, most) => {
    const lattice = layLattice(delayedProblem, { columnsPerBand: 7 });
    const atOnce = { ...delayedProblem, latencyYears: 0 };
    const { certaintyEquivalent: immediate, premium } = solveOptimum(layLattice(atOnce));
    const delayed = delayedFills(lattice);
    const best = delayed.optimum();
    expect(best).toBeGreaterThan(immediate);
    const rules = {
      optimal: policyTargetsOn(lattice, optimalRule, [{ table: prepareBands(delayedProblem), units: 1 }]),
      middle: policyTargetsOn(lattice, ruleOf({ kind: 'constant-band', halfWidthUnits: 0.25, tradeTo: 'middle' })),
    };
    const values = { optimal: delayed.ofRule(rules.optimal), middle: delayed.ofRule(rules.middle) };
    expect(values.optimal.certaintyEquivalent / best).toBeGreaterThan(1 - 1e-3);
    expect(values.optimal.certaintyEquivalent / best).toBeLessThan(most);
    expect(values.middle.certaintyEquivalent).toBeGreaterThan(values.optimal.certaintyEquivalent);
    // Simulated paths, with the trade under way as a state, come to the same.
    for (const name of ['optimal', 'middle'] as const) {
      const simulated = simulateRule(lattice, rules[name], premium, 1500, seeded(3), delayed.looks);
      const { certaintyEquivalent, tradesPerPath } = values[name];
      expect(Math.abs(simulated.certaintyEquivalent - certaintyEquivalent)).toBeLessThan(4 * simulated.standardError);
      expect(Math.abs(simulated.tradesPerPath / tradesPerPath - 1)).toBeLessThan(0.05);
    }
  });

  test.each([
    ['latencyYears', late(0.5)],
    ['latencyYears', problem],
    ['impact', late(1, { impact: { buy: [{ length: 1, left: 0, right: 1 }], sell: [] } })],
    ['logVarianceStdDev', late(1, { logVarianceStdDev: 0.3 })],
    ['book', late(1, { book: [...problem.book, { ...standardBook('put', 100)[0]!, years: 0.01 } as never] })],
  ])('refuses what it does not know: %s', (field, refused) => {
    const valued = (): unknown => delayedFills(layLattice(refused));
    expect(valued).toThrow(PolicyInputInvalidError);
    expect(valued).toThrow(expect.objectContaining({ field }) as Error);
  });
});
