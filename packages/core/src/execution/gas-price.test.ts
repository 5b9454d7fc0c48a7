import fc from 'fast-check';
import { gasLimitFor, openingPrice, replacementPrice } from './gas-price.js';

const wei = fc.bigInt({ min: 0n, max: 10n ** 12n });

test('the opening price outlives a doubling of the base fee', () => {
  expect(openingPrice({ baseFeeWei: 7n, priorityFeeWei: 2n })).toEqual({
    maxFeePerGasWei: 16n,
    maxPriorityFeePerGasWei: 2n,
  });
});

test('a replacement raises both parts by at least what nodes ask for, and is never below the market', () => {
  fc.assert(
    fc.property(wei, wei, wei, wei, (baseFeeWei, priorityFeeWei, marketBase, marketTip) => {
      const last = openingPrice({ baseFeeWei, priorityFeeWei });
      const market = openingPrice({ baseFeeWei: marketBase, priorityFeeWei: marketTip });
      const next = replacementPrice(last, market, 1_250, undefined)!;
      expect(next.maxFeePerGasWei * 100n).toBeGreaterThanOrEqual(last.maxFeePerGasWei * 110n);
      expect(next.maxPriorityFeePerGasWei * 100n).toBeGreaterThanOrEqual(last.maxPriorityFeePerGasWei * 110n);
      expect(next.maxFeePerGasWei).toBeGreaterThan(last.maxFeePerGasWei);
      expect(next.maxFeePerGasWei).toBeGreaterThanOrEqual(market.maxFeePerGasWei);
      expect(next.maxFeePerGasWei).toBeGreaterThanOrEqual(next.maxPriorityFeePerGasWei);
    }),
  );
});

test('a bound is a bound', () => {
  const last = { maxFeePerGasWei: 100n, maxPriorityFeePerGasWei: 10n };
  expect(replacementPrice(last, last, 1_250, 113n)).toBeUndefined();
  expect(replacementPrice(last, last, 1_250, 114n)?.maxFeePerGasWei).toBe(114n);
});

test('the gas limit covers refunds and never goes below the floor', () => {
  expect(gasLimitFor(100_000n, 6_000, 0n)).toBe(160_000n);
  expect(gasLimitFor(100_000n, 6_000, 500_000n)).toBe(500_000n);
  expect(gasLimitFor(0n, 6_000, 21_000n)).toBe(21_000n);
});
