import type { Address, Hex, JsonValue, Token } from '@evenkeel/core';
import * as v from 'valibot';
import { addressSchema, atomsSchema, hexSchema, parsePayload, tokenSchema } from '../common/schemas.js';

/** All that building and tracking needs. */
export interface LifiPayload {
  readonly tool: string;
  readonly inputToken: Token;
  readonly outputToken: Token;
  readonly inputAtoms: bigint;
  readonly minReceived: bigint;
  readonly sender: Address;
  readonly recipient: Address;
  readonly to: Address;
  readonly data: Hex;
  readonly valueWei: bigint;
  /** Who takes the input; `undefined` for a native coin. */
  readonly approvalAddress?: Address | undefined;
  /** An old allowance is in the way and has to go first. */
  readonly resetAllowance: boolean;
}

const payloadSchema: v.GenericSchema<unknown, LifiPayload> = v.strictObject({
  tool: v.string(),
  inputToken: tokenSchema,
  outputToken: tokenSchema,
  inputAtoms: atomsSchema,
  minReceived: atomsSchema,
  sender: addressSchema,
  recipient: addressSchema,
  to: addressSchema,
  data: hexSchema,
  valueWei: atomsSchema,
  approvalAddress: v.optional(addressSchema),
  resetAllowance: v.boolean(),
});

/** @throws {InvalidInputError} when it is not a payload of this adapter. */
export function lifiPayload(payload: JsonValue): LifiPayload {
  return parsePayload(payloadSchema, payload, 'lifi');
}

/** Plain JSON: bigints as decimal digits. */
export function payloadJson(payload: LifiPayload): JsonValue {
  const { approvalAddress, ...rest } = payload;
  const token = ({ address, chainId, decimals, symbol }: Token): JsonValue => ({ chainId, address, symbol, decimals });
  return {
    ...rest,
    ...(approvalAddress === undefined ? {} : { approvalAddress }),
    inputToken: token(payload.inputToken),
    outputToken: token(payload.outputToken),
    inputAtoms: payload.inputAtoms.toString(),
    minReceived: payload.minReceived.toString(),
    valueWei: payload.valueWei.toString(),
  };
}
