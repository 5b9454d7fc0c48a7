import type { Hex, TypedData } from '@evenkeel/core';
import { AbiCoder } from 'ethers/abi';
import { keccak256 } from 'ethers/crypto';
import { TypedDataEncoder } from 'ethers/hash';
import type { EntryPoint } from './entry-point.js';
import { packForHash, type UnsignedUserOperation } from './user-operation.js';

const PACKED_TYPE = [
  { name: 'sender', type: 'address' },
  { name: 'nonce', type: 'uint256' },
  { name: 'initCode', type: 'bytes' },
  { name: 'callData', type: 'bytes' },
  { name: 'accountGasLimits', type: 'bytes32' },
  { name: 'preVerificationGas', type: 'uint256' },
  { name: 'gasFees', type: 'bytes32' },
  { name: 'paymasterAndData', type: 'bytes' },
] as const;

/**
 * What an owner signs from entry point 0.8 on: EIP-712 typed data (EntryPoint.sol 0.8, domain `ERC4337` version 1).
 */
export function userOperationTypedData(
  operation: UnsignedUserOperation,
  { address }: EntryPoint,
  chainId: number,
): TypedData {
  return Object.freeze({
    domain: Object.freeze({ name: 'ERC4337', version: '1', chainId, verifyingContract: address }),
    types: Object.freeze({ PackedUserOperation: PACKED_TYPE }),
    message: Object.freeze({ ...packForHash(operation) }),
  });
}

/**
 * The hash that the entry point knows an operation by; its signature is not part of it.
 *
 * Source: UserOperationLib.sol and EntryPoint.sol of `@account-abstraction/contracts` 0.7.0 and 0.8.0.
 *
 * @example
 * ```ts
 * userOperationHash(operation, entryPoint('0.8'), 1)
 * ```
 */
export function userOperationHash(operation: UnsignedUserOperation, entryPoint: EntryPoint, chainId: number): Hex {
  if (entryPoint.version === '0.7') return keccakHash(operation, entryPoint, chainId);
  const { domain, message } = userOperationTypedData(operation, entryPoint, chainId);
  return TypedDataEncoder.hash({ ...domain }, { PackedUserOperation: [...PACKED_TYPE] }, { ...message }) as Hex;
}

function keccakHash(operation: UnsignedUserOperation, { address }: EntryPoint, chainId: number): Hex {
  const packed = packForHash(operation);
  const coder = AbiCoder.defaultAbiCoder();
  const inner = coder.encode(
    ['address', 'uint256', 'bytes32', 'bytes32', 'bytes32', 'uint256', 'bytes32', 'bytes32'],
    [
      packed.sender,
      packed.nonce,
      keccak256(packed.initCode),
      keccak256(packed.callData),
      packed.accountGasLimits,
      packed.preVerificationGas,
      packed.gasFees,
      keccak256(packed.paymasterAndData),
    ],
  );
  return keccak256(
    coder.encode(['bytes32', 'address', 'uint256'], [keccak256(inner), address, BigInt(chainId)]),
  ) as Hex;
}
