import fc from 'fast-check';
import type { Pool } from '../model/curve.js';
import type { Token } from '../model/token.js';
import { NoReferencePriceError, referencePrice } from './reference-price.js';

const base: Token = { chainId: 1, address: '0x1111111111111111111111111111111111111111', symbol: 'WETH', decimals: 18 };
const quote: Token = { chainId: 1, address: '0x2222222222222222222222222222222222222222', symbol: 'USDC', decimals: 6 };

function pool(id: string, baseUnits: number, quoteUnits: number, flipped = false): Pool {
  const amounts = [BigInt(Math.round(baseUnits * 1e6)) * 10n ** 12n, BigInt(Math.round(quoteUnits * 1e6))] as const;
  return {
    id,
    adapter: 'test',
    chainId: 1,
    tokens: flipped ? [quote, base] : [base, quote],
    curve: { kind: 'constant-product', reserves: flipped ? [amounts[1], amounts[0]] : amounts, feePpm: 3000 },
    gas: { base: 0n, perTick: 0n },
    asOf: { source: 'test', timeSeconds: 0 },
    payload: null,
  };
}

describe('referencePrice', () => {
  it('is the mid price whatever the order of the tokens', () => {
    expect(referencePrice([pool('a', 100, 300_000)], [base], [quote]).price).toBe('3000');
    expect(referencePrice([pool('a', 100, 300_000, true)], [base], [quote]).price).toBe('3000');
  });

  it('is not moved by a manipulated pool with less than half of the depth', () => {
    const honest = [pool('a', 100, 300_000), pool('b', 100, 300_100)];
    const drained = pool('c', 10, 500_000);
    const { price, dispersionBps } = referencePrice([...honest, drained], [base], [quote]);
    expect(Number(price)).toBeLessThan(3002);
    expect(dispersionBps).toBeGreaterThan(100_000);
  });

  it('lies between the lowest and the highest mid price and ignores the order of the pools', () => {
    const amount = fc.double({ min: 1, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(amount, amount), { minLength: 1, maxLength: 8 }), (reserves) => {
        const pools = reserves.map(([a, b], i) => pool(String(i), a, b, i % 2 === 1));
        const price = Number(referencePrice(pools, [base], [quote]).price);
        const mids = reserves.map(([a, b]) => b / a);
        expect(price).toBeGreaterThanOrEqual(Math.min(...mids) * (1 - 1e-5) - 1e-8);
        expect(price).toBeLessThanOrEqual(Math.max(...mids) * (1 + 1e-5) + 1e-8);
        expect(referencePrice([...pools].reverse(), [base], [quote]).dispersionBps).toBe(
          referencePrice(pools, [base], [quote]).dispersionBps,
        );
      }),
    );
  });

  it('says so when no pool has a price', () => {
    expect(() => referencePrice([], [base], [quote])).toThrow(NoReferencePriceError);
    expect(() => referencePrice([pool('a', 0, 0)], [base], [quote])).toThrow(NoReferencePriceError);
  });
});
