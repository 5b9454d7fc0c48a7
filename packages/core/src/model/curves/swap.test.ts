import fc from 'fast-check';
import { InvalidInputError } from '@evenkeel/intents';
import type { ConstantProductCurve, LadderCurve, LevelsCurve, StableSwapCurve } from '../curve.js';
import { midPrice } from './mid-price.js';
import { StableSwapDivergedError, stableSwapInvariant } from './stable-swap.js';
import { swapExactIn, swapExactOut } from './swap.js';

const E18 = 10n ** 18n;
const sides = fc.constantFrom<0 | 1>(0, 1);
const amounts = fc.oneof(fc.bigInt({ min: 0n, max: 1000n }), fc.bigInt({ min: 1n, max: 10n ** 24n }));

const constantProduct: fc.Arbitrary<ConstantProductCurve> = fc.record({
  kind: fc.constant('constant-product'),
  reserves: fc.tuple(fc.bigInt({ min: 1n, max: 10n ** 24n }), fc.bigInt({ min: 1n, max: 10n ** 24n })),
  feePpm: fc.constantFrom(0, 2500, 3000, 10_000),
});
const stableSwap: fc.Arbitrary<StableSwapCurve> = fc
  .record({
    kind: fc.constant('stable-swap'),
    balances: fc.tuple(
      fc.bigInt({ min: 10n ** 23n, max: 10n ** 25n }),
      fc.bigInt({ min: 10n ** 23n, max: 10n ** 25n }),
    ),
    rates: fc.tuple(fc.constantFrom(E18, 10n ** 30n), fc.constantFrom(E18, 10n ** 30n)),
    amplification: fc.integer({ min: 50, max: 2000 }).map((a) => BigInt(a) * 100n),
    feePpm: fc.constantFrom(0, 100, 400),
  })
  .map((curve) => curve as StableSwapCurve);
const level = fc.record({
  amountIn: fc.bigInt({ min: 1n, max: 10n ** 22n }),
  amountOut: fc.bigInt({ min: 1n, max: 10n ** 22n }),
});
/** Best first, as a book is. */
const levels: fc.Arbitrary<LevelsCurve> = fc.array(level, { maxLength: 6 }).map((all) => ({
  kind: 'levels',
  tokenInIndex: 0,
  levels: all.sort((a, b) => Number(b.amountOut) / Number(b.amountIn) - Number(a.amountOut) / Number(a.amountIn)),
}));
const ladder: fc.Arbitrary<LadderCurve> = levels.map(({ levels: all }) => {
  let [amountIn, amountOut] = [0n, 0n];
  const points = all.map((each) => ({
    amountIn: (amountIn += each.amountIn),
    amountOut: (amountOut += each.amountOut),
  }));
  return { kind: 'ladder', tokenInIndex: 0, points };
});
/** Of 18 decimals, so that the amounts below are at most ten times what the pool holds. */
const evenStableSwap = stableSwap.map((curve): StableSwapCurve => ({ ...curve, rates: [E18, E18] }));
const curves = fc.oneof(constantProduct, evenStableSwap, levels, ladder);

describe('every curve', () => {
  test('more in never gives less out', () => {
    fc.assert(
      fc.property(curves, sides, amounts, amounts, (curve, side, amount, more) => {
        const less = swapExactIn(curve, side, amount);
        const greater = swapExactIn(curve, side, amount + more);
        // Newton's iteration of the stable-swap contracts may end one normalised atom apart.
        const slack = curve.kind === 'stable-swap' ? 2n : 0n;
        expect(greater.amountOut + slack >= less.amountOut).toBe(true);
        expect(less.amountInUsed <= amount).toBe(true);
      }),
    );
  });

  test('never pays more than there is', () => {
    fc.assert(
      fc.property(curves, sides, amounts, (curve, side, amount) => {
        const out = side === 0 ? 1 : 0;
        const { amountOut } = swapExactIn(curve, side, amount);
        switch (curve.kind) {
          case 'constant-product':
            expect(amountOut < curve.reserves[out]).toBe(true);
            break;
          case 'stable-swap':
            expect((amountOut * curve.rates[out]) / E18 < curve.balances[out]).toBe(true);
            break;
          case 'levels':
            expect(amountOut <= curve.levels.reduce((sum, each) => sum + each.amountOut, 0n)).toBe(true);
            break;
          case 'ladder':
            expect(amountOut <= (curve.points.at(-1)?.amountOut ?? 0n)).toBe(true);
        }
      }),
    );
  });

  test('split in two gives at most the whole, but for rounding', () => {
    fc.assert(
      fc.property(curves, sides, amounts, amounts, (curve, side, first, second) => {
        const whole = swapExactIn(curve, side, first + second);
        const one = swapExactIn(curve, side, first);
        const two = swapExactIn(one.after, side, second);
        const slack = curve.kind === 'stable-swap' ? 2n : 0n;
        expect(one.amountOut + two.amountOut <= whole.amountOut + slack).toBe(true);
      }),
    );
  });

  test('exact-out: its cost, spent exactly, buys the amount', () => {
    fc.assert(
      fc.property(curves, sides, amounts, (curve, side, wanted) => {
        const bought = swapExactOut(curve, side, wanted);
        expect(bought.amountOut <= wanted).toBe(true);
        expect(swapExactIn(curve, side, bought.amountInUsed).amountOut >= bought.amountOut).toBe(true);
      }),
    );
  });

  test('results are frozen, inputs are not touched', () => {
    const text = (value: unknown): string =>
      JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? `${item}n` : item));
    fc.assert(
      fc.property(curves, sides, amounts, (curve, side, amount) => {
        const before = text(curve);
        for (const result of [swapExactIn(curve, side, amount), swapExactOut(curve, side, amount)]) {
          expect(Object.isFrozen(result)).toBe(true);
        }
        expect(text(curve)).toBe(before);
      }),
    );
  });

  test('a negative amount is refused', () => {
    const curve: ConstantProductCurve = { kind: 'constant-product', reserves: [1n, 1n], feePpm: 0 };
    expect(() => swapExactIn(curve, 0, -1n)).toThrow(InvalidInputError);
    expect(() => swapExactOut(curve, 0, -1n)).toThrow(InvalidInputError);
  });
});

