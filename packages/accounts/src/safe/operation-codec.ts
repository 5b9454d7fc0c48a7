import type { Address, Hex } from '@evenkeel/core';
import { AbiCoder } from 'ethers/abi';
import { SafeOperationMalformedError } from './errors.js';
import type { SafeTransaction } from './transaction.js';

/** A transaction of a Safe that its owners have signed, and at what price it is to be relayed. */
export interface SafeOperation {
  readonly chainId: number;
  readonly safe: Address;
  readonly transaction: SafeTransaction;
  /** 65 bytes an owner, sorted by the owners' addresses. */
  readonly signatures: Hex;
  readonly maxFeePerGasWei: bigint;
  readonly maxPriorityFeePerGasWei: bigint;
}

const VERSION = 1n;
const FIELDS = [
  'uint8',
  'uint256',
  'address',
  'tuple(address to, uint256 value, bytes data, uint8 operation, uint256 safeTxGas, uint256 nonce)',
  'bytes',
  'uint256',
  'uint256',
];
const coder = AbiCoder.defaultAbiCoder();

/** The bytes that are stored before anything is sent. */
export function encodeSafeOperation(operation: SafeOperation): Hex {
  const { chainId, maxFeePerGasWei, maxPriorityFeePerGasWei, safe, signatures, transaction } = operation;
  return coder.encode(FIELDS, [
    ...[VERSION, chainId, safe, transaction],
    ...[signatures, maxFeePerGasWei, maxPriorityFeePerGasWei],
  ]) as Hex;
}

/** @throws SAFE_OPERATION_MALFORMED */
export function decodeSafeOperation(raw: Hex): SafeOperation {
  try {
    const [version, chainId, safe, transaction, signatures, maxFeePerGasWei, maxPriorityFeePerGasWei] = coder
      .decode(FIELDS, raw)
      .toArray() as [bigint, bigint, Address, [Address, bigint, Hex, bigint, bigint, bigint], Hex, bigint, bigint];
    const [to, value, data, operation, safeTxGas, nonce] = transaction;
    if (version !== VERSION || operation > 1n) throw new TypeError('unknown');
    return Object.freeze({
      chainId: Number(chainId),
      safe,
      transaction: Object.freeze({ to, value, data, operation: operation === 1n ? 1 : 0, safeTxGas, nonce }),
      signatures,
      maxFeePerGasWei,
      maxPriorityFeePerGasWei,
    });
  } catch {
    throw new SafeOperationMalformedError('they are no operation of a Safe');
  }
}
