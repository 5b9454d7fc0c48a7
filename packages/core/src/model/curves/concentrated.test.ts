import fc from 'fast-check';
import type { ConcentratedCurve } from '../curve.js';
import { computeSwapStep, concentratedExactIn, CurveInconsistentError } from './concentrated.js';
import { amount0Delta, amount1Delta } from './sqrt-price-math.js';
import { swapExactIn, swapExactOut } from './swap.js';
import { MAX_TICK, MIN_TICK, sqrtRatioAtTick, tickAtSqrtRatio } from './tick-math.js';

const Q96 = 1n << 96n;
const E18 = 10n ** 18n;

/** A pool from positions, as minting them would leave it. */
export function poolOf(
  tick: number,
  positions: readonly { low: number; high: number; liquidity: bigint }[],
  rest: Partial<ConcentratedCurve> = {},
): ConcentratedCurve {
  const net = new Map<number, bigint>();
  let liquidity = 0n;
  for (const position of positions) {
    net.set(position.low, (net.get(position.low) ?? 0n) + position.liquidity);
    net.set(position.high, (net.get(position.high) ?? 0n) - position.liquidity);
    if (position.low <= tick && tick < position.high) liquidity += position.liquidity;
  }
  return Object.freeze({
    kind: 'concentrated',
    sqrtPriceX96: sqrtRatioAtTick(tick),
    tick,
    liquidity,
    tickSpacing: 10,
    feePpm: 500,
    ticks: [...net].sort(([a], [b]) => a - b).map(([index, liquidityNet]) => ({ index, liquidityNet })),
    tickRange: { low: MIN_TICK, high: MAX_TICK },
    ...rest,
  });
}

const positions = fc.array(
  fc.record({
    low: fc.integer({ min: -300, max: 299 }).map((n) => n * 10),
    width: fc.integer({ min: 1, max: 300 }).map((n) => n * 10),
    liquidity: fc.bigInt({ min: 10n ** 6n, max: 10n ** 21n }),
  }),
  { minLength: 1, maxLength: 8 },
);
const pools = fc
  .tuple(positions, fc.integer({ min: -2500, max: 2500 }), fc.constantFrom(0, 100, 500, 3000, 10000))
  .map(([all, tick, feePpm]) =>
    poolOf(
      tick,
      all.map(({ low, width, liquidity }) => ({ low, high: low + width, liquidity })),
      { feePpm },
    ),
  );
const sides = fc.constantFrom<0 | 1>(0, 1);
const amounts = fc.oneof(fc.bigInt({ min: 0n, max: 1000n }), fc.bigInt({ min: 1n, max: 10n ** 21n }));

/** All of each token that the pool's liquidity can pay out. */
function reserves(curve: ConcentratedCurve): [bigint, bigint] {
  let active = 0n;
  let total0 = 0n;
  let total1 = 0n;
  curve.ticks.forEach(({ index, liquidityNet }, i) => {
    active += liquidityNet;
    const next = curve.ticks[i + 1];
    if (next === undefined) return;
    const [low, high] = [sqrtRatioAtTick(index), sqrtRatioAtTick(next.index)];
    const at = curve.sqrtPriceX96 < low ? low : curve.sqrtPriceX96 > high ? high : curve.sqrtPriceX96;
    total0 += amount0Delta(at, high, active, false);
    total1 += amount1Delta(low, at, active, false);
  });
  return [total0, total1];
}

describe('computeSwapStep', () => {
  // Values published with the tests of @uniswap/v3-core (SwapMath.spec.ts).
  const sqrtRatio = (a: bigint, b: bigint): bigint => integerSqrt((a << 192n) / b);
  const step = (target: bigint, amount: bigint, exactIn: boolean) =>
    computeSwapStep(Q96, target, 2n * E18, amount, 600n, exactIn);

  test('exact-in, capped at the target', () => {
    expect(step(sqrtRatio(101n, 100n), E18, true)).toEqual({
      sqrtPriceX96: sqrtRatio(101n, 100n),
      amountIn: 9975124224178055n,
      fee: 5988667735148n,
      amountOut: 9925619580021728n,
    });
  });

  test('exact-out, capped at the target', () => {
    expect(step(sqrtRatio(101n, 100n), E18, false)).toEqual({
      sqrtPriceX96: sqrtRatio(101n, 100n),
      amountIn: 9975124224178055n,
      fee: 5988667735148n,
      amountOut: 9925619580021728n,
    });
  });

  test('exact-in, fully spent', () => {
    const { amountIn, fee, amountOut } = step(sqrtRatio(1000n, 100n), E18, true);
    expect([amountIn, fee, amountOut]).toEqual([999400000000000000n, 600000000000000n, 666399946655997866n]);
  });

  test('exact-out, fully received', () => {
    const { amountIn, fee, amountOut } = step(sqrtRatio(10000n, 100n), E18, false);
    expect([amountIn, fee, amountOut]).toEqual([2000000000000000000n, 1200720432259356n, E18]);
  });
});

