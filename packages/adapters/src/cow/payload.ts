import type { JsonValue } from '@evenkeel/core';
import * as v from 'valibot';
import { addressSchema, atomsSchema, chainIdSchema, countSchema, parsePayload, wordSchema } from '../common/schemas.js';
import type { Gpv2Order } from '../gpv2/index.js';
import type { CowScheme } from './order-book.js';

/** All that submitting, tracking and ending an order needs. */
export interface CowPayload {
  readonly chainId: number;
  readonly owner: Gpv2Order['receiver'];
  readonly order: Gpv2Order;
  /** The document whose hash is the order's `appData`. */
  readonly appData: string;
  readonly scheme: CowScheme;
  readonly quoteId?: number | undefined;
  /** Block before which it cannot have been settled. */
  readonly sinceBlock: number;
}

const payloadSchema: v.GenericSchema<unknown, CowPayload> = v.strictObject({
  chainId: chainIdSchema,
  owner: addressSchema,
  order: v.strictObject({
    sellToken: addressSchema,
    buyToken: addressSchema,
    receiver: addressSchema,
    sellAmount: atomsSchema,
    buyAmount: atomsSchema,
    validTo: countSchema,
    appData: wordSchema,
    feeAmount: atomsSchema,
    kind: v.literal('sell'),
    partiallyFillable: v.boolean(),
    sellTokenBalance: v.literal('erc20'),
    buyTokenBalance: v.literal('erc20'),
  }),
  appData: v.string(),
  scheme: v.picklist(['eip712', 'eip1271']),
  quoteId: v.optional(countSchema),
  sinceBlock: countSchema,
});

/** @throws {InvalidInputError} when it is not a payload of this adapter. */
export function cowPayload(payload: JsonValue, adapter: string): CowPayload {
  return parsePayload(payloadSchema, payload, adapter);
}

/** Plain JSON: bigints as decimal digits. */
export function payloadJson(payload: CowPayload): JsonValue {
  return JSON.parse(
    JSON.stringify(payload, (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value)),
  ) as JsonValue;
}
