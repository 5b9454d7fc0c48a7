import type { Address, Call, Hex, TypedData } from '@evenkeel/core';
import { Interface } from 'ethers/abi';
import { TypedDataEncoder } from 'ethers/hash';
import { concat, dataLength, toBeHex } from 'ethers/utils';

/** `SafeTx` of Safe 1.4.1, without the fields by which a Safe refunds a relayer: those are zero. */
export interface SafeTransaction {
  readonly to: Address;
  readonly value: bigint;
  readonly data: Hex;
  /** 0: call. 1: delegate call, of MultiSendCallOnly alone. */
  readonly operation: 0 | 1;
  /** With it, calls that revert use the nonce up and say so; without it they revert the transaction that relays. */
  readonly safeTxGas: bigint;
  readonly nonce: bigint;
}

const NOBODY: Address = `0x${'00'.repeat(20)}`;

export const safeAbi: Interface = new Interface([
  'function nonce() view returns (uint256)',
  'function VERSION() view returns (string)',
  'function getThreshold() view returns (uint256)',
  'function getOwners() view returns (address[])',
  'function execTransaction(address to, uint256 value, bytes data, uint8 operation, uint256 safeTxGas, uint256 baseGas, uint256 gasPrice, address gasToken, address refundReceiver, bytes signatures) payable returns (bool)',
  'event ExecutionSuccess(bytes32 indexed txHash, uint256 payment)',
  'event ExecutionFailure(bytes32 indexed txHash, uint256 payment)',
]);
const multiSendAbi = new Interface(['function multiSend(bytes transactions) payable']);

/**
 * The transaction by which a Safe makes these calls: none is a transfer of nothing to itself, several go through
 * MultiSendCallOnly, all or none.
 */
export function safeTransaction(
  safe: Address,
  multiSend: Address,
  calls: readonly Call[],
  gas: { readonly nonce: bigint; readonly safeTxGas: bigint },
): SafeTransaction {
  const [only, second] = calls;
  if (second === undefined) {
    const { data = '0x', to = safe, valueWei = 0n } = only ?? {};
    return Object.freeze({ to: to.toLowerCase() as Address, value: valueWei, data, operation: 0, ...gas });
  }
  // Packed: operation (1 byte, 0 for call), target (20), value (32), length (32), data.
  const packed = calls.map(({ data, to, valueWei }) =>
    concat(['0x00', to, toBeHex(valueWei, 32), toBeHex(dataLength(data), 32), data]),
  );
  const data = multiSendAbi.encodeFunctionData('multiSend', [concat(packed)]) as Hex;
  return Object.freeze({ to: multiSend, value: 0n, data, operation: 1, ...gas });
}

/** What the owners sign (EIP-712, domain of chain and Safe). */
export function safeTypedData(chainId: number, safe: Address, transaction: SafeTransaction): TypedData {
  return Object.freeze({
    domain: { chainId, verifyingContract: safe },
    types: SAFE_TX,
    message: { ...transaction, baseGas: 0n, gasPrice: 0n, gasToken: NOBODY, refundReceiver: NOBODY },
  });
}

/** What the Safe knows the transaction by, and its events name. */
export function safeTransactionHash(chainId: number, safe: Address, transaction: SafeTransaction): Hex {
  const { domain, message } = safeTypedData(chainId, safe, transaction);
  return TypedDataEncoder.hash(domain, { SafeTx: [...SAFE_TX.SafeTx] }, message) as Hex;
}

export function execCalldata(transaction: SafeTransaction, signatures: Hex): Hex {
  const { data, operation, safeTxGas, to, value } = transaction;
  return safeAbi.encodeFunctionData('execTransaction', [
    ...[to, value, data, operation, safeTxGas],
    ...[0n, 0n, NOBODY, NOBODY, signatures],
  ]) as Hex;
}

const SAFE_TX = {
  SafeTx: [
    { name: 'to', type: 'address' },
    { name: 'value', type: 'uint256' },
    { name: 'data', type: 'bytes' },
    { name: 'operation', type: 'uint8' },
    { name: 'safeTxGas', type: 'uint256' },
    { name: 'baseGas', type: 'uint256' },
    { name: 'gasPrice', type: 'uint256' },
    { name: 'gasToken', type: 'address' },
    { name: 'refundReceiver', type: 'address' },
    { name: 'nonce', type: 'uint256' },
  ],
} as const;