function integerSqrt(value: bigint): bigint {
  let low = 0n;
  let high = 1n << 160n;
  while (high - low > 1n) {
    const middle = (low + high) / 2n;
    if (middle * middle <= value) low = middle;
    else high = middle;
  }
  return low;
}

describe('replay', () => {
  test('exact-in spends everything or stops at an end, and never pays more than the pool has', () => {
    fc.assert(
      fc.property(pools, sides, amounts, (curve, side, amount) => {
        const result = swapExactIn(curve, side, amount);
        expect(result.amountInUsed <= amount).toBe(true);
        expect(result.amountOut <= reserves(curve)[side === 0 ? 1 : 0]).toBe(true);
        if (result.amountInUsed < amount) {
          const { after } = result as { after: ConcentratedCurve };
          expect(after.liquidity).toBe(0n);
        }
      }),
    );
  });

  test('more in never gives less out', () => {
    fc.assert(
      fc.property(pools, sides, amounts, amounts, (curve, side, amount, more) => {
        const less = swapExactIn(curve, side, amount).amountOut;
        expect(swapExactIn(curve, side, amount + more).amountOut >= less).toBe(true);
      }),
    );
  });

  test('two swaps one after another give at most one whole swap, and one atom per step of rounding less at most', () => {
    fc.assert(
      fc.property(pools, sides, amounts, amounts, (curve, side, first, second) => {
        const whole = swapExactIn(curve, side, first + second);
        const one = swapExactIn(curve, side, first);
        const two = swapExactIn(one.after, side, second);
        // A step that is cut in two rounds twice; the fee rounds up once more, and so may spend up to two atoms less.
        expect(one.amountOut + two.amountOut <= whole.amountOut + 2n).toBe(true);
      }),
    );
  });

  test('there and back again never gains', () => {
    fc.assert(
      fc.property(pools, sides, amounts, (curve, side, amount) => {
        const there = swapExactIn(curve, side, amount);
        const back = swapExactIn(there.after, side === 0 ? 1 : 0, there.amountOut);
        expect(back.amountOut <= there.amountInUsed).toBe(true);
      }),
    );
  });

  test('exact-out costs what an exact-in of that cost would pay for', () => {
    fc.assert(
      fc.property(pools, sides, amounts, (curve, side, amount) => {
        const bought = swapExactOut(curve, side, amount);
        expect(bought.amountOut <= amount).toBe(true);
        expect(swapExactIn(curve, side, bought.amountInUsed).amountOut >= bought.amountOut).toBe(true);
      }),
    );
  });

  test('the state after it is consistent and the input untouched', () => {
    fc.assert(
      fc.property(pools, sides, amounts, (curve, side, amount) => {
        const before = JSON.stringify(curve, bigintAsText);
        const result = concentratedExactIn(curve, side, amount);
        expect(JSON.stringify(curve, bigintAsText)).toBe(before);
        expect(Object.isFrozen(result) && Object.isFrozen(result.after)).toBe(true);
        const { sqrtPriceX96, tick, liquidity } = result.after;
        const active = curve.ticks.reduce((sum, each) => (each.index <= tick ? sum + each.liquidityNet : sum), 0n);
        expect(liquidity).toBe(active);
        const found = tickAtSqrtRatio(sqrtPriceX96);
        // Exactly on a tick that was crossed downwards, the pool counts itself one tick lower.
        expect(tick === found || (tick === found - 1 && sqrtRatioAtTick(found) === sqrtPriceX96)).toBe(true);
      }),
    );
  });
});

