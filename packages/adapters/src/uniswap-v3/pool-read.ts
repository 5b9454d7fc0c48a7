import { type Address, NATIVE_ADDRESS, sameAddress, type TickLiquidity } from '@evenkeel/core';
import * as v from 'valibot';
import { type Pair, pairKey } from '../uniswap/pairs.js';
import type { ConcentratedState } from '../uniswap/pool.js';
import { allOf, mapRead, type Read, structOf, viewCall } from '../uniswap/read.js';
import {
  addressOutput,
  isPrice,
  PRICE_PROBLEM,
  type PriceState,
  single,
  tickSchema,
  uintOutput,
} from '../uniswap/schemas.js';
import type { Advance, StagedRead } from '../uniswap/staged-read.js';
import { isWithin, type TickWords, wordIndexes, wordsAround } from '../uniswap/tick-words.js';
import { factoryAbi, poolAbi, tickLensAbi } from './abi.js';

/** What is remembered of a pool: its address once it exists, then also which words hold its liquidity. */
export interface PoolView {
  readonly address?: Address;
  readonly tickSpacing?: number;
  readonly words?: TickWords;
}

export interface FoundPool {
  readonly address: Address;
  readonly state: ConcentratedState;
}

type Answer =
  | { readonly stage: 'address'; readonly address: Address }
  | { readonly stage: 'spacing'; readonly price: PriceState; readonly tickSpacing: number }
  | { readonly stage: 'state'; readonly found: FoundPool };

const slot0Schema: v.GenericSchema<unknown, PriceState> = v.pipe(
  v.looseTuple([v.bigint(), v.bigint()]),
  v.transform(([sqrtPriceX96, tick]): PriceState => ({ sqrtPriceX96, tick: Number(tick) })),
  v.check(isPrice, PRICE_PROBLEM),
);

const spacingSchema: v.GenericSchema<unknown, number> = single(
  v.pipe(v.bigint(), v.minValue(1n), v.maxValue(16_384n), v.transform(Number)),
);

export function priceRead(pool: Address): Read<PriceState> {
  return viewCall(poolAbi, 'slot0', pool, [], slot0Schema);
}

/** One word of ticks; each has to lie in the word and on the spacing. TickLens answers with the highest first. */
function ticksRead(
  tickLens: Address,
  pool: Address,
  word: number,
  tickSpacing: number,
): Read<readonly TickLiquidity[]> {
  const schema: v.GenericSchema<unknown, readonly TickLiquidity[]> = v.pipe(
    single(v.array(v.tuple([tickSchema, v.bigint(), v.bigint()]))),
    v.check(
      (rows) =>
        rows.every(
          ([tick], index) =>
            tick % tickSpacing === 0 &&
            Math.floor(tick / tickSpacing / 256) === word &&
            (index === 0 || tick < rows[index - 1]![0]),
        ),
      'has ticks that do not belong there',
    ),
    v.transform((rows) => rows.map(([index, liquidityNet]) => ({ index, liquidityNet })).reverse()),
  );
  return viewCall(tickLensAbi, 'getPopulatedTicksInWord', tickLens, [pool, word], schema);
}

/**
 * A pool that is looked up in the factory until it exists and then read with all ticks within `depthTicks` of its price.
 * `undefined` stands for a pool that does not exist; it is looked for again each time, in the same request as the rest.
 * A price that moved by more than half of the depth since the words were chosen makes it read once more around there.
 */
export function stagedPool(
  {
    factory,
    tickLens,
    depthTicks,
  }: { readonly factory: Address; readonly tickLens: Address; readonly depthTicks: number },
  pair: Pair,
  feePpm: number,
): StagedRead<PoolView, Answer, FoundPool | undefined> {
  const plan = ({ address, tickSpacing, words }: PoolView): Read<Answer> => {
    if (address === undefined) {
      const args = [pair[0].address, pair[1].address, feePpm];
      return mapRead(viewCall(factoryAbi, 'getPool', factory, args, addressOutput), (found) => ({
        stage: 'address',
        address: found,
      }));
    }
    if (tickSpacing === undefined || words === undefined) {
      const both = structOf<{ price: PriceState; tickSpacing: number }>({
        price: priceRead(address),
        tickSpacing: viewCall(poolAbi, 'tickSpacing', address, [], spacingSchema),
      });
      return mapRead(both, (found) => ({ stage: 'spacing', ...found }));
    }
    const state = structOf<{ price: PriceState; liquidity: bigint; ticks: readonly (readonly TickLiquidity[])[] }>({
      price: priceRead(address),
      liquidity: viewCall(poolAbi, 'liquidity', address, [], uintOutput),
      ticks: allOf(wordIndexes(words).map((word) => ticksRead(tickLens, address, word, tickSpacing))),
    });
    return mapRead(state, ({ price, liquidity, ticks }) => ({
      stage: 'state',
      found: { address, state: { ...price, liquidity, tickSpacing, feePpm, words, ticks: ticks.flat() } },
    }));
  };

  const advance = (view: PoolView, got: Answer): Advance<PoolView, FoundPool | undefined> => {
    switch (got.stage) {
      case 'address':
        if (sameAddress(got.address, NATIVE_ADDRESS)) return { kind: 'done', value: undefined };
        return { kind: 'again', view: Object.freeze({ address: got.address }) };
      case 'spacing': {
        const words = wordsAround(got.price.tick, got.tickSpacing, depthTicks);
        return { kind: 'again', view: Object.freeze({ ...view, tickSpacing: got.tickSpacing, words }) };
      }
      case 'state': {
        const { tick, tickSpacing, words } = got.found.state;
        if (isWithin(wordsAround(tick, tickSpacing, depthTicks / 2), words)) return { kind: 'done', value: got.found };
        return {
          kind: 'again',
          view: Object.freeze({ ...view, words: wordsAround(tick, tickSpacing, depthTicks) }),
        };
      }
    }
  };
  return { key: `${pairKey(pair)}/${feePpm}`, unknown: {}, plan, advance };
}
