import fc from 'fast-check';
import {
  type BatchFill,
  BatchInputInvalidError,
  type BatchOrder,
  clearBatch,
  type ClearedMarket,
} from '@evenkeel/core/batch';
import {
  aloneTogether,
  averageOfBothWays,
  costOf,
  E18,
  E6,
  marketOf,
  marketTerms,
  NOW,
  oneMarket,
  orderOf,
  roundingOf,
  twoMarkets,
} from './cases.js';

const RUNS = { numRuns: 500 };
const total = (values: readonly bigint[]): bigint => values.reduce((sum, value) => sum + value, 0n);
const of = (fills: readonly BatchFill[], side: 'buy' | 'sell') => fills.filter((fill) => fill.side === side);

/** The lot that a test looks at must not be empty too often. */
const someone = (markets: readonly ClearedMarket[]): boolean => markets.length > 0;

test('what comes in goes out, to the atom', () => {
  let settled = 0;
  fc.assert(
    fc.property(twoMarkets(40), (input) => {
      const { markets } = clearBatch(input);
      for (const { dustQuoteAtoms, fees, fills, remainder } of markets) {
        settled += 1;
        const baseIn = total(of(fills, 'sell').map(({ baseAtoms }) => baseAtoms));
        const baseOut = total(of(fills, 'buy').map(({ baseAtoms }) => baseAtoms));
        const quoteIn = total(of(fills, 'buy').map(({ quoteAtoms }) => quoteAtoms));
        const quoteOut = total(of(fills, 'sell').map(({ quoteAtoms }) => quoteAtoms));
        const bought = remainder?.side === 'buy' ? remainder : { baseAtoms: 0n, quoteAtoms: 0n };
        const sold = remainder?.side === 'sell' ? remainder : { baseAtoms: 0n, quoteAtoms: 0n };
        expect(baseIn + bought.baseAtoms).toBe(baseOut + sold.baseAtoms + fees.baseAtoms);
        expect(quoteIn + sold.quoteAtoms).toBe(quoteOut + bought.quoteAtoms + fees.quoteAtoms + dustQuoteAtoms);
        expect(dustQuoteAtoms).toBeGreaterThanOrEqual(0n);
        expect(dustQuoteAtoms).toBeLessThanOrEqual(3n * BigInt(fills.length));
      }
    }),
    RUNS,
  );
  expect(settled).toBeGreaterThan(200);
});

test('every order is settled once or removed once, with a code and a sentence', () => {
  fc.assert(
    fc.property(twoMarkets(30), (input) => {
      const { markets, removed } = clearBatch(input);
      const settled = markets.flatMap(({ fills }) => fills.map(({ order }) => order.id));
      const all = [...settled, ...removed.map(({ orderId }) => orderId)];
      expect(all.sort()).toEqual(input.orders.map(({ id }) => id).sort());
      for (const { code, sentence } of removed) expect([code, sentence.length > 10]).toEqual([code, true]);
    }),
    RUNS,
  );
});

test('all trade at one price: the amounts are those of the settlement contract at it', () => {
  fc.assert(
    fc.property(oneMarket(30), (input) => {
      for (const { fills, price } of clearBatch(input).markets) {
        for (const { baseAtoms, feeAtoms, quoteAtoms, side } of fills) {
          const crossing = side === 'buy' ? quoteAtoms - feeAtoms : quoteAtoms;
          const base = side === 'buy' ? baseAtoms : baseAtoms - feeAtoms;
          const product = base * price.quoteAtoms;
          const floor = product / price.baseAtoms;
          const exact = floor * price.baseAtoms === product;
          expect(crossing).toBe(side === 'buy' || exact ? floor : floor + 1n);
        }
      }
    }),
    RUNS,
  );
});

test('nobody is worse off than alone, nor beyond its limit', () => {
  fc.assert(
    fc.property(twoMarkets(30), (input) => {
      for (const market of clearBatch(input).markets) {
        for (const fill of market.fills) {
          const { baseAtoms, cost, costAlone, order, quoteAtoms, savingBps, side } = fill;
          expect(cost).toBeLessThanOrEqual(costAlone + 4e-6);
          expect(savingBps).toBeGreaterThanOrEqual(-1e-3);
          // A limit is a price: filled short, it is in proportion.
          const [used, allowed] = [quoteAtoms * order.baseAtoms, order.limitQuoteAtoms * baseAtoms];
          expect(side === 'buy' ? used <= allowed : used >= allowed).toBe(true);
          expect(order.baseAtoms - baseAtoms).toBeLessThanOrEqual(order.shortfallAtoms ?? 0n);
        }
      }
    }),
    RUNS,
  );
});

