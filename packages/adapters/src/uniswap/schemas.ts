import type { Address } from '@evenkeel/core';
import { MAX_SQRT_RATIO, MAX_TICK, MIN_SQRT_RATIO, MIN_TICK, tickAtSqrtRatio, sqrtRatioAtTick } from '@evenkeel/core';
import * as v from 'valibot';
import { addressSchema } from '../common/schemas.js';

type Schema<T> = v.GenericSchema<unknown, T>;

/** A decoded integer that has to be a tick. */
export const tickSchema: Schema<number> = v.pipe(
  v.bigint(),
  v.transform(Number),
  v.check((tick) => tick >= MIN_TICK && tick <= MAX_TICK, 'is not a tick'),
);

/** A call with a single output: that output. */
export function single<T>(schema: Schema<T>): Schema<T> {
  return v.pipe(
    v.tuple([schema]),
    v.transform(([value]) => value),
  );
}

export const addressOutput: Schema<Address> = single(addressSchema);
export const uintOutput: Schema<bigint> = single(v.pipe(v.bigint(), v.minValue(0n)));

export interface PriceState {
  readonly sqrtPriceX96: bigint;
  readonly tick: number;
}

/** Why a price is refused by {@link isPrice}. */
export const PRICE_PROBLEM = 'has a price that is not at its tick';

/**
 * Whether a pool's price and the tick that it says it is at agree: on a tick that was crossed downwards a pool counts
 * itself one lower. A pool that was created but never given a price has zeros.
 */
export function isPrice({ sqrtPriceX96, tick }: PriceState): boolean {
  return (sqrtPriceX96 === 0n && tick === 0) || priceIsAtTick(sqrtPriceX96, tick);
}

function priceIsAtTick(sqrtPriceX96: bigint, tick: number): boolean {
  if (sqrtPriceX96 < MIN_SQRT_RATIO || sqrtPriceX96 >= MAX_SQRT_RATIO) return false;
  const found = tickAtSqrtRatio(sqrtPriceX96);
  return tick === found || (tick === found - 1 && sqrtRatioAtTick(found) === sqrtPriceX96);
}
