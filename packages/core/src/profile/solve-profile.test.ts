import fc from 'fast-check';
import { linearImpactCurve } from './instrument.js';
import { GREEKS, type ProfileInstrument, type ProfileProblem, type Range } from './profile.js';
import { solveProfile } from './solve-profile.js';

/** A quote in the terms of the test: cost k + a·q + b·q²/2 and what a unit holds and binds. */
interface Quote {
  readonly k: number;
  readonly a: number;
  readonly b: number;
  readonly most: number;
  readonly holding: number;
  readonly margin: number;
}

const quote = fc.record({
  k: fc.constantFrom(0, 0, 3, 20),
  a: fc.integer({ min: 0, max: 20 }).map((n) => n / 4),
  b: fc.integer({ min: 0, max: 10 }).map((n) => n / 5),
  most: fc.integer({ min: 0, max: 6 }),
  holding: fc.integer({ min: 0, max: 4 }).map((n) => n / 8),
  margin: fc.integer({ min: 0, max: 3 }),
});

const sideOf = (
  side: 'buy' | 'sell',
  { a, b, holding, k, margin, most }: Quote,
): ProfileInstrument['buy'] & object => ({
  curve: linearImpactCurve({
    side,
    referencePrice: 100,
    fixedCost: k,
    costPerUnit: a,
    impactPerUnit: b,
    maxUnits: most,
  }),
  holdingCostPerDay: holding,
  marginPerUnit: margin,
});

const small = fc.integer({ min: -4, max: 4 }).map((n) => n / 2);
const instrument = fc.record({ buy: quote, sell: quote, delta: small, gamma: small, vega: small });
const range = (most: number): fc.Arbitrary<Range> =>
  fc.tuple(fc.integer({ min: -most, max: most }), fc.constantFrom(0, 0, 1, 4)).map(([low, width]) => ({
    low: low / 2,
    high: (low + width) / 2,
  }));
const target = fc.option(
  fc
    .record({ band: range(4), weight: fc.integer({ min: 1, max: 1e6 }).map((n) => n / 4e5) })
    .map(({ band, weight }) => ({ ...band, weight })),
  { nil: undefined },
);

interface Case {
  readonly problem: ProfileProblem;
  readonly quotes: readonly { readonly buy: Quote; readonly sell: Quote }[];
}

const cases: fc.Arbitrary<Case> = fc
  .record({
    instruments: fc.array(instrument, { minLength: 2, maxLength: 3 }),
    delta: range(12),
    gamma: range(12),
    vega: range(12),
    targets: fc.tuple(target, target, target),
    marginAvailable: fc.integer({ min: 0, max: 20 }),
  })
  .map(({ delta, gamma, instruments, marginAvailable, targets, vega }) => ({
    quotes: instruments,
    problem: {
      exposure: { delta, gamma, vega },
      target: Object.fromEntries(GREEKS.flatMap((greek, i) => (targets[i] === undefined ? [] : [[greek, targets[i]]]))),
      instruments: instruments.map(({ buy, delta: d, gamma: g, sell, vega: n }, i) => ({
        id: `i${i}`,
        greeks: { delta: d, gamma: g, vega: n },
        buy: sideOf('buy', buy),
        sell: sideOf('sell', sell),
        lotUnits: '1',
      })),
      marginAvailable,
      holdingDays: 2,
    },
  }));

const outside = ({ high, low }: Range, at: number): number => Math.max(0, low - at, at - high);

/** Every vector of whole units, with its cost, its distance, and whether it is allowed: written without the solver. */
function* grid({ problem, quotes }: Case): Generator<{ cost: number; distance: number }> {
  const sizes = quotes.map(({ sell }) => -sell.most);
  for (;;) {
    let cost = 0;
    let margin = 0;
    for (const [i, size] of sizes.entries()) {
      const { a, b, holding, k, margin: each } = size > 0 ? quotes[i]!.buy : quotes[i]!.sell;
      const q = Math.abs(size);
      if (q > 0) cost += k + (a + holding * problem.holdingDays) * q + (b * q * q) / 2;
      margin += q * each;
    }
    let squared = 0;
    let allowed = margin <= problem.marginAvailable;
    for (const greek of GREEKS) {
      const band = problem.target[greek];
      if (band === undefined) continue;
      const { high, low } = problem.exposure[greek];
      const change = sizes.reduce((sum, size, i) => sum + size * problem.instruments[i]!.greeks[greek], 0);
      const [atLow, atHigh] = [outside(band, low + change), outside(band, high + change)];
      if (low < high) allowed &&= atLow <= outside(band, low) && atHigh <= outside(band, high);
      // Both ends inside, or as near to where one end is on its edge as the doubt lets it.
      const wide = Math.max(0, high - low - (band.high - band.low));
      const gap =
        wide === 0
          ? Math.max(atLow, atHigh)
          : Math.abs(change - Math.min(Math.max(0, band.high - high), band.low - low));
      squared += band.weight * gap * gap;
    }
    if (allowed) yield { cost, distance: squared };
    let i = 0;
    while (i < sizes.length && sizes[i] === quotes[i]!.buy.most) sizes[i] = -quotes[i++]!.sell.most;
    if (i === sizes.length) return;
    sizes[i]! += 1;
  }
}

