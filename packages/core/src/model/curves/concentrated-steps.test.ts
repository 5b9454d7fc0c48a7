import fc from 'fast-check';
import type { ConcentratedCurve } from '../curve.js';
import { concentratedExactIn } from './concentrated.js';
import { prepareConcentratedExactIn } from './concentrated-steps.js';
import { sqrtRatioAtTick, tickAtSqrtRatio } from './tick-math.js';

const anyCurve = fc
  .record({
    tick: fc.integer({ min: -1500, max: 1500 }),
    within: fc.bigInt({ min: 0n, max: 999n }),
    feePpm: fc.constantFrom(0, 100, 3000, 999_999),
    positions: fc.array(
      fc.record({
        low: fc.integer({ min: -40, max: 39 }),
        width: fc.integer({ min: 1, max: 30 }),
        liquidity: fc.bigInt({ min: 1n, max: 10n ** 18n }),
      }),
      { maxLength: 5 },
    ),
  })
  .map(({ feePpm, positions, tick, within }): ConcentratedCurve => {
    const net = new Map<number, bigint>();
    for (const { liquidity, low, width } of positions) {
      const [a, b] = [low * 60, (low + width) * 60];
      net.set(a, (net.get(a) ?? 0n) + liquidity);
      net.set(b, (net.get(b) ?? 0n) - liquidity);
    }
    const ticks = [...net]
      .filter(([, liquidityNet]) => liquidityNet !== 0n)
      .sort(([a], [b]) => a - b)
      .map(([index, liquidityNet]) => ({ index, liquidityNet }));
    const low = sqrtRatioAtTick(tick);
    const sqrtPriceX96 = low + ((sqrtRatioAtTick(tick + 1) - low) * within) / 1000n;
    const liquidity = ticks.reduce((sum, { index, liquidityNet }) => (index <= tick ? sum + liquidityNet : sum), 0n);
    return {
      kind: 'concentrated',
      feePpm,
      liquidity,
      sqrtPriceX96,
      tick: tickAtSqrtRatio(sqrtPriceX96),
      tickSpacing: 60,
      ticks,
      tickRange: { low: -30_720, high: 30_660 },
    };
  });

describe('prepareConcentratedExactIn', () => {
  it('is concentratedExactIn, to the atom, in any order of amounts', () => {
    fc.assert(
      fc.property(
        anyCurve,
        fc.constantFrom(0 as const, 1 as const),
        fc.array(fc.bigInt({ min: 0n, max: 10n ** 19n }), { minLength: 1, maxLength: 6 }),
        (curve, side, amounts) => {
          const swap = prepareConcentratedExactIn(curve, side);
          for (const amount of amounts) {
            const { amountInUsed, amountOut, ticksCrossed } = concentratedExactIn(curve, side, amount);
            expect(swap(amount)).toEqual({ amountInUsed, amountOut, ticksCrossed });
          }
        },
      ),
      { numRuns: 400 },
    );
  });
});
