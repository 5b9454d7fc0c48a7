import type { JsonValue } from '@evenkeel/core';
import * as v from 'valibot';
import { addressSchema, atomsSchema, chainIdSchema, countSchema, parsePayload } from '../common/schemas.js';
import { ADAPTER_ID } from './config.js';
import type { DutchOrder } from './dutch-order.js';

/** All that submitting, tracking and ending an order needs. */
export interface UniswapXPayload {
  readonly order: DutchOrder;
  /** Block before which it cannot have been filled. */
  readonly sinceBlock: number;
}

const shared = {
  chainId: chainIdSchema,
  permit2: addressSchema,
  reactor: addressSchema,
  swapper: addressSchema,
  nonce: atomsSchema,
  deadline: countSchema,
  input: v.strictObject({ token: addressSchema, atoms: atomsSchema }),
  output: v.strictObject({
    token: addressSchema,
    startAtoms: atomsSchema,
    endAtoms: atomsSchema,
    recipient: addressSchema,
  }),
};

const payloadSchema: v.GenericSchema<unknown, UniswapXPayload> = v.strictObject({
  sinceBlock: countSchema,
  order: v.variant('kind', [
    v.strictObject({
      kind: v.literal('exclusive-dutch'),
      ...shared,
      decayStart: countSchema,
      decayEnd: countSchema,
      exclusiveFiller: addressSchema,
      overrideBps: countSchema,
    }),
    v.strictObject({ kind: v.literal('v2-dutch'), ...shared, cosigner: addressSchema }),
  ]),
});

/** @throws {InvalidInputError} when it is not a payload of this adapter. */
export function uniswapXPayload(payload: JsonValue): UniswapXPayload {
  return parsePayload(payloadSchema, payload, ADAPTER_ID);
}

/** Plain JSON: bigints as decimal digits. */
export function payloadJson(payload: UniswapXPayload): JsonValue {
  return JSON.parse(
    JSON.stringify(payload, (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value)),
  ) as JsonValue;
}
