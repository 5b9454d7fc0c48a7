import { InvalidInputError } from '@evenkeel/intents';
import type { Address } from '@evenkeel/core';

/**
 * How an account kind uses the 192 bits of an ERC-4337 nonce key. What is left to choose freely is the *lane*: operations
 * of different lanes do not wait for one another.
 */
export interface NonceKeyLayout {
  /** Bits that a lane may have. */
  readonly laneBits: number;
  /** @throws INVALID_INPUT when the lane has more bits than there are */
  keyOf(lane: bigint): bigint;
}

/** The key is the lane: SimpleAccount, Simple7702Account, Safe with its 4337 module. */
export const plainNonceKey: NonceKeyLayout = layout(192, (lane) => lane);

/** Validator in the upper 20 bytes, lane in the lower 4: OpenZeppelin's AccountERC7579, Safe7579. */
export function validatorNonceKey(validator: Address): NonceKeyLayout {
  return layout(32, (lane) => (BigInt(validator) << 32n) | lane);
}

/** Kernel 3: mode (1 byte), type of validation (1), validator (20), lane (2). */
export function kernelNonceKey(options: {
  readonly validator: Address;
  /** 0x00 default, 0x01 enable. Default: 0. */
  readonly mode?: number;
  /** 0x00 root, 0x01 validator, 0x02 permission. Default: 0. */
  readonly type?: number;
}): NonceKeyLayout {
  const prefix = (byte('mode', options.mode ?? 0) << 8n) | byte('type', options.type ?? 0);
  return layout(16, (lane) => (prefix << 176n) | (BigInt(options.validator) << 16n) | lane);
}

/** Nexus: lane (3 bytes), mode of validation (1), validator (20). */
export function nexusNonceKey(options: {
  readonly validator: Address;
  /** 0x00 validation, 0x01 enabling a module. Default: 0. */
  readonly mode?: number;
}): NonceKeyLayout {
  const mode = byte('mode', options.mode ?? 0);
  return layout(24, (lane) => (lane << 168n) | (mode << 160n) | BigInt(options.validator));
}

/** The 256-bit nonce of an operation. @throws INVALID_INPUT when the sequence has more than 64 bits */
export function joinNonce(key: bigint, sequence: bigint): bigint {
  if (sequence >= 0n && sequence < 1n << 64n) return (key << 64n) | sequence;
  throw new InvalidInputError('nonce', sequence, 'does not fit 64 bits', 'Use another nonce key.');
}

/** The sequence within its key. */
export function sequenceOf(nonce: bigint): bigint {
  return nonce & ((1n << 64n) - 1n);
}

function layout(laneBits: number, keyOf: (lane: bigint) => bigint): NonceKeyLayout {
  return Object.freeze({
    laneBits,
    keyOf: (lane: bigint) => {
      if (lane >= 0n && lane < 1n << BigInt(laneBits)) return keyOf(lane);
      throw new InvalidInputError('nonceKey', lane, `does not fit ${laneBits} bits`, 'Choose a smaller one.');
    },
  });
}

function byte(field: string, value: number): bigint {
  if (Number.isInteger(value) && value >= 0 && value < 256) return BigInt(value);
  throw new InvalidInputError(field, value, 'is not a byte', 'Give a whole number from 0 to 255.');
}
