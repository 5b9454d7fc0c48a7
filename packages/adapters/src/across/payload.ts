import type { Address, Hex, JsonValue, Token } from '@evenkeel/core';
import * as v from 'valibot';
import { addressSchema, atomsSchema, hexSchema, parsePayload, tokenSchema } from '../common/schemas.js';

/** All that building and tracking a deposit needs. */
export interface AcrossPayload {
  readonly inputToken: Token;
  /** What the relayer pays: the same asset on the destination. */
  readonly bridgedToken: Token;
  /** What the recipient ends up with: another token than `bridgedToken` when calls swap it on arrival. */
  readonly outputToken: Token;
  readonly inputAtoms: bigint;
  readonly bridgedAtoms: bigint;
  /** Least atoms of `outputToken` that count as filled. */
  readonly minReceived: bigint;
  readonly depositor: Address;
  /** Who keeps the money in the end. */
  readonly recipient: Address;
  /** Whom the relayer pays: the recipient, or the handler when there is a message. */
  readonly payee: Address;
  readonly exclusiveRelayer: Address;
  readonly exclusivityParameter: number;
  readonly quoteTimestamp: number;
  readonly fillDeadline: number;
  readonly message: Hex;
  /** An old allowance is in the way and has to go first. */
  readonly resetAllowance: boolean;
  /** Block of the destination before which the deposit cannot have been filled. */
  readonly destinationBlock: number;
}

const uint32 = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0xffff_ffff));

const payloadSchema: v.GenericSchema<unknown, AcrossPayload> = v.strictObject({
  inputToken: tokenSchema,
  bridgedToken: tokenSchema,
  outputToken: tokenSchema,
  inputAtoms: atomsSchema,
  bridgedAtoms: atomsSchema,
  minReceived: atomsSchema,
  depositor: addressSchema,
  recipient: addressSchema,
  payee: addressSchema,
  exclusiveRelayer: addressSchema,
  exclusivityParameter: uint32,
  quoteTimestamp: uint32,
  fillDeadline: uint32,
  message: hexSchema,
  resetAllowance: v.boolean(),
  destinationBlock: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
});

/** @throws {InvalidInputError} when it is not a payload of this adapter. */
export function acrossPayload(payload: JsonValue): AcrossPayload {
  return parsePayload(payloadSchema, payload, 'across');
}

/** Plain JSON: bigints as decimal digits. */
export function payloadJson(payload: AcrossPayload): JsonValue {
  const token = ({ address, chainId, decimals, symbol }: Token): JsonValue => ({ chainId, address, symbol, decimals });
  return {
    ...payload,
    inputToken: token(payload.inputToken),
    bridgedToken: token(payload.bridgedToken),
    outputToken: token(payload.outputToken),
    inputAtoms: payload.inputAtoms.toString(),
    bridgedAtoms: payload.bridgedAtoms.toString(),
    minReceived: payload.minReceived.toString(),
  };
}
