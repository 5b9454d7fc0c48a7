import fc from 'fast-check';
import { idleBand, optimalProductInput, partOfTheWay, productOutput } from './arbitrage-math.js';
import { sqrtPriceX96 } from '../build/price-math.js';

const atoms = (low: bigint, high: bigint) => fc.bigInt({ min: low, max: high });
const reserves = fc.record({
  reserveIn: atoms(10n ** 9n, 10n ** 24n),
  reserveOut: atoms(10n ** 9n, 10n ** 24n),
  feePips: fc.constantFrom(0, 500, 3_000, 10_000),
});
const worth = fc.record({ atomsIn: atoms(10n ** 3n, 10n ** 24n), atomsOut: atoms(10n ** 3n, 10n ** 24n) });

test('no other input into a constant-product pool earns more', () => {
  fc.assert(
    fc.property(reserves, worth, fc.integer({ min: 1, max: 400 }), (market, { atomsIn, atomsOut }, percent) => {
      const best = optimalProductInput(market, { atomsIn, atomsOut });
      fc.pre(best > 0n);
      /** Earnings in units of 1 / atomsIn of an atom that comes out. */
      const earned = (amountIn: bigint): bigint => productOutput(market, amountIn) * atomsIn - amountIn * atomsOut;
      const other = (best * BigInt(percent)) / 100n;
      // The best input and what comes out are both rounded down: an atom of either may be lost.
      expect(earned(best) + 2n * atomsIn + 2n * atomsOut).toBeGreaterThanOrEqual(earned(other));
    }),
  );
});

test('an input pays exactly where the pool is outside of its idle band', () => {
  fc.assert(
    fc.property(reserves, worth, (market, { atomsIn, atomsOut }) => {
      const { highX96, lowX96 } = idleBand({ atoms0: atomsIn, atoms1: atomsOut }, market.feePips);
      const root = sqrtPriceX96(market.reserveIn, market.reserveOut);
      // Away from the edge by more than rounding can move it.
      fc.pre(root > 10n ** 9n && lowX96 > 10n ** 9n);
      fc.pre((root * 10n ** 6n) / highX96 < 999_998n || (root * 10n ** 6n) / highX96 > 1_000_002n);
      expect(optimalProductInput(market, { atomsIn, atomsOut }) > 0n).toBe(root > highX96);
    }),
  );
});

test('the band is as wide as the fee to either side', () => {
  const { highX96, lowX96 } = idleBand({ atoms0: 10n ** 18n, atoms1: 3_000n * 10n ** 6n }, 3_000);
  const price = (rootX96: bigint): number => (Number(rootX96) / 2 ** 96) ** 2 * 1e12;
  expect(price(lowX96)).toBeCloseTo(3_000 * 0.997, 6);
  expect(price(highX96)).toBeCloseTo(3_000 / 0.997, 6);
});

test('a pool at the outside price takes nothing', () => {
  const market = { reserveIn: 10n ** 20n, reserveOut: 3n * 10n ** 11n, feePips: 3_000 };
  expect(optimalProductInput(market, { atomsIn: 10n ** 18n, atomsOut: 3n * 10n ** 9n })).toBeLessThanOrEqual(0n);
});

test('part of the way is that part of the gap, in logarithms of the price', () => {
  const outside = { atoms0: 10n ** 18n, atoms1: 3_000n * 10n ** 6n };
  const share = fc.double({ min: 0.01, max: 1, noNaN: true });
  const gap = fc.double({ min: -0.2, max: 0.2, noNaN: true });
  fc.assert(
    fc.property(share, gap, fc.constantFrom(0, 500, 3_000), (part, log, feePips) => {
      const band = idleBand(outside, feePips);
      const edge = log > 0 ? band.highX96 : band.lowX96;
      const root = BigInt(Math.round(Number(edge) * Math.exp(log / 2)));
      const stop = idleBand(partOfTheWay(outside, root, edge, part), feePips);
      const left = 2 * Math.log(Number(log > 0 ? stop.highX96 : stop.lowX96) / Number(edge));
      expect(left).toBeCloseTo(log * (1 - part), 8);
    }),
  );
});