describe('constant product', () => {
  const curve: ConstantProductCurve = { kind: 'constant-product', reserves: [5n * E18, 10n * E18], feePpm: 3000 };

  // Values published with the tests of @uniswap/v2-core (UniswapV2Pair.spec.ts).
  test.each([
    [1n, 5n, 10n, 1662497915624478906n],
    [1n, 10n, 5n, 453305446940074565n],
    [2n, 5n, 10n, 2851015155847869602n],
    [2n, 10n, 5n, 831248957812239453n],
    [1n, 10n, 10n, 906610893880149131n],
    [1n, 100n, 100n, 987158034397061298n],
    [1n, 1000n, 1000n, 996006981039903216n],
  ])('%i in, reserves %i and %i', (amount, reserve0, reserve1, expected) => {
    const pool: ConstantProductCurve = { ...curve, reserves: [reserve0 * E18, reserve1 * E18] };
    expect(swapExactIn(pool, 0, amount * E18).amountOut).toBe(expected);
  });

  test('the product never falls', () => {
    fc.assert(
      fc.property(constantProduct, sides, amounts, (pool, side, amount) => {
        const after = swapExactIn(pool, side, amount).after as ConstantProductCurve;
        expect(after.reserves[0] * after.reserves[1] >= pool.reserves[0] * pool.reserves[1]).toBe(true);
      }),
    );
  });

  test('asked for everything, answers with all but one atom', () => {
    expect(swapExactOut(curve, 0, 10n * E18).amountOut).toBe(10n * E18 - 1n);
  });

  test('an empty pool gives nothing', () => {
    const empty: ConstantProductCurve = { ...curve, reserves: [0n, 0n] };
    expect(swapExactIn(empty, 0, 5n)).toMatchObject({ amountInUsed: 0n, amountOut: 0n });
    expect(swapExactOut(empty, 0, 5n)).toMatchObject({ amountInUsed: 0n, amountOut: 0n });
  });
});

describe('stable swap', () => {
  const balanced: StableSwapCurve = {
    kind: 'stable-swap',
    balances: [1_000_000n * E18, 1_000_000n * E18],
    rates: [E18, 10n ** 30n],
    amplification: 200_00n,
    feePpm: 400,
  };

  test('a balanced pool has D = Σx and pays one for one less the fee', () => {
    expect(stableSwapInvariant(balanced)).toBe(2_000_000n * E18);
    const { amountOut } = swapExactIn(balanced, 0, 100n * E18);
    expect(amountOut).toBeGreaterThan(99_959_000n);
    expect(amountOut).toBeLessThan(99_960_001n);
  });

  test('satisfies its invariant: A·n^n·Σx + D = A·D·n^n + D³/4xy', () => {
    fc.assert(
      fc.property(stableSwap, (curve) => {
        const d = Number(stableSwapInvariant(curve));
        const [x, y] = curve.balances.map(Number) as [number, number];
        const ann = (2 * Number(curve.amplification)) / 100;
        const left = ann * (x + y) + d;
        expect(Math.abs(left / (ann * d + d ** 3 / (4 * x * y)) - 1)).toBeLessThan(1e-12);
      }),
    );
  });

  test('exact-out is the least input that pays', () => {
    fc.assert(
      fc.property(stableSwap, sides, fc.bigInt({ min: 1n, max: 10n ** 20n }), (curve, side, wanted) => {
        const { amountInUsed, amountOut } = swapExactOut(curve, side, wanted);
        if (amountOut === 0n) return;
        expect(swapExactIn(curve, side, amountInUsed - 1n).amountOut < wanted).toBe(true);
      }),
    );
  });

  test('says so when Newton does not settle', () => {
    const broken: StableSwapCurve = {
      ...balanced,
      balances: [5103863453110086109847363n, 1000000000000000000008n],
      amplification: 200n,
    };
    expect(() => swapExactIn(broken, 0, E18)).toThrow(StableSwapDivergedError);
  });
});

