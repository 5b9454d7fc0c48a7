import type { Address, JsonValue, Token } from '@evenkeel/core';
import * as v from 'valibot';
import { addressSchema, atomsSchema, parsePayload, tokenSchema } from '../common/schemas.js';

/** All that building and tracking a transfer needs. */
export interface HyperlanePayload {
  readonly inputToken: Token;
  readonly outputToken: Token;
  readonly originRouter: Address;
  readonly destinationRouter: Address;
  readonly inputAtoms: bigint;
  readonly outputAtoms: bigint;
  /** The amount in the units of the message: the origin's atoms times its router's scale. */
  readonly messageAtoms: bigint;
  /** Paid with the dispatch in the origin's native coin. */
  readonly messageFeeWei: bigint;
  readonly sender: Address;
  readonly recipient: Address;
  /** An old allowance is in the way and has to go first. */
  readonly resetAllowance: boolean;
  /** Block of the destination before which the message cannot have been delivered. */
  readonly destinationBlock: number;
}

const payloadSchema: v.GenericSchema<unknown, HyperlanePayload> = v.strictObject({
  inputToken: tokenSchema,
  outputToken: tokenSchema,
  originRouter: addressSchema,
  destinationRouter: addressSchema,
  inputAtoms: atomsSchema,
  outputAtoms: atomsSchema,
  messageAtoms: atomsSchema,
  messageFeeWei: atomsSchema,
  sender: addressSchema,
  recipient: addressSchema,
  resetAllowance: v.boolean(),
  destinationBlock: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
});

/** @throws {InvalidInputError} when it is not a payload of this adapter. */
export function hyperlanePayload(payload: JsonValue): HyperlanePayload {
  return parsePayload(payloadSchema, payload, 'hyperlane');
}

/** Plain JSON: bigints as decimal digits. */
export function payloadJson(payload: HyperlanePayload): JsonValue {
  const token = ({ address, chainId, decimals, symbol }: Token): JsonValue => ({ chainId, address, symbol, decimals });
  return {
    ...payload,
    inputToken: token(payload.inputToken),
    outputToken: token(payload.outputToken),
    inputAtoms: payload.inputAtoms.toString(),
    outputAtoms: payload.outputAtoms.toString(),
    messageAtoms: payload.messageAtoms.toString(),
    messageFeeWei: payload.messageFeeWei.toString(),
  };
}
