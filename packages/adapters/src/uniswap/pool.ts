import { type AsOf, type ConcentratedCurve, type ReadBatch, type TickLiquidity } from '@evenkeel/core';
import type { PriceState } from './schemas.js';
import { type TickWords, tickRangeOf } from './tick-words.js';

/** Where and when a pool was read. */
export function asOfBlock(source: string, chainId: number, block: ReadBatch['block']): AsOf {
  return { source, timeSeconds: block.timeSeconds, chainId, blockNumber: block.number };
}

/** All that was read of a concentrated-liquidity pool. */
export interface ConcentratedState extends PriceState {
  readonly liquidity: bigint;
  readonly tickSpacing: number;
  readonly feePpm: number;
  readonly feePpmToken1In?: number;
  readonly words: TickWords;
  /** Ascending. */
  readonly ticks: readonly TickLiquidity[];
}

/** The curve of a pool, or `undefined` when it has no price yet or no liquidity anywhere near. */
export function concentratedCurve(state: ConcentratedState): ConcentratedCurve | undefined {
  const { words, sqrtPriceX96, liquidity, ticks, ...rest } = state;
  if (sqrtPriceX96 === 0n || (liquidity === 0n && ticks.length === 0)) return undefined;
  const tickRange = tickRangeOf(words, state.tickSpacing);
  return { kind: 'concentrated', sqrtPriceX96, liquidity, ticks, tickRange, ...rest };
}
