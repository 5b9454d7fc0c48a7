import { type ConcentratedCurve, type Pool, swapExactIn, swapExactOut } from '@evenkeel/core';
import type { Read } from '../../src/uniswap/read.js';
import { type Bench, type Dice, readMany } from './bench.js';

/** One question to a quoter, and what it has to answer. */
interface Case {
  readonly side: 0 | 1;
  readonly exactIn: boolean;
  readonly amount: bigint;
  readonly expected: bigint;
}

export function curveOf(pool: Pool): ConcentratedCurve {
  if (pool.curve.kind !== 'concentrated') throw new Error(`${pool.id} is not concentrated`);
  return pool.curve;
}

/** What the whole known range takes and gives. */
export function capacity(pool: Pool, side: 0 | 1): { readonly amountIn: bigint; readonly amountOut: bigint } {
  const { amountInUsed, amountOut } = swapExactIn(pool.curve, side, 10n ** 60n);
  return { amountIn: amountInUsed, amountOut };
}

/**
 * Compares the replay of a pool with a quoter on `count` random amounts, exact-in and exact-out, both directions, up to
 * and including everything that is known of the pool.
 */
export async function compareWithQuoter(
  bench: Bench,
  pool: Pool,
  random: Dice,
  count: number,
  ask: (side: 0 | 1, exactIn: boolean, amount: bigint) => Read<bigint>,
): Promise<number> {
  const limits = ([0, 1] as const).map((side) => capacity(pool, side));
  const cases = Array.from({ length: count }, (_, index): Case => {
    const side = random.side();
    const { amountIn, amountOut } = limits[side]!;
    const exactIn = index % 2 === 0;
    const amount = index < 4 ? (exactIn ? amountIn : amountOut) : random.amount(exactIn ? amountIn : amountOut);
    const replayed = exactIn ? swapExactIn(pool.curve, side, amount) : swapExactOut(pool.curve, side, amount);
    expect(exactIn ? replayed.amountInUsed : replayed.amountOut).toBe(amount);
    return { side, exactIn, amount, expected: exactIn ? replayed.amountOut : replayed.amountInUsed };
  });
  const quoted = await readMany(
    bench.chain,
    cases.map(({ side, exactIn, amount }) => ask(side, exactIn, amount)),
  );
  cases.forEach((each, index) => expect({ ...each, expected: quoted[index] }).toEqual(each));
  return cases.length;
}

/** A range of ticks near the price, on the spacing: narrow ones, wide ones, and ones to a side. */
export function randomRange(
  curve: ConcentratedCurve,
  random: Dice,
): { readonly lower: number; readonly upper: number } {
  const spacing = curve.tickSpacing;
  const grid = (tick: number): number => Math.round(tick / spacing) * spacing;
  const lower = grid(curve.tick + random.integer(-1500, 1000));
  return { lower, upper: lower + spacing * random.integer(1, Math.ceil(1500 / spacing)) };
}
