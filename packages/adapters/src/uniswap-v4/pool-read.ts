import type { Address, Hex, TickLiquidity } from '@evenkeel/core';
import * as v from 'valibot';
import type { ConcentratedState } from '../uniswap/pool.js';
import { allOf, mapRead, type Read, structOf, viewCall } from '../uniswap/read.js';
import { isPrice, PRICE_PROBLEM, type PriceState, uintOutput } from '../uniswap/schemas.js';
import type { Advance, StagedRead } from '../uniswap/staged-read.js';
import { isWithin, ticksInWord, type TickWords, wordIndexes, wordsAround } from '../uniswap/tick-words.js';
import { stateViewAbi } from './abi.js';

/** What is remembered of a pool: which words hold its liquidity, and which of their ticks are initialised. */
export interface PoolView {
  readonly words?: TickWords;
  /** Ascending. */
  readonly ticks: readonly number[];
}

/** Price and the fees of both directions, protocol share included. */
interface Slot0 extends PriceState {
  readonly feePpm: number;
  readonly feePpmToken1In: number;
}

interface Answer {
  readonly slot0: Slot0;
  /** Missing while it is not known where to look. */
  readonly depth?: {
    readonly liquidity: bigint;
    readonly initialized: readonly number[];
    readonly nets: readonly bigint[];
  };
}

const PPM = 1_000_000;
/** The two protocol fees share 24 bits; that of token 0 in is the lower half (ProtocolFeeLibrary of v4-core). */
const PROTOCOL_FEE_BITS = 12n;
const PROTOCOL_FEE_MASK = 0xfffn;

const slot0Schema: v.GenericSchema<unknown, Slot0> = v.pipe(
  v.tuple([v.bigint(), v.bigint(), v.bigint(), v.pipe(v.bigint(), v.maxValue(BigInt(PPM)))]),
  v.transform(([sqrtPriceX96, tick, protocolFees, lpFee]): Slot0 => ({
    sqrtPriceX96,
    tick: Number(tick),
    feePpm: swapFee(protocolFees & PROTOCOL_FEE_MASK, lpFee),
    feePpmToken1In: swapFee(protocolFees >> PROTOCOL_FEE_BITS, lpFee),
  })),
  v.check((slot0) => isPrice(slot0), PRICE_PROBLEM),
);

const netSchema: v.GenericSchema<unknown, bigint> = v.pipe(
  v.tuple([v.bigint(), v.bigint()]),
  v.transform(([, net]) => net),
);

/** The protocol takes its share first, the liquidity providers theirs of the rest. */
function swapFee(protocolFee: bigint, lpFee: bigint): number {
  return Number(protocolFee + lpFee - (protocolFee * lpFee) / BigInt(PPM));
}

/**
 * A pool with all ticks within `depthTicks` of its price; `undefined` while it has no price. What is remembered makes one
 * request enough, until liquidity appears at a tick that had none or the price moves by more than half of the depth.
 */
export function stagedPool(
  stateView: Address,
  depthTicks: number,
  poolId: Hex,
  tickSpacing: number,
): StagedRead<PoolView, Answer, ConcentratedState | undefined> {
  const slot0 = viewCall(stateViewAbi, 'getSlot0', stateView, [poolId], slot0Schema);
  const plan = ({ words, ticks }: PoolView): Read<Answer> => {
    if (words === undefined) return mapRead(slot0, (found) => ({ slot0: found }));
    const indexes = wordIndexes(words);
    const read = structOf<{ slot0: Slot0; liquidity: bigint; bitmaps: readonly bigint[]; nets: readonly bigint[] }>({
      slot0,
      liquidity: viewCall(stateViewAbi, 'getLiquidity', stateView, [poolId], uintOutput),
      bitmaps: allOf(
        indexes.map((word) => viewCall(stateViewAbi, 'getTickBitmap', stateView, [poolId, word], uintOutput)),
      ),
      nets: allOf(
        ticks.map((tick) => viewCall(stateViewAbi, 'getTickLiquidity', stateView, [poolId, tick], netSchema)),
      ),
    });
    return mapRead(read, ({ bitmaps, liquidity, nets, ...rest }) => ({
      slot0: rest.slot0,
      depth: {
        liquidity,
        nets,
        initialized: indexes.flatMap((word, index) => ticksInWord(word, bitmaps[index]!, tickSpacing)),
      },
    }));
  };

  const advance = (
    { words, ticks }: PoolView,
    { depth, slot0: price }: Answer,
  ): Advance<PoolView, ConcentratedState | undefined> => {
    if (price.sqrtPriceX96 === 0n) return { kind: 'done', value: undefined };
    const around = (distance: number): TickWords => wordsAround(price.tick, tickSpacing, distance);
    if (words === undefined || depth === undefined) {
      return { kind: 'again', view: Object.freeze({ words: around(depthTicks), ticks: [] }) };
    }
    if (!isWithin(around(depthTicks / 2), words)) {
      return { kind: 'again', view: Object.freeze({ words: around(depthTicks), ticks: depth.initialized }) };
    }
    const nets = new Map(ticks.map((tick, index) => [tick, depth.nets[index]!]));
    if (!depth.initialized.every((tick) => nets.has(tick))) {
      return { kind: 'again', view: Object.freeze({ words, ticks: depth.initialized }) };
    }
    const known: readonly TickLiquidity[] = depth.initialized.map((index) => ({
      index,
      liquidityNet: nets.get(index)!,
    }));
    return { kind: 'done', value: stateOf(price, depth.liquidity, tickSpacing, words, known) };
  };
  return { key: poolId, unknown: Object.freeze({ ticks: [] }), plan, advance };
}

function stateOf(
  { feePpm, feePpmToken1In, sqrtPriceX96, tick }: Slot0,
  liquidity: bigint,
  tickSpacing: number,
  words: TickWords,
  ticks: readonly TickLiquidity[],
): ConcentratedState {
  const state = { sqrtPriceX96, tick, liquidity, tickSpacing, feePpm, words, ticks };
  return feePpm === feePpmToken1In ? state : { ...state, feePpmToken1In };
}

/** A pool's price alone. */
export function priceRead(stateView: Address, id: Hex): Read<PriceState> {
  return viewCall(stateViewAbi, 'getSlot0', stateView, [id], slot0Schema);
}
