import { MAX_TICK, MIN_TICK, type ConcentratedCurve } from '@evenkeel/core';
import { InvalidInputError } from '@evenkeel/intents';

/** Consecutive words of a tick bitmap, ends included. A word covers 256 tick spacings. */
export interface TickWords {
  readonly low: number;
  readonly high: number;
}

const TICKS_A_WORD = 256;

/** The words that hold every tick within `depthTicks` of `tick`. */
export function wordsAround(tick: number, tickSpacing: number, depthTicks: number): TickWords {
  return Object.freeze({
    low: wordOf(Math.max(tick - depthTicks, MIN_TICK), tickSpacing),
    high: wordOf(Math.min(tick + depthTicks, MAX_TICK), tickSpacing),
  });
}

export function isWithin(inner: TickWords, outer: TickWords): boolean {
  return outer.low <= inner.low && inner.high <= outer.high;
}

export function wordIndexes({ low, high }: TickWords): readonly number[] {
  return Array.from({ length: high - low + 1 }, (_, index) => low + index);
}

/** The ticks that reading these words makes known. */
export function tickRangeOf({ low, high }: TickWords, tickSpacing: number): ConcentratedCurve['tickRange'] {
  return Object.freeze({
    low: Math.max(low * TICKS_A_WORD * tickSpacing, MIN_TICK),
    high: Math.min((high * TICKS_A_WORD + TICKS_A_WORD - 1) * tickSpacing, MAX_TICK),
  });
}

/** The initialised ticks of one word, ascending. */
export function ticksInWord(word: number, bitmap: bigint, tickSpacing: number): readonly number[] {
  const ticks: number[] = [];
  for (let bit = 0, rest = bitmap; rest !== 0n; bit++, rest >>= 1n) {
    if ((rest & 1n) === 1n) ticks.push((word * TICKS_A_WORD + bit) * tickSpacing);
  }
  return ticks;
}

function wordOf(tick: number, tickSpacing: number): number {
  return Math.floor(tick / tickSpacing / TICKS_A_WORD);
}

/** 22 % up and 18 % down. */
export const DEPTH_TICKS = 2000;
/** One word of a pool with a spacing of 1; at most 101 words of such a pool. */
const DEPTH_LIMITS = { min: 256, max: 12_800 } as const;

/** @throws {InvalidInputError} for a depth that is too shallow to be of use, or too deep to be read at once. */
export function requireDepth(depthTicks: number): number {
  const { min, max } = DEPTH_LIMITS;
  if (Number.isInteger(depthTicks) && depthTicks >= min && depthTicks <= max) return depthTicks;
  throw new InvalidInputError('depthTicks', depthTicks, 'is not a depth', `Give whole ticks from ${min} to ${max}.`);
}
