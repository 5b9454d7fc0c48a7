import type { Hex, JsonValue, SolverOrder } from '@evenkeel/core';
import * as v from 'valibot';
import { countSchema, parsePayload, wordSchema } from '../common/schemas.js';

/** What following an order needs beyond the order itself. */
export interface OifPayload {
  /** Under which the settlers keep the order: ties the payload to it. */
  readonly orderId: Hex;
  readonly quoteId: string | null;
  /** Blocks before which the order cannot have moved anything. */
  readonly originBlock: number;
  readonly destinationBlock: number;
}

const payloadSchema: v.GenericSchema<unknown, OifPayload> = v.strictObject({
  orderId: wordSchema,
  quoteId: v.nullable(v.string()),
  originBlock: countSchema,
  destinationBlock: countSchema,
});

/** @throws {InvalidInputError} when it is not a payload of this adapter. */
export function oifPayload({ payload }: { readonly payload: JsonValue }): OifPayload {
  return parsePayload(payloadSchema, payload, 'oif');
}

/** The order's output; there is one. */
export function outputOf({ child }: Pick<SolverOrder, 'child'>): SolverOrder['child']['order']['outputs'][number] {
  return child.order.outputs[0]!;
}