describe('the ends of what is known', () => {
  const curve = poolOf(5, [{ low: MIN_TICK + 2, high: MAX_TICK - 2, liquidity: E18 }], {
    tickRange: { low: -2560, high: 2550 },
  });

  test.each([
    [0, sqrtRatioAtTick(-2560)],
    [1, sqrtRatioAtTick(2550)],
  ] as const)('token %i in stops at the end of the range with the rest unfilled', (side, sqrtEnd) => {
    const result = concentratedExactIn(curve, side, 10n ** 30n);
    expect(result.after.sqrtPriceX96).toBe(sqrtEnd);
    expect(result.amountInUsed).toBeLessThan(10n ** 30n);
    expect(concentratedExactIn(curve, side, result.amountInUsed)).toEqual(result);
    expect(concentratedExactIn(result.after, side, E18).amountInUsed).toBe(0n);
  });

  test('a swap back from the end works', () => {
    const down = concentratedExactIn(curve, 0, 10n ** 30n);
    expect(concentratedExactIn(down.after, 1, E18 / 100n).amountInUsed).toBe(E18 / 100n);
    const up = concentratedExactIn(curve, 1, 10n ** 30n);
    expect(concentratedExactIn(up.after, 0, E18 / 100n).amountInUsed).toBe(E18 / 100n);
  });

  test('a price outside of what was read is not swapped at all', () => {
    for (const tick of [-6000, 6000]) {
      const lost = { ...curve, tick, sqrtPriceX96: sqrtRatioAtTick(tick) };
      expect(swapExactIn(lost, 0, E18).amountInUsed + swapExactIn(lost, 1, E18).amountInUsed).toBe(0n);
    }
  });

  test('a curve that contradicts itself is refused, and does not hang', () => {
    const wrongTick = { ...curve, tick: 3000, tickRange: { low: -5120, high: 5110 } };
    const unsorted = {
      ...curve,
      ticks: [
        { index: 200, liquidityNet: 1n },
        { index: -200, liquidityNet: 1n },
      ],
    };
    const negative = { ...curve, ticks: [{ index: 100, liquidityNet: -2n * E18 }] };
    expect(() => swapExactIn(wrongTick, 0, E18)).toThrow(CurveInconsistentError);
    expect(() => swapExactIn({ ...curve, tick: -1000 }, 1, E18)).toThrow(CurveInconsistentError);
    expect(() => swapExactIn(negative, 1, E18)).toThrow(CurveInconsistentError);
    for (const side of [0, 1] as const) {
      expect(() => {
        swapExactIn(unsorted, side, 10n ** 30n);
        swapExactIn({ ...unsorted, tick: 250, sqrtPriceX96: sqrtRatioAtTick(250) }, side, 10n ** 30n);
        swapExactIn({ ...unsorted, tick: -250, sqrtPriceX96: sqrtRatioAtTick(-250) }, side, 10n ** 30n);
      }).toThrow(CurveInconsistentError);
    }
  });

  test('the ends of the whole price range are exclusive', () => {
    const wide = poolOf(0, [{ low: MIN_TICK + 2, high: MAX_TICK - 2, liquidity: 1000n }]);
    const down = concentratedExactIn(wide, 0, 1n << 200n);
    expect(down.after.sqrtPriceX96).toBe(4295128740n);
    const up = concentratedExactIn(wide, 1, 1n << 200n);
    expect(up.after.sqrtPriceX96).toBe(1461446703485210103287273052203988822378723970341n);
  });

  test('a pool that keeps the whole input gives nothing', () => {
    expect(swapExactIn({ ...curve, feePpm: 1_000_000 }, 0, E18)).toMatchObject({ amountInUsed: 0n, amountOut: 0n });
  });

  test('each direction has its fee', () => {
    const lopsided = { ...curve, feePpmToken1In: 100_000 };
    expect(swapExactIn(lopsided, 0, 10n ** 12n)).toMatchObject({
      amountOut: swapExactIn(curve, 0, 10n ** 12n).amountOut,
    });
    const ratio =
      Number(swapExactIn(lopsided, 1, 10n ** 12n).amountOut) / Number(swapExactIn(curve, 1, 10n ** 12n).amountOut);
    expect(ratio).toBeCloseTo(0.9 / 0.9995, 5);
  });

  test('counts the ticks that it crosses', () => {
    const three = poolOf(
      0,
      [
        { low: -100, high: 100, liquidity: E18 },
        { low: -200, high: 200, liquidity: E18 },
        { low: -300, high: 300, liquidity: E18 },
      ],
      { tickRange: { low: -2560, high: 2550 } },
    );
    expect(concentratedExactIn(three, 0, 10n ** 30n).ticksCrossed).toBe(3);
    expect(concentratedExactIn(three, 1, 10n ** 10n).ticksCrossed).toBe(0);
  });
});

function bigintAsText(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}n` : value;
}
