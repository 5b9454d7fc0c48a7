import type { BookLevel, Hex, JsonValue } from '@evenkeel/core';
import { Signature } from 'ethers';
import * as v from 'valibot';
import { atomsSchema, hexSchema } from '../common/schemas.js';
import type { BookEntry } from './book.js';
import { type LimitOrder, limitOrderSchema } from './order.js';

/** An order of a book, as much of it as takes to fill it. */
export interface BookedOrder extends BookLevel {
  readonly order: LimitOrder;
  /** Of a key: 64 bytes, as the protocol takes them. */
  readonly signature: Hex;
  readonly byContract: boolean;
}

export interface BookPayload {
  /** Best first, as the levels of the curve. */
  readonly orders: readonly BookedOrder[];
  /** Unix seconds of the block that it was read at: a deadline before it has passed. */
  readonly readAtSeconds: number;
}

export const bookSchema: v.GenericSchema<unknown, BookPayload> = v.strictObject({
  orders: v.array(
    v.pipe(
      v.strictObject({
        order: limitOrderSchema,
        signature: hexSchema,
        byContract: v.boolean(),
        amountIn: atomsSchema,
        amountOut: atomsSchema,
      }),
      v.check(({ byContract, signature }) => byContract || signature.length === 130, 'has no signature of 64 bytes'),
    ),
  ),
  readAtSeconds: v.pipe(v.number(), v.integer(), v.minValue(0)),
});

export function bookPayload(entries: readonly BookEntry[], readAtSeconds: number): JsonValue {
  const orders = entries.map(({ byContract, level, order: { order, signature } }) => ({
    order: {
      salt: order.salt.toString(),
      maker: order.maker,
      receiver: order.receiver,
      makerAsset: order.makerAsset,
      takerAsset: order.takerAsset,
      makingAmount: order.makingAmount.toString(),
      takingAmount: order.takingAmount.toString(),
      makerTraits: order.makerTraits.toString(),
    },
    signature: byContract ? signature : Signature.from(signature).compactSerialized,
    byContract,
    amountIn: level.amountIn.toString(),
    amountOut: level.amountOut.toString(),
  }));
  return { orders, readAtSeconds };
}