describe('levels', () => {
  const book: LevelsCurve = {
    kind: 'levels',
    tokenInIndex: 1,
    levels: [
      { amountIn: 100n, amountOut: 50n },
      { amountIn: 100n, amountOut: 40n },
    ],
  };

  test('takes the best level first and the next in part', () => {
    expect(swapExactIn(book, 1, 151n)).toEqual({
      amountInUsed: 151n,
      amountOut: 70n,
      ticksCrossed: 1,
      after: { ...book, levels: [{ amountIn: 49n, amountOut: 20n }] },
    });
    expect(swapExactOut(book, 1, 70n).amountInUsed).toBe(150n);
  });

  test('ends with the book, and serves one direction only', () => {
    expect(swapExactIn(book, 1, 1000n)).toMatchObject({ amountInUsed: 200n, amountOut: 90n, ticksCrossed: 2 });
    expect(swapExactIn(book, 0, 1000n)).toMatchObject({ amountInUsed: 0n, amountOut: 0n });
    expect(swapExactOut(book, 0, 1000n)).toMatchObject({ amountInUsed: 0n, amountOut: 0n });
  });
});

describe('ladder', () => {
  const sampled: LadderCurve = {
    kind: 'ladder',
    tokenInIndex: 0,
    points: [
      { amountIn: 100n, amountOut: 50n },
      { amountIn: 200n, amountOut: 90n },
    ],
  };

  test('meets its samples and lies on the line between them', () => {
    expect(swapExactIn(sampled, 0, 100n).amountOut).toBe(50n);
    expect(swapExactIn(sampled, 0, 150n).amountOut).toBe(70n);
    expect(swapExactIn(sampled, 0, 200n).amountOut).toBe(90n);
    expect(swapExactIn(sampled, 0, 150n).after).toEqual({ ...sampled, points: [{ amountIn: 50n, amountOut: 20n }] });
  });

  test('trusts nothing behind a sample that does not ascend', () => {
    const points = [...sampled.points, { amountIn: 300n, amountOut: 80n }, { amountIn: 400n, amountOut: 200n }];
    expect(swapExactIn({ ...sampled, points }, 0, 400n)).toMatchObject({ amountInUsed: 200n, amountOut: 90n });
  });
});

describe('midPrice', () => {
  test('constant product', () => {
    expect(
      midPrice({ kind: 'constant-product', reserves: [2_000_000n * 10n ** 6n, 1000n * E18], feePpm: 3000 }, [6, 18]),
    ).toBe('0.0005');
  });

  test('concentrated', () => {
    const curve = {
      kind: 'concentrated',
      sqrtPriceX96: 3n << 96n,
      tick: 21972,
      liquidity: 1n,
      tickSpacing: 1,
      feePpm: 0,
      ticks: [],
      tickRange: { low: 0, high: 0 },
    } as const;
    expect(midPrice(curve, [18, 18])).toBe('9');
    expect(midPrice(curve, [18, 6])).toBe('9000000000000');
  });

  test('stable swap: the slope of a small swap without a fee', () => {
    fc.assert(
      fc.property(stableSwap, (curve) => {
        const free: StableSwapCurve = { ...curve, feePpm: 0, rates: [E18, E18] };
        const paid = Number(swapExactIn(free, 0, 10n ** 16n).amountOut) / 1e16;
        expect(Math.abs(Number(midPrice(free, [18, 18])) / paid - 1)).toBeLessThan(1e-4);
      }),
    );
  });

  test('one-sided curves: the best offer', () => {
    const offer = { amountIn: 100n, amountOut: 50n };
    expect(midPrice({ kind: 'levels', tokenInIndex: 0, levels: [offer] }, [0, 0])).toBe('0.5');
    expect(midPrice({ kind: 'ladder', tokenInIndex: 1, points: [offer] }, [0, 0])).toBe('2');
  });

  test('an empty curve has no price', () => {
    expect(() => midPrice({ kind: 'levels', tokenInIndex: 0, levels: [] }, [0, 0])).toThrow(InvalidInputError);
    expect(() => midPrice({ kind: 'constant-product', reserves: [0n, 0n], feePpm: 0 }, [0, 0])).toThrow(
      InvalidInputError,
    );
  });
});
