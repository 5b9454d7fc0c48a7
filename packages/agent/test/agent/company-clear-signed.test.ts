import type { SignedFill } from '@evenkeel/adapters/batch';
import { orderOfFill } from '@evenkeel/adapters/batch';
import { type BatchFill, type BatchOrder, midFraction } from '@evenkeel/core/batch';
import fc from 'fast-check';
import { clearSigned, type RouteAtoms } from '../../src/agent/company/clear-signed.js';
import { signedLimit } from '../../src/agent/company/signed-limit.js';

// What is left of a batch after somebody has failed is cleared again with the orders that were signed for the first price.

const WETH = { chainId: 1, address: `0x${'0a'.repeat(20)}`, symbol: 'WETH', decimals: 18 } as const;
const USDC = { chainId: 1, address: `0x${'0b'.repeat(20)}`, symbol: 'USDC', decimals: 6 } as const;
const MID = 3_000;
const mid = midFraction({ base: WETH, quote: USDC, midPrice: String(MID) });
const curve = { referencePrice: MID, fixedCost: 1, points: [{ sizeUnits: 100, cost: 1, marginalCost: 0 }] };
const market = {
  id: '1',
  base: WETH,
  quote: USDC,
  midPrice: String(MID),
  buy: { ...curve, side: 'buy' },
  sell: { ...curve, side: 'sell' },
  gas: { settlement: 1, order: 1, alone: 0 },
} as const;

/** Half a spread of 5 bp, and 2 bp a unit. */
const route: RouteAtoms = (side, baseAtoms) => {
  const units = Number(baseAtoms) / 1e18;
  const price = MID * (1 + (side === 'buy' ? 1 : -1) * (5e-4 + 2e-4 * units));
  return BigInt(Math[side === 'buy' ? 'ceil' : 'floor'](units * price * 1e6));
};

interface Drawn {
  readonly side: 'buy' | 'sell';
  /** A thousandth of a unit. */
  readonly milliUnits: number;
  readonly savingBps: number;
}

/** As the first price, which was the middle, has made it. */
function signedOf({ milliUnits, savingBps, side }: Drawn, i: number): SignedFill {
  const baseAtoms = BigInt(milliUnits) * 10n ** 15n;
  const atMid = (baseAtoms * mid.quoteAtoms) / mid.baseAtoms;
  const feeAtoms = side === 'buy' ? 1_000_000n : 3n * 10n ** 14n;
  const order: BatchOrder = {
    id: `0x${String(i).padStart(64, '0')}`,
    owner: `0x${'0c'.repeat(20)}`,
    side,
    markets: ['1'],
    baseAtoms,
    limitQuoteAtoms: side === 'buy' ? (atMid * 102n) / 100n : (atMid * 98n) / 100n,
    validUntil: 2_000_000_000,
  };
  const sold = side === 'buy' ? atMid : baseAtoms - feeAtoms;
  const gets = side === 'buy' ? baseAtoms : (sold * mid.quoteAtoms) / mid.baseAtoms;
  const notional = (milliUnits / 1_000) * MID;
  const fill: BatchFill = {
    order,
    side,
    baseAtoms,
    quoteAtoms: side === 'buy' ? atMid + feeAtoms : gets,
    feeAtoms,
    shortAtoms: 0n,
    cost: 1,
    costAlone: 1 + (savingBps / 1e4) * notional,
    savingBps,
  };
  const signed = { ...orderOfFill(market, { price: mid }, fill, 2_000_000_000), kind: 'sell' as const };
  const buyAmount = signedLimit(market, fill, fill.costAlone, sold, gets);
  const signature = { scheme: 'eip712', owner: order.owner, signature: '0x' } as const;
  return { fill, order: { ...signed, sellAmount: sold, buyAmount }, signature };
}

const drawn: fc.Arbitrary<Drawn[]> = fc.array(
  fc.record({
    side: fc.constantFrom('buy' as const, 'sell' as const),
    milliUnits: fc.integer({ min: 100, max: 12_000 }),
    savingBps: fc.integer({ min: 0, max: 60 }),
  }),
  { maxLength: 12 },
);

