import fc from 'fast-check';
import type { CostCurve } from '../model/cost-curve.js';
import { formulaInstrument, gasCostOf } from '../../test/support/formula-instrument.js';
import { chooseInstrument, type ChoiceTerms, type Contender, type InstrumentChoice } from './choose-instrument.js';
import { holdingCurve } from './holding-curve.js';
import { jointCurve } from './joint-curve.js';

const SPOT = 3_000;
const never = new AbortController().signal;

/** Gas once, a fee for each unit, and an impact that grows with the size. Numeraire. */
interface Costs {
  readonly gas: number;
  readonly perUnit: number;
  readonly impact: number;
}

const costOf = ({ gas, impact, perUnit }: Costs, size: number): number =>
  size === 0 ? 0 : gas + perUnit * size + impact * size * size;

const contender = (costs: Costs, index: number): Contender =>
  formulaInstrument({ gas: costs.gas, costOf: (units) => costOf({ ...costs, gas: 0 }, units) }, index);

const terms: Omit<ChoiceTerms, 'deltaUnits'> = {
  owner: '0x1111111111111111111111111111111111111111',
  spot: SPOT,
  slippageBps: 50,
  deadline: 10,
  days: 1,
  capitalRate: 0,
  gasCost: gasCostOf,
};

const choicesAt = (all: readonly Costs[], sizes: readonly number[]): Promise<readonly InstrumentChoice[]> =>
  Promise.all(sizes.map((size) => chooseInstrument(all.map(contender), { ...terms, deltaUnits: `-${size}` }, never)));

const costIn = ({ points }: CostCurve, size: number): number =>
  size === 0 ? 0 : points.find(({ sizeUnits }) => sizeUnits === size)!.cost;

/** The cheapest way to give a size to one of them, or to two in three-hundredths. */
function leastOf(all: readonly Costs[], size: number): number {
  let least = size === 0 ? 0 : Math.min(...all.map((each) => costOf(each, size)));
  for (const [i, one] of all.entries()) {
    for (const other of all.slice(i + 1)) {
      for (let step = 1; step < 300; step += 1) {
        const part = (size * step) / 300;
        least = Math.min(least, costOf(one, part) + costOf(other, size - part));
      }
    }
  }
  return least;
}

const costs = fc.record({
  gas: fc.double({ min: 0.1, max: 20, noNaN: true }).map((gas) => Math.round(gas * 1_000) / 1_000),
  perUnit: fc.double({ min: 0, max: 10, noNaN: true }),
  impact: fc.double({ min: 0.01, max: 3, noNaN: true }),
});
const several = fc.array(costs, { minLength: 2, maxLength: 3 });

test('what is asked for costs what the best of one or two costs, and never more than the cheapest alone', async () => {
  await fc.assert(
    fc.asyncProperty(several, async (all) => {
      const choices = await choicesAt(all, [5, 10]);
      const joint = jointCurve('sell', choices, { ...terms, maxParts: 2 });
      const alone = holdingCurve('sell', choices, terms);
      // The cheapest sizes decide; where they are not convex the larger is raised, by both.
      expect(costIn(joint, 5)).toBeLessThanOrEqual(costIn(alone, 5) + 1e-9);
      expect(Math.abs(costIn(joint, 5) / leastOf(all, 5) - 1)).toBeLessThan(0.01);
      expect(jointCurve('sell', choices, { ...terms, maxParts: 1 })).toEqual(alone);
    }),
    { numRuns: 60 },
  );
});

test('the size that it leads to is at least as good as the size by the cheapest alone', async () => {
  let better = 0;
  await fc.assert(
    fc.asyncProperty(several, fc.double({ min: 0.02, max: 4, noNaN: true }), async (all, riskPerUnit2) => {
      const choices = await choicesAt(all, [5, 10]);
      const sizeBy = (curve: CostCurve): number =>
        [0, 5, 10].reduce((best, size) => (worth(curve, size) < worth(curve, best) ? size : best), 0);
      const risk = (size: number): number => riskPerUnit2 * (10 - size) ** 2;
      const worth = (curve: CostCurve, size: number): number => risk(size) + costIn(curve, size);
      const truly = (size: number): number => risk(size) + leastOf(all, size);
      const jointly = truly(sizeBy(jointCurve('sell', choices, { ...terms, maxParts: 2 })));
      const alone = truly(sizeBy(holdingCurve('sell', choices, terms)));
      expect(jointly).toBeLessThanOrEqual(alone * 1.01 + 1e-9);
      if (jointly < alone * 0.99) better += 1;
    }),
    { numRuns: 200 },
  );
  expect(better).toBeGreaterThan(0);
});
