import type { Address, Hex } from '@evenkeel/core';
import { AbiCoder } from 'ethers/abi';
import { getAddress } from 'ethers/address';
import { dataSlice } from 'ethers/utils';
import type { SignedDelegation } from '../eip7702/delegation.js';
import { entryPoint, type EntryPoint, type EntryPointVersion } from './entry-point.js';
import { OperationMalformedError } from './errors.js';
import {
  DELEGATION_MARKER,
  type Deployment,
  packUserOperation,
  type PaymasterData,
  type UserOperation,
} from './user-operation.js';

/** A signed operation with all that is needed to deliver it: what the journal keeps. */
export interface DeliverableOperation {
  readonly chainId: number;
  readonly entryPoint: EntryPoint;
  readonly operation: UserOperation;
}

const FORMAT = 'evenkeel/user-operation/1';
const PACKED = 'tuple(address, uint256, bytes, bytes, bytes32, uint256, bytes32, bytes, bytes)';
const DELEGATION = 'tuple(address, uint256, uint256, uint8, bytes32, bytes32)';
/** At most one delegation. */
const TYPES = ['string', 'uint256', 'string', 'address', PACKED, `${DELEGATION}[]`];
const coder = AbiCoder.defaultAbiCoder();

/** An operation as bytes: the entry point's own packed form with chain, version and delegation. */
export function encodeOperation({ chainId, entryPoint, operation }: DeliverableOperation): Hex {
  const { deployment } = operation;
  const packed = packUserOperation(operation);
  const delegations =
    deployment?.kind === 'delegation'
      ? [deployment.delegation].map(({ delegate, chainId: id, nonce, yParity, r, s }) => {
          return [delegate, id, nonce, yParity, r, s];
        })
      : [];
  return coder.encode(TYPES, [
    FORMAT,
    chainId,
    entryPoint.version,
    entryPoint.address,
    inOrder(packed),
    delegations,
  ]) as Hex;
}

/** The way back. @throws OPERATION_MALFORMED */
export function decodeOperation(raw: Hex): DeliverableOperation {
  let format: unknown;
  try {
    const decoded = coder.decode(TYPES, raw).toArray(true) as unknown as Decoded;
    format = decoded[0];
    if (format === FORMAT) return read(decoded);
  } catch {
    // Told below.
  }
  throw new OperationMalformedError('its bytes are not those of a user operation');
}

type Decoded = [
  format: string,
  chainId: bigint,
  version: string,
  entryPoint: string,
  packed: [string, bigint, Hex, Hex, Hex, bigint, Hex, Hex, Hex],
  delegations: [string, bigint, bigint, bigint, Hex, Hex][],
];

function read([, chainId, version, address, packed, delegations]: Decoded): DeliverableOperation {
  const [sender, nonce, initCode, callData, gasLimits, preVerificationGas, gasFees, paymasterAndData, signature] =
    packed;
  const [delegation] = delegations.map(([delegate, id, authorityNonce, yParity, r, s]): SignedDelegation =>
    Object.freeze({
      authority: sender as Address,
      delegate: delegate as Address,
      chainId: Number(id),
      nonce: authorityNonce,
      yParity: yParity === 0n ? 0 : 1,
      r,
      s,
    }),
  );
  const deployment = deploymentIn(initCode, delegation);
  const paymaster = paymasterIn(paymasterAndData);
  const [verificationGasLimit, callGasLimit] = halves(gasLimits);
  const [maxPriorityFeePerGasWei, maxFeePerGasWei] = halves(gasFees);
  return Object.freeze({
    chainId: Number(chainId),
    entryPoint: entryPoint(version as EntryPointVersion, address),
    operation: Object.freeze({
      sender: sender as Address,
      nonce,
      ...(deployment && { deployment }),
      callData,
      callGasLimit,
      verificationGasLimit,
      preVerificationGas,
      maxFeePerGasWei,
      maxPriorityFeePerGasWei,
      ...(paymaster && { paymaster }),
      signature,
    }),
  });
}

function inOrder(packed: ReturnType<typeof packUserOperation>): readonly unknown[] {
  return [
    packed.sender,
    packed.nonce,
    packed.initCode,
    packed.callData,
    packed.accountGasLimits,
    packed.preVerificationGas,
    packed.gasFees,
    packed.paymasterAndData,
    packed.signature,
  ];
}

function deploymentIn(initCode: Hex, delegation: SignedDelegation | undefined): Deployment | undefined {
  if (initCode === '0x') return undefined;
  const start = dataSlice(initCode, 0, 20);
  const data = dataSlice(initCode, 20) as Hex;
  return start === DELEGATION_MARKER && delegation !== undefined
    ? { kind: 'delegation', delegation, data }
    : { kind: 'factory', factory: getAddress(start) as Address, data };
}

function paymasterIn(bytes: Hex): PaymasterData | undefined {
  if (bytes === '0x') return undefined;
  const [verificationGasLimit, postOpGasLimit] = halves(dataSlice(bytes, 20, 52) as Hex);
  const address = getAddress(dataSlice(bytes, 0, 20)) as Address;
  return { address, verificationGasLimit, postOpGasLimit, data: dataSlice(bytes, 52) as Hex };
}

function halves(word: Hex): readonly [bigint, bigint] {
  const value = BigInt(word);
  return [value >> 128n, value & ((1n << 128n) - 1n)];
}
