import { InvalidInputError } from '@evenkeel/intents';
import type { Address, Hex } from '@evenkeel/core';
import { concat, toBeHex } from 'ethers/utils';
import type { SignedDelegation } from '../eip7702/delegation.js';

/** Who pays for an operation instead of its sender, and what the paymaster's contract wants to see. */
export interface PaymasterData {
  readonly address: Address;
  readonly verificationGasLimit: bigint;
  readonly postOpGasLimit: bigint;
  readonly data: Hex;
}

/** How the sender comes into being within the operation itself. */
export type Deployment =
  | { readonly kind: 'factory'; readonly factory: Address; readonly data: Hex }
  /** EIP-7702: the operation carries the authorization; `data` initialises the account and is mostly empty. */
  | { readonly kind: 'delegation'; readonly delegation: SignedDelegation; readonly data: Hex };

/** An ERC-4337 operation before it is signed. Gas in units, fees in wei per unit. */
export interface UnsignedUserOperation {
  readonly sender: Address;
  /** 192 bits of key, 64 bits of sequence. */
  readonly nonce: bigint;
  readonly deployment?: Deployment;
  readonly callData: Hex;
  readonly callGasLimit: bigint;
  readonly verificationGasLimit: bigint;
  readonly preVerificationGas: bigint;
  readonly maxFeePerGasWei: bigint;
  readonly maxPriorityFeePerGasWei: bigint;
  readonly paymaster?: PaymasterData;
}

export interface UserOperation extends UnsignedUserOperation {
  readonly signature: Hex;
}

/** As the entry point takes it, since version 0.7. */
export interface PackedUserOperation {
  readonly sender: Address;
  readonly nonce: bigint;
  readonly initCode: Hex;
  readonly callData: Hex;
  /** verificationGasLimit and callGasLimit, 16 bytes each. */
  readonly accountGasLimits: Hex;
  readonly preVerificationGas: bigint;
  /** maxPriorityFeePerGas and maxFeePerGas, 16 bytes each. */
  readonly gasFees: Hex;
  readonly paymasterAndData: Hex;
  readonly signature: Hex;
}

/** Stands in `initCode` for "delegates by EIP-7702" (Eip7702Support.sol). */
export const DELEGATION_MARKER: Hex = `0x7702${'00'.repeat(18)}`;

/**
 * Packs an operation for the entry point.
 *
 * @throws INVALID_INPUT naming the field that does not fit its bits
 */
export function packUserOperation(operation: UserOperation): PackedUserOperation {
  return Object.freeze({
    ...packedFields(operation, initCodeOf(operation.deployment)),
    signature: operation.signature,
  });
}

/** What is hashed: for a delegating account, its delegate stands where the marker stands on chain. */
export function packForHash(operation: UnsignedUserOperation): Omit<PackedUserOperation, 'signature'> {
  const { deployment } = operation;
  const initCode =
    deployment?.kind === 'delegation'
      ? (concat([deployment.delegation.delegate, deployment.data]) as Hex)
      : initCodeOf(deployment);
  return Object.freeze(packedFields(operation, initCode));
}

function packedFields(operation: UnsignedUserOperation, initCode: Hex): Omit<PackedUserOperation, 'signature'> {
  return {
    sender: operation.sender,
    nonce: fitting('nonce', operation.nonce, 256),
    initCode,
    callData: operation.callData,
    accountGasLimits: pair(operation, 'verificationGasLimit', 'callGasLimit'),
    preVerificationGas: fitting('preVerificationGas', operation.preVerificationGas, 256),
    gasFees: pair(operation, 'maxPriorityFeePerGasWei', 'maxFeePerGasWei'),
    paymasterAndData: paymasterAndData(operation.paymaster),
  };
}

function initCodeOf(deployment: Deployment | undefined): Hex {
  if (deployment === undefined) return '0x';
  const start = deployment.kind === 'factory' ? deployment.factory : DELEGATION_MARKER;
  return concat([start, deployment.data]) as Hex;
}

function paymasterAndData(paymaster: PaymasterData | undefined): Hex {
  if (paymaster === undefined) return '0x';
  const limits = pair(paymaster, 'verificationGasLimit', 'postOpGasLimit', 'paymaster.');
  return concat([paymaster.address, limits, paymaster.data]) as Hex;
}

/** Two numbers of 128 bits in one word, the first above. */
function pair<K extends string>(values: Readonly<Record<K, bigint>>, high: K, low: K, prefix = ''): Hex {
  const word = (fitting(`${prefix}${high}`, values[high], 128) << 128n) | fitting(`${prefix}${low}`, values[low], 128);
  return toBeHex(word, 32) as Hex;
}

function fitting(field: string, value: unknown, bits: number): bigint {
  if (typeof value === 'bigint' && value >= 0n && value < 1n << BigInt(bits)) return value;
  throw new InvalidInputError(field, value, `does not fit ${bits} bits`, 'Give a bigint within that range.');
}