describe('against every plan in whole lots', () => {
  it('nothing comes nearer, and nothing as near is cheaper', () => {
    fc.assert(
      fc.property(cases, (each) => {
        let nearest = Infinity;
        let cheapest = Infinity;
        for (const { cost, distance } of grid(each)) {
          if (distance < nearest - 1e-9) [nearest, cheapest] = [distance, cost];
          else if (distance < nearest + 1e-9) cheapest = Math.min(cheapest, cost);
        }
        const solution = solveProfile(each.problem, { nodeBudget: 2000, toleranceBps: 0 });
        expect(solution.cost.total).toBeCloseTo(cheapest, 6);
        expect(solution.costBound).toBeLessThanOrEqual(cheapest * (1 + 1e-9) + 1e-9);
        expect(solution.gapBps).toBeLessThan(1);
      }),
      { numRuns: 80 },
    );
  });
});

/** Greeks and costs of the size that books have: perps, spot, options over strikes. */
function universe(count: number, seed: number): ProfileProblem {
  let state = seed;
  const uniform = (): number => (state = (state * 48_271) % 0x7fffffff) / 0x7fffffff;
  const instruments = Array.from({ length: count }, (_, i): ProfileInstrument => {
    const isOption = i % 3 > 0;
    const both = (side: 'buy' | 'sell'): ProfileInstrument['buy'] & object => ({
      curve: linearImpactCurve({
        side,
        referencePrice: 2500,
        fixedCost: 0,
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
      buy: both('buy'),
      sell: both('sell'),
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
    marginAvailable: 12_000,
    holdingDays: 5,
  };
}

describe('the conditions of Karush, Kuhn and Tucker', () => {
  it.each([
    [12, 1],
    [25, 2],
    [50, 3],
  ])('hold for %i instruments of any size', (count, seed) => {
    const problem = universe(count, seed);
    const { binding, cost, costBound, gapBps, margin, status, trades } = solveProfile(problem);
    expect(status).toBe('inside');
    expect(gapBps).toBeLessThan(0.01);
    expect(costBound).toBeLessThanOrEqual(cost.total);
    const price = { delta: 0, gamma: 0, vega: 0, margin: 0 };
    const limits = new Map<string, number>();
    for (const each of binding) {
      if (each.kind === 'band') price[each.greek] = each.end === 'low' ? each.shadowPrice : -each.shadowPrice;
      else if (each.kind === 'margin') price.margin = each.shadowPrice;
      else limits.set(`${each.instrument} ${each.side}`, each.shadowPrice);
    }
    if (price.margin > 0) expect(margin.used).toBeCloseTo(problem.marginAvailable, 4);
    for (const { buy, greeks, id, sell } of problem.instruments) {
      for (const [side, { curve, holdingCostPerDay, marginPerUnit }, sign] of [
        ['buy', buy!, 1],
        ['sell', sell!, -1],
      ] as const) {
        const traded = Number(trades.find((each) => each.instrument === id && each.side === side)?.units ?? 0);
        const { cost: whole, marginalCost: last, sizeUnits } = curve.points[0]!;
        const first = (2 * whole) / sizeUnits - last;
        const marginal = first + ((last - first) * traded) / sizeUnits + holdingCostPerDay * problem.holdingDays;
        const worth = sign * GREEKS.reduce((sum, greek) => sum + price[greek] * greeks[greek], 0);
        const reduced = marginal + price.margin * marginPerUnit - worth;
        if (traded === 0) expect(reduced).toBeGreaterThan(-1e-4);
        else if (traded < sizeUnits * (1 - 1e-6)) expect(reduced).toBeCloseTo(0, 3);
        else expect(reduced).toBeCloseTo(-(limits.get(`${id} ${side}`) ?? 0), 3);
      }
    }
  });
});