test('nobody is settled who has said that it pays less elsewhere', () => {
  let [left, stayed] = [0, 0];
  const said = fc.tuple(oneMarket(20), fc.array(fc.double({ min: -1, max: 3, noNaN: true }), { minLength: 20 }));
  fc.assert(
    fc.property(said, ([input, shares]) => {
      const free = clearBatch(input).markets.flatMap(({ fills }) => fills);
      // Around what each would pay here, so that some would rather go and others not.
      const outsideCosts = new Map(
        free.map(({ cost, costAlone, order }, i) => [order.id, cost + shares[i]! * (costAlone - cost)]),
      );
      const { markets, removed } = clearBatch({ ...input, outsideCosts });
      for (const { cost, costAlone, order } of markets.flatMap(({ fills }) => fills)) {
        stayed += 1;
        expect(cost).toBeLessThanOrEqual((outsideCosts.get(order.id) ?? Infinity) + 4e-6);
        expect(costAlone).toBeLessThanOrEqual(outsideCosts.get(order.id) ?? Infinity);
      }
      left += removed.filter(({ code }) => code === 'BETTER_ALONE').length;
    }),
    RUNS,
  );
  expect(Math.min(left, stayed)).toBeGreaterThan(100);
});

test('it does not matter who came first', () => {
  const shuffled = twoMarkets(25).chain((input) =>
    fc
      .shuffledSubarray([...input.orders], { minLength: input.orders.length })
      .map((orders) => ({ input, other: { ...input, orders, markets: [...input.markets].reverse() } })),
  );
  fc.assert(
    fc.property(shuffled, ({ input, other }) => {
      expect(clearBatch(other)).toEqual(clearBatch(input));
    }),
    RUNS,
  );
});

test('no coalition pays more than as a batch of its own that comes last: all coalitions of small batches', () => {
  let looked = 0;
  fc.assert(
    fc.property(oneMarket(9), (input) => {
      const [market] = clearBatch(input).markets;
      if (market === undefined) return;
      const { fills } = market;
      for (let chosen = 1; chosen < 2 ** fills.length; chosen += 1) {
        const coalition = fills.filter((_, i) => chosen & (2 ** i));
        const alone = aloneTogether(input.markets[0]!, fills, coalition);
        if (alone === undefined) continue;
        looked += 1;
        if (costOf(coalition) > alone + roundingOf(market)) throw new Error(`${chosen} pay more than alone`);
      }
    }),
    RUNS,
  );
  expect(looked).toBeGreaterThan(1_000);
});

test('no coalition pays more than as a batch of its own that comes last: some coalitions of large batches', () => {
  fc.assert(
    fc.property(oneMarket(60), fc.array(fc.boolean(), { minLength: 97, maxLength: 97 }), (input, coins) => {
      const [market] = clearBatch(input).markets;
      if (market === undefined) return;
      for (let i = 0; i < 20; i += 1) {
        const coalition = market.fills.filter((_, j) => coins[(i * 61 + j) % coins.length]);
        const alone = aloneTogether(input.markets[0]!, market.fills, coalition);
        if (alone !== undefined) expect(costOf(coalition)).toBeLessThanOrEqual(alone + roundingOf(market));
      }
    }),
    { numRuns: 200 },
  );
});

/** One order as several of the same owner, which sum to it in everything. */
function split(order: BatchOrder, parts: number): BatchOrder[] {
  const share = (atoms: bigint, i: number): bigint =>
    i === 0 ? atoms - (atoms / BigInt(parts)) * BigInt(parts - 1) : atoms / BigInt(parts);
  return Array.from({ length: parts }, (_, i) => ({
    ...order,
    id: `${order.id}${i}`,
    baseAtoms: share(order.baseAtoms, i),
    limitQuoteAtoms: share(order.limitQuoteAtoms, i),
    shortfallAtoms: 0n,
  }));
}

test('splitting an order never gains beyond rounding', () => {
  let looked = 0;
  const splits = fc.tuple(oneMarket(12), fc.nat(), fc.integer({ min: 2, max: 6 }));
  fc.assert(
    fc.property(splits, ([drawn, which, count]) => {
      const input = { ...drawn, orders: drawn.orders.map((order) => ({ ...order, shortfallAtoms: 0n })) };
      const [market] = clearBatch(input).markets;
      if (market === undefined) return;
      const fill = market.fills[which % market.fills.length]!;
      const others = input.orders.filter(({ id }) => id !== fill.order.id);
      const [after] = clearBatch({ ...input, orders: [...others, ...split(fill.order, count)] }).markets;
      const parts = after?.fills.filter(({ order }) => order.owner === fill.order.owner) ?? [];
      // Promised where the same trade together again: who splits so that somebody leaves has another batch.
      if (after === undefined || parts.length !== count || after.fills.length !== market.fills.length + count - 1)
        return;
      looked += 1;
      expect(costOf(parts)).toBeGreaterThanOrEqual(fill.cost - roundingOf(after));
    }),
    { numRuns: 800 },
  );
  expect(looked).toBeGreaterThan(60);
});

