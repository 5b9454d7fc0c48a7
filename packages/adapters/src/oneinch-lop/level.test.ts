import fc from 'fast-check';
import { largestBelow, levelOf } from './level.js';
import type { LimitOrder } from './order.js';

const NOBODY = '0x0000000000000000000000000000000000000000';
const orderOf = (makingAmount: bigint, takingAmount: bigint): LimitOrder => ({
  salt: 0n,
  maker: NOBODY,
  receiver: NOBODY,
  makerAsset: NOBODY,
  takerAsset: NOBODY,
  makingAmount,
  takingAmount,
  makerTraits: 0n,
});

/** Amounts from a few atoms to more than there is of anything. */
const amount = fc.oneof(fc.bigInt(1n, 50n), fc.bigInt(1n, 10n ** 9n), fc.bigInt(1n, 10n ** 24n));

test('a level pays what the protocol pays, for every amount that it takes', () => {
  fc.assert(
    fc.property(
      amount,
      amount,
      fc.bigInt(1n, 1_000_000n),
      fc.array(fc.bigInt(0n, 10n ** 9n)),
      (making, taking, part, at) => {
        const remaining = (making * part) / 1_000_000n;
        const level = levelOf(orderOf(making, taking), remaining);
        if (level === undefined) return;
        const { amountIn, amountOut } = level;
        expect(amountOut).toBeLessThanOrEqual(remaining);
        for (const pays of [1n, amountIn - 1n, amountIn, ...at.map((each) => each % (amountIn + 1n))]) {
          expect((pays * amountOut) / amountIn).toBe((pays * making) / taking);
        }
      },
    ),
  );
});

test('at least half of what could be taken is in the level', () => {
  fc.assert(
    fc.property(amount, amount, fc.bigInt(1n, 1_000_000n), (making, taking, part) => {
      const takable = (((making * part) / 1_000_000n) * taking) / making;
      const level = levelOf(orderOf(making, taking), (making * part) / 1_000_000n);
      if (level !== undefined) expect(level.amountIn * 2n).toBeGreaterThan(takable);
    }),
  );
});

test('a fresh order is a level as it stands', () => {
  fc.assert(
    fc.property(amount, amount, (making, taking) => {
      expect(levelOf(orderOf(making, taking), making)).toEqual({ amountIn: taking, amountOut: making });
    }),
  );
});

test.each([
  // The lower convergents of pi, and one that lies between two of them.
  [314_159_265_358n, 100_000_000_000n, 1n, [3n, 1n]],
  [314_159_265_358n, 100_000_000_000n, 106n, [333n, 106n]],
  [314_159_265_358n, 100_000_000_000n, 7n, [3n, 1n]],
  [314_159_265_358n, 100_000_000_000n, 8n, [25n, 8n]],
  [1n, 3n, 2n, [0n, 1n]],
  [4n, 2n, 1n, [2n, 1n]],
] as const)('the largest fraction not above %d/%d within %d', (p, q, limit, [numerator, denominator]) => {
  expect(largestBelow(p, q, limit)).toEqual({ numerator, denominator });
});

test('agrees with a search through all denominators', () => {
  fc.assert(
    fc.property(fc.bigInt(1n, 500n), fc.bigInt(1n, 500n), fc.bigInt(1n, 60n), (p, q, limit) => {
      let best = { numerator: 0n, denominator: 1n };
      for (let denominator = 1n; denominator <= limit; denominator++) {
        const numerator = (p * denominator) / q;
        if (numerator * best.denominator > best.numerator * denominator) best = { numerator, denominator };
      }
      expect(largestBelow(p, q, limit)).toEqual(best);
    }),
  );
});