test('one price for all, nobody gets less than it has signed, and what comes in goes out, to the atom', () => {
  fc.assert(
    fc.property(drawn, (list) => {
      const signed = list.map(signedOf);
      const { beyond, cleared, fills } = clearSigned(signed, mid, route);
      expect(fills.length + beyond.length).toBe(signed.length);
      const { baseAtoms, quoteAtoms } = cleared.price;
      let [base, quote] = [cleared.fees.baseAtoms, cleared.fees.quoteAtoms];
      for (const { fill, order } of fills) {
        const buys = fill.side === 'buy';
        const gets = buys ? fill.baseAtoms : fill.quoteAtoms;
        expect(gets).toBeGreaterThanOrEqual(order.buyAmount);
        // The contract's own arithmetic: rounded up.
        const [give, get] = buys ? [quoteAtoms, baseAtoms] : [baseAtoms, quoteAtoms];
        expect(gets).toBe((order.sellAmount * get + give - 1n) / give);
        expect(buys ? fill.quoteAtoms : fill.baseAtoms).toBe(order.sellAmount + order.feeAmount);
        base += buys ? fill.baseAtoms : -fill.baseAtoms;
        quote -= buys ? fill.quoteAtoms : -fill.quoteAtoms;
      }
      const { remainder } = cleared;
      if (remainder !== undefined) {
        const sign = remainder.side === 'buy' ? 1n : -1n;
        base -= sign * remainder.baseAtoms;
        quote += sign * remainder.quoteAtoms;
        expect(remainder.quoteAtoms).toBe(route(remainder.side, remainder.baseAtoms));
      }
      expect([base, quote]).toEqual([0n, 0n]);
      // Gas is what is left: the fees, but for rounding. One atom of a small remainder moves the price of all.
      const sum = (side: 'buy' | 'sell', part: 'feeAmount' | 'sellAmount') =>
        fills.reduce((total, { fill, order }) => (fill.side === side ? total + order[part] : total), 0n);
      const coarse = (side: 'buy' | 'sell') => 20n + (2n * sum(side, 'sellAmount')) / 1_000_000n;
      const quoteSlack = coarse('buy') + (coarse('sell') * mid.quoteAtoms) / mid.baseAtoms;
      const baseSlack = (quoteSlack * mid.baseAtoms) / mid.quoteAtoms;
      const [overQuote, overBase] = [
        cleared.fees.quoteAtoms - sum('buy', 'feeAmount'),
        cleared.fees.baseAtoms - sum('sell', 'feeAmount'),
      ];
      for (const [over, slack] of [
        [overQuote, quoteSlack],
        [overBase, baseSlack],
      ] as const) {
        expect(over).toBeGreaterThanOrEqual(-slack);
        expect(over).toBeLessThanOrEqual(slack);
      }
    }),
    { numRuns: 300 },
  );
});

test('the price moves to the side that is heavy now, and only who has not signed for that leaves', () => {
  const pair: Drawn[] = [
    { side: 'sell', milliUnits: 6_000, savingBps: 40 },
    { side: 'buy', milliUnits: 4_000, savingBps: 40 },
  ];
  const light = clearSigned(pair.map(signedOf), mid, route);
  expect(light.beyond).toEqual([]);
  expect(light.cleared.remainder).toMatchObject({ side: 'sell' });
  const price = (Number(light.cleared.price.quoteAtoms) / Number(light.cleared.price.baseAtoms)) * 1e12;
  // 5 bp and 2 bp for each of the two units that are sold, below the middle.
  expect((1 - price / MID) * 1e4).toBeCloseTo(9, 1);
  const strict = clearSigned([{ ...pair[0]!, savingBps: 2 }, pair[1]!].map(signedOf), mid, route);
  expect(strict.beyond.map(({ fill }) => fill.side)).toEqual(['sell']);
  expect(strict.fills.map(({ fill }) => fill.side)).toEqual(['buy']);
  expect(strict.cleared.remainder).toMatchObject({ side: 'buy' });
});

test('what is signed leaves nobody worse off than by its own route, nor beyond its limit', () => {
  fc.assert(
    fc.property(fc.tuple(drawn, fc.integer({ min: 1, max: 600 })), ([list, limitBps]) => {
      for (const [i, each] of list.entries()) {
        const { fill, order } = signedOf(each, i);
        const atMid = Number(each.milliUnits) * 1e-3 * MID;
        const lost =
          each.side === 'buy'
            ? Number(fill.baseAtoms - order.buyAmount) * 1e-18 * MID
            : Number(fill.quoteAtoms - order.buyAmount) * 1e-6;
        expect(lost).toBeGreaterThanOrEqual(0);
        expect(lost).toBeLessThanOrEqual((each.savingBps / 1e4) * atMid + 1e-6);
        const sign = each.side === 'buy' ? 1 : -1;
        const limitQuoteAtoms = BigInt(Math.round(atMid * 1e6 * (1 + (sign * limitBps) / 1e4)));
        const limited = { ...fill, order: { ...fill.order, limitQuoteAtoms } };
        const gets = each.side === 'buy' ? fill.baseAtoms : fill.quoteAtoms;
        const least = signedLimit(market, limited, fill.costAlone, order.sellAmount, gets);
        expect(least).toBeLessThanOrEqual(gets);
        if (least === gets) continue;
        const given = order.sellAmount + order.feeAmount;
        const [quote, base] = each.side === 'buy' ? [given, least] : [least, given];
        const excess = quote * fill.order.baseAtoms - limitQuoteAtoms * base;
        expect(BigInt(sign) * excess).toBeLessThanOrEqual(0n);
      }
    }),
    { numRuns: 200 },
  );
});