test('alone is what each pays on average when all trade one after another, whoever comes first', () => {
  const quadratic = fc.tuple(marketTerms('m1'), oneMarket(14)).map(([terms, { orders }]) => ({
    markets: [marketOf({ ...terms, gas: 1e-9, power: 2 })],
    orders: orders.map((order) => ({ ...order, limitQuoteAtoms: order.side === 'buy' ? 1n << 80n : 0n })),
    nowSeconds: NOW,
  }));
  let looked = 0;
  fc.assert(
    fc.property(quadratic, (input) => {
      const [market] = clearBatch(input).markets;
      if (market === undefined) return;
      const alone = averageOfBothWays(input.markets[0]!, market.fills);
      for (const [i, { costAlone, order }] of market.fills.entries()) {
        const notional = (Number(order.baseAtoms) / 1e18) * Number(input.markets[0]!.midPrice);
        looked += 1;
        expect(Math.abs(costAlone - alone[i]!)).toBeLessThan(1e-5 + 3e-6 * notional * market.fills.length);
      }
    }),
    { numRuns: 150 },
  );
  expect(looked).toBeGreaterThan(200);
});

test('small batches against exhaustive search: no other lot saves more, but for a rare few per cent', () => {
  let best = 0;
  let found = 0;
  let worse = 0;
  const cases = fc.sample(oneMarket(7), 120);
  const saving = (markets: readonly ClearedMarket[]): number =>
    markets.reduce((sum, { fills }) => sum + fills.reduce((all, { cost, costAlone }) => all + costAlone - cost, 0), 0);
  for (const input of cases) {
    const ours = saving(clearBatch(input).markets);
    let most = 0;
    for (let chosen = 1; chosen < 2 ** input.orders.length; chosen += 1) {
      const orders = input.orders.filter((_, i) => chosen & (2 ** i));
      const { markets, removed } = clearBatch({ ...input, orders });
      if (removed.length === 0) most = Math.max(most, saving(markets));
    }
    best += most;
    found += ours;
    if (ours < most * (1 - 1e-3) - 1e-4) worse += 1;
  }
  expect(found / best).toBeGreaterThan(0.98);
  expect(worse / cases.length).toBeLessThan(0.1);
});

test('of many who may wait for a market that has recovered few leave, for they leave a few at a time', () => {
  let state = 7;
  const uniform = (): number => (state = (state * 48_271) % 0x7fffffff) / 0x7fffffff;
  const terms = { id: 'm1', mid: 3_000, spreadBps: 5, impact: 0.01, power: 2, gas: 1.4 };
  const orders = Array.from({ length: 100 }, (_, i) => {
    const normal = Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
    const size = Math.log10(Math.min(12, Math.max(0.1, 1.5 * Math.exp(0.8 * normal))));
    const side = uniform() < 0.5 ? 'buy' : 'sell';
    return orderOf(i, { side, size, limitBps: 500, short: 0.05, free: false }, terms.mid);
  });
  const { markets, removed } = clearBatch({ markets: [marketOf(terms)], orders, nowSeconds: NOW, alone: 'untouched' });
  expect(removed.length).toBeGreaterThan(0);
  expect(markets[0]!.fills.length).toBeGreaterThan(80);
});

