import fc from 'fast-check';
import type { CostCurve } from '../../model/cost-curve.js';
import { costFunction } from '../../policy/cost-function.js';
import { almgrenChriss, almgrenChrissHoldings, almgrenChrissUrgency } from './almgren-chriss.js';
import { obizhaevaWang, obizhaevaWangShares } from './obizhaeva-wang.js';
import { optimal, optimalSizes, planCost } from './optimal.js';
import type { Pace, Work } from './pace.js';
import { twap } from './twap.js';
import { pov, vwap } from './vwap.js';

/** Evenly spread, which fast-check's doubles are not. */
const number = (low: number, high: number): fc.Arbitrary<number> =>
  fc.integer({ min: 0, max: 1e6 }).map((n) => low + ((high - low) * n) / 1e6);

/** C(q) = gas + depth·q²/2. */
const curve = (gas: number, depth: number, most = 1000): CostCurve => ({
  side: 'sell',
  referencePrice: 2000,
  fixedCost: gas,
  points: [{ sizeUnits: most, cost: gas + (depth * most * most) / 2, marginalCost: depth * most }],
});
const YEAR = 365 * 86_400;
const work = (more: Partial<Work> = {}): Work => ({
  leftUnits: 100,
  fills: [],
  nowSeconds: 0,
  startSeconds: 0,
  endSeconds: 1000,
  cost: costFunction(curve(0, 0.02)),
  riskPerSquaredUnitYear: 0,
  lotUnits: 0.001,
  ...more,
});
const sizesOf = (pace: Pace, more: Partial<Work> = {}): number[] => pace.propose(work(more)).map(({ units }) => units);

describe('Almgren and Chriss (2000)', () => {
  // The paper's own case: $50, 0.95 a √day, a spread of an eighth, a million shares in five days.
  const market = { variance: 0.95 ** 2, permanentImpact: 2.5e-7, temporaryImpact: 2.5e-6 };
  const riskAversion = 1e-6;
  const urgency = almgrenChrissUrgency(market, riskAversion, 1);

  it("κ is 0.607 a day in the paper's case", () => {
    expect(urgency).toBeCloseTo(0.607, 3);
  });

  it('holdings are those of sinh, and a straight line without urgency', () => {
    const held = almgrenChrissHoldings(urgency, 5, 5);
    for (let j = 0; j <= 5; j++) {
      expect(held[j]).toBeCloseTo(Math.sinh(urgency * (5 - j)) / Math.sinh(urgency * 5), 12);
    }
    expect(almgrenChrissHoldings(0, 5, 5)).toEqual([1, 0.8, 0.6, 0.4, 0.19999999999999996, 0]);
    expect(almgrenChrissHoldings(2000, 5, 5)).toEqual([1, 0, 0, 0, 0, 0]);
  });

  it('no other trajectory has a lower expected cost plus λ times its variance', () => {
    const objective = (held: readonly number[]): number => {
      let value = 0;
      for (let j = 1; j < held.length; j++) {
        const traded = held[j - 1]! - held[j]!;
        value += market.permanentImpact * held[j]! * traded + market.temporaryImpact * traded * traded;
        value += riskAversion * market.variance * held[j]! * held[j]!;
      }
      return value;
    };
    const best = almgrenChrissHoldings(urgency, 5, 5);
    const move = fc.array(number(-0.3, 0.3), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(move, (moves) => {
        const other = best.map((held, j) => held + (moves[j - 1] ?? 0));
        expect(objective(other)).toBeGreaterThanOrEqual(objective(best) * (1 - 1e-12));
      }),
    );
  });

  it('the rest of the path, begun anew, is the rest of the path', () => {
    const pace = almgrenChriss({ parts: 10, urgencyPerSecond: 0.002 });
    const whole = sizesOf(pace);
    const done = whole.slice(0, 4).reduce((sum, units) => sum + units, 0);
    const rest = sizesOf(pace, { nowSeconds: 400, leftUnits: 100 - done });
    for (const [i, units] of rest.entries()) expect(units).toBeCloseTo(whole[i + 4]!, 9);
  });
});

describe('Obizhaeva and Wang (2013)', () => {
  it('blocks and rate of the continuous optimum', () => {
    expect(obizhaevaWangShares(0.5, 12)).toEqual({ block: 1 / 8, rate: 1 / 16 });
  });

  it('many slices tend to them', () => {
    const sizes = sizesOf(obizhaevaWang({ parts: 2000, resiliencePerSecond: 0.01 }));
    const { block, rate } = obizhaevaWangShares(0.01, 1000);
    expect(sizes[0]! / 100).toBeCloseTo(block, 3);
    expect(sizes.at(-1)! / 100).toBeCloseTo(block, 3);
    expect(sizes[1000]! / 100 / 0.5).toBeCloseTo(rate, 4);
  });

  it('no other sizes cost less in a pool that refills', () => {
    const times = Array.from({ length: 6 }, (_, i) => (i * 1000) / 6);
    const market = {
      cost: costFunction(curve(0, 0.02)),
      resiliencePerSecond: 0.004,
      riskPerSquaredUnitYear: 0,
      missingUnits: 0,
      fromSeconds: 0,
      endSeconds: 1000,
    };
    const best = planCost(market, times, sizesOf(obizhaevaWang({ parts: 6, resiliencePerSecond: 0.004 }))).total;
    const weights = fc.array(number(0.001, 1), { minLength: 6, maxLength: 6 });
    fc.assert(
      fc.property(weights, (made) => {
        const sum = made.reduce((a, b) => a + b, 0);
        const other = made.map((weight) => (100 * weight) / sum);
        expect(planCost(market, times, other).total).toBeGreaterThanOrEqual(best * (1 - 1e-9));
      }),
    );
    const found = optimalSizes(market, times, 100, 0.001);
    expect(planCost(market, times, found).total).toBeLessThan(best * 1.0005);
  });
});

