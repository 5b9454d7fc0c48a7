import { AbiCoder, Interface } from 'ethers/abi';
import { keccak256, SigningKey } from 'ethers/crypto';
import { id } from 'ethers/hash';
import { concat, toBeHex } from 'ethers/utils';
import type { Address, Hex } from '../types.js';

/** A user operation of entry point 0.8, as it stands on chain. */
export interface LocalOperation {
  readonly sender: Address;
  readonly nonce: bigint;
  readonly initCode: Hex;
  readonly callData: Hex;
  readonly verificationGas: bigint;
  readonly callGas: bigint;
  readonly preVerificationGas: bigint;
  readonly maxFeeWei: bigint;
  readonly priorityFeeWei: bigint;
  /** Address, two limits, data; or nothing. */
  readonly paymasterAndData: Hex;
  readonly signature: Hex;
}

const OPERATION_TYPE =
  'tuple(address sender, uint256 nonce, bytes initCode, bytes callData, bytes32 accountGasLimits, uint256 preVerificationGas, bytes32 gasFees, bytes paymasterAndData, bytes signature)';

export const entryPointAbi: Interface = new Interface([
  `function handleOps(${OPERATION_TYPE}[] ops, address beneficiary)`,
  'function depositTo(address account) payable',
  'function getNonce(address sender, uint192 key) view returns (uint256)',
  'function balanceOf(address account) view returns (uint256)',
  'event UserOperationEvent(bytes32 indexed userOpHash, address indexed sender, address indexed paymaster, uint256 nonce, bool success, uint256 actualGasCost, uint256 actualGasUsed)',
  'event UserOperationRevertReason(bytes32 indexed userOpHash, address indexed sender, uint256 nonce, bytes revertReason)',
  'error FailedOp(uint256 opIndex, string reason)',
  'error FailedOpWithRevert(uint256 opIndex, string reason, bytes inner)',
]);

const coder = AbiCoder.defaultAbiCoder();
const word = (high: bigint, low: bigint): Hex => toBeHex((high << 128n) | low, 32) as Hex;

export function packed(operation: LocalOperation): readonly unknown[] {
  const { callData, callGas, initCode, maxFeeWei, nonce, paymasterAndData } = operation;
  const { preVerificationGas, priorityFeeWei, sender, signature, verificationGas } = operation;
  return [
    sender,
    nonce,
    initCode,
    callData,
    word(verificationGas, callGas),
    preVerificationGas,
    word(priorityFeeWei, maxFeeWei),
    paymasterAndData,
    signature,
  ];
}

const PACKED_TYPE = id(
  'PackedUserOperation(address sender,uint256 nonce,bytes initCode,bytes callData,bytes32 accountGasLimits,uint256 preVerificationGas,bytes32 gasFees,bytes paymasterAndData)',
);
const DOMAIN_TYPE = id('EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)');

/** The hash that entry point 0.8 knows an operation by (EIP-712, domain `ERC4337` version 1). */
export function operationHash(operation: LocalOperation, entryPoint: Address, chainId: number): Hex {
  const domain = keccak256(
    coder.encode(
      ['bytes32', 'bytes32', 'bytes32', 'uint256', 'address'],
      [DOMAIN_TYPE, id('ERC4337'), id('1'), chainId, entryPoint],
    ),
  );
  const [sender, nonce, initCode, callData, limits, preVerificationGas, fees, sponsor] = packed(operation);
  const struct = keccak256(
    coder.encode(
      ['bytes32', 'address', 'uint256', 'bytes32', 'bytes32', 'bytes32', 'uint256', 'bytes32', 'bytes32'],
      [
        PACKED_TYPE,
        sender,
        nonce,
        keccak256(initCode as Hex),
        keccak256(callData as Hex),
        limits,
        preVerificationGas,
        fees,
        keccak256(sponsor as Hex),
      ],
    ),
  );
  return keccak256(concat(['0x1901', domain, struct])) as Hex;
}

/** Signs a hash as it is. */
export function signHash(key: Hex, hash: Hex): Hex {
  return new SigningKey(key).sign(hash).serialized as Hex;
}

export function signed(operation: LocalOperation, key: Hex, entryPoint: Address, chainId: number): LocalOperation {
  return { ...operation, signature: signHash(key, operationHash(operation, entryPoint, chainId)) };
}

export function handleOpsCalldata(operations: readonly LocalOperation[], beneficiary: Address): Hex {
  return entryPointAbi.encodeFunctionData('handleOps', [operations.map(packed), beneficiary]) as Hex;
}
