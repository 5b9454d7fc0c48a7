import { type Address, NATIVE_ADDRESS, sameAddress } from '@evenkeel/core';
import * as v from 'valibot';
import { type Pair, pairKey } from '../uniswap/pairs.js';
import { type Read, viewCall } from '../uniswap/read.js';
import { addressOutput } from '../uniswap/schemas.js';
import type { Advance, StagedRead } from '../uniswap/staged-read.js';
import { factoryAbi, pairAbi } from './abi.js';

/** What is remembered of a pair: its address, once it exists. */
export interface PairView {
  readonly address?: Address;
}

export type Reserves = readonly [bigint, bigint];

const reservesSchema: v.GenericSchema<unknown, Reserves> = v.pipe(
  v.tuple([v.bigint(), v.bigint(), v.bigint()]),
  v.transform(([reserve0, reserve1]): Reserves => [reserve0, reserve1]),
);

export function reservesRead(pair: Address): Read<Reserves> {
  return viewCall(pairAbi, 'getReserves', pair, [], reservesSchema);
}

/**
 * A pair that is looked up in the factory until it exists, and then read with `readPair`. `undefined` stands for a pair
 * that does not exist; it is looked for again each time, in the same request as everything else.
 */
export function stagedPair<T>(
  factory: Address,
  pair: Pair,
  readPair: (address: Address) => Read<T>,
): StagedRead<PairView, Address | { readonly address: Address; readonly state: T }, FoundPair<T> | undefined> {
  const lookUp = viewCall(factoryAbi, 'getPair', factory, [pair[0].address, pair[1].address], addressOutput);
  return {
    key: pairKey(pair),
    unknown: {},
    plan: ({ address }) => {
      if (address === undefined) return lookUp;
      const read = readPair(address);
      return { calls: read.calls, decode: (results, id) => ({ address, state: read.decode(results, id) }) };
    },
    advance: (_, answer): Advance<PairView, FoundPair<T> | undefined> => {
      if (typeof answer !== 'string') return { kind: 'done', value: { pair, ...answer } };
      if (sameAddress(answer, NATIVE_ADDRESS)) return { kind: 'done', value: undefined };
      return { kind: 'again', view: Object.freeze({ address: answer }) };
    },
  };
}

export interface FoundPair<T> {
  readonly pair: Pair;
  readonly address: Address;
  readonly state: T;
}