describe('the price', () => {
  const market = marketOf({ id: 'm1', mid: 3_000, spreadBps: 5, impact: 0.01, power: 2, gas: 1 });
  const order = (index: number, side: 'buy' | 'sell', units: number): BatchOrder =>
    orderOf(index, { side, size: Math.log10(units), limitBps: 500, short: 0, free: false }, 3_000);

  test('is mid when all cross, but for the sellers who pay gas in what they sell', () => {
    const input = { markets: [market], orders: [order(0, 'buy', 5), order(1, 'sell', 5)], nowSeconds: NOW };
    const whole = clearBatch({ ...input, orders: input.orders.map((o) => ({ ...o, shortfallAtoms: E18 / 100n })) });
    const [cleared] = whole.markets;
    expect(cleared!.remainder).toBeUndefined();
    expect((cleared!.price.quoteAtoms * E18) / cleared!.price.baseAtoms).toBe(3_000n * E6);
    expect(whole.nettedShare).toBe(1);
    // The buyer is short of what the seller keeps back for gas.
    expect(cleared!.fills.map(({ shortAtoms }) => shortAtoms > 0n)).toEqual(
      cleared!.fills.map(({ side }) => side === 'buy'),
    );
  });

  test('is what the route costs a unit towards the heavy side', () => {
    const orders = [order(0, 'buy', 30), order(1, 'sell', 10)];
    const [cleared] = clearBatch({ markets: [market], orders, nowSeconds: NOW }).markets;
    const { price, remainder } = cleared!;
    expect(remainder!.side).toBe('buy');
    const average = Number(remainder!.quoteAtoms) / 1e6 / (Number(remainder!.baseAtoms) / 1e18);
    expect(Number(price.quoteAtoms) / 1e6 / (Number(price.baseAtoms) / 1e18)).toBeCloseTo(average, 4);
    expect(average).toBeGreaterThan(3_000 * 1.0005);
    expect(cleared!.fills.find(({ side }) => side === 'sell')!.cost).toBeLessThan(0);
  });

  test('follows the exact route, and removes whoever it takes beyond the limit', () => {
    const shallow = marketOf({ id: 'm1', mid: 3_000, spreadBps: 5, impact: 0.001, power: 2, gas: 1 });
    const tight = { ...order(2, 'buy', 10), limitQuoteAtoms: 30_018_900_000n };
    const orders = [order(0, 'buy', 10), order(1, 'sell', 15), tight];
    const input = { markets: [shallow], orders, nowSeconds: NOW };
    expect(clearBatch(input).removed).toEqual([]);
    const dearer = clearBatch({ ...input, route: (_, __, atoms) => (atoms * 3_002_500_000n) / E18 });
    expect(dearer.removed[0]).toMatchObject({ orderId: tight.id, code: 'LIMIT' });
  });
});

describe('who is not settled', () => {
  const terms = { id: 'm1', mid: 3_000, spreadBps: 5, impact: 0.01, power: 2, gas: 1 };
  const market = marketOf(terms);
  const order = (index: number, change: Partial<BatchOrder> = {}): BatchOrder => ({
    ...orderOf(index, { side: index % 2 ? 'sell' : 'buy', size: 1, limitBps: 500, short: 0, free: false }, 3_000),
    ...change,
  });
  const codes = (orders: readonly BatchOrder[]) =>
    clearBatch({ markets: [market], orders, nowSeconds: NOW }).removed.map(({ code }) => code);

  test.each<[string, readonly BatchOrder[]]>([
    ['DUPLICATE', [order(0), order(0), order(1)]],
    ['EXPIRED', [order(0), order(1), order(2, { validUntil: NOW - 1 })]],
    ['DUST', [order(0), order(1), order(2, { baseAtoms: 1n })]],
    ['DUST', [order(0), order(1), order(2, { baseAtoms: 0n })]],
    ['MARKET_UNKNOWN', [order(0), order(1), order(2, { markets: ['elsewhere'] })]],
    ['MARKET_TOO_SMALL', [order(0), order(1), order(2, { baseAtoms: 10n ** 25n })]],
    ['LIMIT', [order(0), order(1), order(2, { limitQuoteAtoms: 29_000n * E6 })]],
  ])('%s', (code, orders) => {
    expect(codes(orders)).toEqual([code]);
  });

  test('BETTER_ALONE: one order is no batch', () => {
    expect(codes([order(0)])).toEqual(['BETTER_ALONE']);
  });

  test('REMAINDER_TOO_SMALL: what is left carries no price', () => {
    const exact = marketOf({ ...terms, gas: 0 });
    const orders = [order(0, { baseAtoms: E18 + 10n }), order(1, { baseAtoms: E18, limitQuoteAtoms: 2_900n * E6 })];
    const { markets, removed } = clearBatch({ markets: [exact], orders, nowSeconds: NOW });
    expect(markets.every(({ price }) => price.quoteAtoms < price.baseAtoms)).toBe(true);
    expect(removed[0]!.code).toBe('REMAINDER_TOO_SMALL');
  });

  test('an input that nobody can compute with is refused', () => {
    const input = { markets: [market], orders: [], nowSeconds: NOW };
    const bad = [
      { ...market, midPrice: '0' },
      { ...market, gas: { ...market.gas, order: -1 } },
      { ...market, buy: market.sell },
    ];
    for (const one of bad) expect(() => clearBatch({ ...input, markets: [one] })).toThrow(BatchInputInvalidError);
    expect(() => clearBatch({ ...input, markets: [market, market] })).toThrow(BatchInputInvalidError);
  });
});

test('results are frozen, inputs untouched', () => {
  const input = fc.sample(
    oneMarket(20).filter(({ orders }) => orders.length > 10),
    1,
  )[0]!;
  const before = structuredClone(input);
  const result = clearBatch(input);
  expect(input).toEqual(before);
  expect(someone(result.markets)).toBe(true);
  for (const part of [result, result.markets, result.markets[0], result.markets[0]!.fills[0], result.removed]) {
    expect(Object.isFrozen(part)).toBe(true);
  }
});
