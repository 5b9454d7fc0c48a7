import fc from 'fast-check';
import type { TradeQuote } from '../ports/instrument.js';
import { compareHolding } from './compare-holding.js';
import { holdingCost, type HoldingBelief, type HoldingTerms } from './holding-cost.js';

const quote: TradeQuote = {
  id: 'a:1',
  adapter: 'a',
  chainId: 1,
  instrument: 'X',
  units: '-10',
  flows: [],
  greeks: { deltaUnits: -10, gammaPerUnit: 0, vegaPerPoint: 0, thetaPerDay: 0 },
  cost: 12,
  basis: -6,
  carryPerDay: 3,
  tiedUp: 3_650,
  closingCost: 15,
  gas: [{ chainId: 1, units: 800_000n }],
  closingGas: [{ chainId: 1, units: 700_000n }],
  validUntil: 1,
  asOf: { source: 'a', timeSeconds: 0 },
  payload: null,
};
const steady: HoldingBelief = { halfLifeDays: Infinity };
const terms: HoldingTerms = {
  days: 10,
  spot: 3_000,
  capitalRate: 0.05,
  gasCost: (gas) => gas.reduce((sum, { units }) => sum + Number(units) * 1e-6, 0),
  belief: steady,
};

test('by hand: opening, carry, capital, closing and gas, and a basis that is still there comes back', () => {
  const cost = holdingCost(quote, terms);
  expect(cost).toMatchObject({ opening: 12, carry: 30, capital: 5, closing: 15, basis: 6, deviation: 0 });
  expect(cost.gas).toBeCloseTo(1.5, 12);
  expect(cost.expected).toBeCloseTo(69.5, 9);
  expect(cost.perDay).toBeCloseTo(3.5, 12);
});

test('what was gained by selling above the spot is kept where the basis is gone by the end', () => {
  const faded = holdingCost(quote, { ...terms, belief: { halfLifeDays: 0.5 } });
  expect(faded.basis).toBeCloseTo(6 * 2 ** -20, 9);
  expect(faded.carry).toBeLessThan(30 / 10);
});

const number = (min: number, max: number): fc.Arbitrary<number> => fc.double({ min, max, noNaN: true });
const anyQuote = fc.record({
  cost: number(-100, 100),
  basis: number(-50, 50),
  carryPerDay: number(-20, 20),
  tiedUp: number(-1e5, 1e5),
  closingCost: number(0, 100),
});
const anyBelief = fc.record({
  halfLifeDays: fc.oneof(fc.constant(Infinity), number(0.01, 100)),
  restPerDay: number(-1e-4, 1e-4),
  ratePerSqrtDay: number(0, 1e-3),
  basisPerSqrtDay: number(0, 1e-3),
});

test('the parts add up, and nothing that was given is changed', () => {
  fc.assert(
    fc.property(anyQuote, anyBelief, number(0, 90), (change, belief, days) => {
      const given = Object.freeze({ ...quote, ...change });
      const { basis, capital, carry, closing, expected, gas, opening } = holdingCost(given, { ...terms, belief, days });
      expect(opening + carry + basis + capital + closing + gas).toBeCloseTo(expected, 8);
    }),
  );
});

test('held for no time it costs the way there and back', () => {
  fc.assert(
    fc.property(anyQuote, anyBelief, (change, belief) => {
      const given = { ...quote, ...change };
      const cost = holdingCost(given, { ...terms, belief, days: 0 });
      expect(cost.expected).toBeCloseTo(given.cost + given.closingCost - given.basis + 1.5, 8);
      expect(cost.deviation).toBe(0);
    }),
  );
});

test('a dearer quote is dearer, in every part that says so', () => {
  fc.assert(
    fc.property(
      anyQuote,
      anyBelief,
      fc.constantFrom('cost', 'carryPerDay', 'tiedUp', 'closingCost'),
      number(0.01, 10),
      (change, belief, field, more) => {
        const given = { ...quote, ...change };
        const cheap = holdingCost(given, { ...terms, belief }).expected;
        expect(holdingCost({ ...given, [field]: given[field] + more }, { ...terms, belief }).expected).toBeGreaterThan(
          cheap,
        );
      },
    ),
  );
});

test('twice the size at the same prices costs twice as much', () => {
  fc.assert(
    fc.property(anyQuote, anyBelief, number(0, 60), (change, belief, days) => {
      const given = { ...quote, ...change };
      const double = {
        ...given,
        units: '-20',
        ...Object.fromEntries(Object.entries(change).map(([name, value]) => [name, 2 * value])),
      };
      const free = { ...terms, belief, days, gasCost: () => 0 };
      const [one, two] = [holdingCost(given, free), holdingCost(double, free)];
      expect(two.expected).toBeCloseTo(2 * one.expected, 7);
      expect(two.deviation).toBeCloseTo(2 * one.deviation, 7);
    }),
  );
});

describe('comparing', () => {
  const cheapToOpen = { ...quote, id: 'b:1', adapter: 'b', cost: 1, carryPerDay: 9 };

  test('what is cheap to open loses to what is cheap to hold when it is held for long', () => {
    const candidates = [quote, cheapToOpen].map((each) => ({ quote: each, belief: steady }));
    const cheapest = (days: number): string => compareHolding(candidates, { ...terms, days })[0]!.quote.adapter;
    expect(cheapest(1)).toBe('b');
    expect(cheapest(7)).toBe('a');
  });

  test('uncertainty counts where it is given a weight', () => {
    const doubtful = { quote, belief: { ...steady, ratePerSqrtDay: 1e-4 } };
    const sure = { quote: { ...cheapToOpen, carryPerDay: 4.5 }, belief: steady };
    expect(compareHolding([doubtful, sure], terms)[0]!.quote.adapter).toBe('a');
    expect(compareHolding([doubtful, sure], { ...terms, riskWeight: 1 })[0]!.quote.adapter).toBe('b');
  });

  test('the order does not hang on that of the candidates, and the first has the least score', () => {
    fc.assert(
      fc.property(fc.array(anyQuote, { minLength: 1, maxLength: 6 }), anyBelief, (changes, belief) => {
        const candidates = changes.map((change, index) => ({
          quote: { ...quote, ...change, adapter: `venue-${index}` },
          belief,
        }));
        const order = (given: typeof candidates): readonly string[] =>
          compareHolding(given, terms).map(({ quote: { adapter } }) => adapter);
        expect(order([...candidates].reverse())).toEqual(order(candidates));
        const scores = compareHolding(candidates, terms).map(({ score }) => score);
        expect(scores[0]).toBe(Math.min(...scores));
      }),
    );
  });

  test('says costs in basis points of the value', () => {
    const [compared] = compareHolding([{ quote, belief: steady }], terms);
    expect(compared!.costBps).toBeCloseTo((69.5 / 30_000) * 1e4, 9);
    expect(compared!.holdingCostBpsPerDay).toBeCloseTo((3.5 / 30_000) * 1e4, 9);
  });

  test('refuses what is not alike, and nothing at all', () => {
    const other = { ...quote, greeks: { ...quote.greeks, deltaUnits: 10 } };
    const invalid = expect.objectContaining({ code: 'INVALID_INPUT' }) as Error;
    expect(() => compareHolding([], terms)).toThrow(invalid);
    expect(() =>
      compareHolding(
        [quote, other].map((each) => ({ quote: each, belief: steady })),
        terms,
      ),
    ).toThrow(invalid);
  });
});