describe('volume', () => {
  const expectedVolume = () => [10, 20, 30, 40];
  it('VWAP follows it, also from the middle on', () => {
    const pace = vwap({ bins: 4, expectedVolume });
    expect(sizesOf(pace)).toEqual([10, 20, 30, 40]);
    expect(sizesOf(pace, { nowSeconds: 500, leftUnits: 35 })).toEqual([15, 20]);
  });

  it('a participation takes its share as long as something is left', () => {
    const pace = pov({ bins: 4, expectedVolume, participation: 0.5 });
    expect(sizesOf(pace)).toEqual([5, 10, 15, 20]);
    expect(sizesOf(pace, { leftUnits: 12 })).toEqual([5, 7, 0, 0]);
  });

  it('where no more volume is expected, what is left is due at once', () => {
    expect(sizesOf(vwap({ bins: 4, expectedVolume: () => [1, 1, 0, 0] }), { nowSeconds: 500 })).toEqual([100, 0]);
  });
});

describe('the optimum', () => {
  const total = 12;
  const times = [0, 200, 400, 600, 800];
  const parameters = fc.record({
    gas: number(0, 4),
    depth: number(0.005, 0.2),
    resiliencePerSecond: number(0.0005, 0.05),
    risk: number(0, 0.3),
    missingUnits: fc.constantFrom(0, 0, 5),
  });

  /** Every way of dealing out the units to the times. */
  function* deals(units: number, slots: number): Generator<number[]> {
    if (slots === 1) {
      yield [units];
      return;
    }
    for (let first = 0; first <= units; first++)
      for (const rest of deals(units - first, slots - 1)) yield [first, ...rest];
  }

  it('costs no more than the best of all deals of whole units', () => {
    fc.assert(
      fc.property(parameters, ({ depth, gas, missingUnits, resiliencePerSecond, risk }) => {
        const market = {
          cost: costFunction(curve(gas, depth)),
          resiliencePerSecond,
          riskPerSquaredUnitYear: risk * depth * (YEAR / 1000),
          missingUnits,
          fromSeconds: 0,
          endSeconds: 1000,
        };
        let best = Infinity;
        for (const deal of deals(total, times.length)) best = Math.min(best, planCost(market, times, deal).total);
        const found = planCost(market, times, optimalSizes(market, times, total, 0.001)).total;
        expect(found).toBeLessThanOrEqual(best * (1 + 1e-6));
      }),
      { numRuns: 40 },
    );
  });

  it('is that of Almgren and Chriss when the pools forget at once', () => {
    const depth = 0.02;
    const interval = 100;
    const riskPerSquaredUnitYear = 3e-5 * YEAR;
    const urgencyPerSecond = Math.acosh(1 + (3e-5 * interval) / depth) / interval;
    const of = (pace: Pace): number => {
      const market = {
        cost: costFunction(curve(0, depth)),
        resiliencePerSecond: 10,
        riskPerSquaredUnitYear,
        missingUnits: 0,
        fromSeconds: 0,
        endSeconds: 1000,
      };
      const made = pace.propose(work({ riskPerSquaredUnitYear }));
      return planCost(
        market,
        made.map(({ atSeconds }) => atSeconds),
        made.map(({ units }) => units),
      ).total;
    };
    const known = of(almgrenChriss({ parts: 10, urgencyPerSecond }));
    const found = of(optimal({ parts: 10, resiliencePerSecond: 10 }));
    expect(found).toBeLessThan(known * 1.0005);
    expect(found).toBeGreaterThan(known * (1 - 1e-9));
    expect(of(twap({ parts: 10 }))).toBeGreaterThan(known * 1.01);
  });

  it('has as many slices as their gas is worth', () => {
    const count = (gas: number): number =>
      sizesOf(optimal({ parts: 12, resiliencePerSecond: 1 }), { cost: costFunction(curve(gas, 0.02)) }).filter(
        (units) => units > 0,
      ).length;
    expect(count(0)).toBe(12);
    // √(depth/2 · q² / gas) without memory
    expect(count(4)).toBe(5);
    expect(count(200)).toBe(1);
  });

  it('waits for pools that an earlier slice has emptied', () => {
    const pace = optimal({ parts: 4, resiliencePerSecond: 0.004 });
    const [fresh] = sizesOf(pace);
    const [emptied] = sizesOf(pace, { fills: [{ atSeconds: 0, units: 80 }] });
    expect(emptied!).toBeLessThan(fresh! / 2);
  });
});
