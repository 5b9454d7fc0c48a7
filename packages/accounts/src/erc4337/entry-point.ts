import { InvalidInputError } from '@evenkeel/intents';
import type { Address } from '@evenkeel/core';
import { Interface } from 'ethers/abi';
import { checksummed } from '../checksummed.js';

/** Versions of the ERC-4337 singleton that this package speaks. They differ in how an operation is hashed. */
export type EntryPointVersion = '0.7' | '0.8' | '0.9';

/** The contract that validates, pays for and executes user operations. */
export interface EntryPoint {
  readonly version: EntryPointVersion;
  readonly address: Address;
}

/** Where the authors deployed them, on every chain. */
const CANONICAL: Readonly<Record<EntryPointVersion, Address>> = Object.freeze({
  '0.7': '0x0000000071727De22E5E9d8BAf0edAc6f37da032',
  '0.8': '0x4337084D9E255Ff0702461CF8895CE9E3b5Ff108',
  '0.9': '0x433709009B8330FDa32311DF1C2AFA402eD8D009',
});

/** The public ones. */
export const CANONICAL_ENTRY_POINTS: readonly Address[] = Object.freeze(Object.values(CANONICAL));

/**
 * An entry point by its version.
 *
 * 0.7 hashes by keccak, 0.8 and 0.9 by EIP-712 (which lets a hardware wallet show what it signs). Of 0.9, the signature
 * that a paymaster may append outside of the hash is not used.
 *
 * @param address default: the canonical one. Bundlers tell versions by it, so give another only on chains of your own.
 * @throws INVALID_INPUT for an unknown version or what is no address
 *
 * @example
 * ```ts
 * entryPoint('0.8').address // '0x4337084D9E255Ff0702461CF8895CE9E3b5Ff108'
 * ```
 */
export function entryPoint(version: EntryPointVersion, address?: string): EntryPoint {
  if (!Object.hasOwn(CANONICAL, version)) {
    const known = Object.keys(CANONICAL).join(', ');
    throw new InvalidInputError('entryPoint.version', version, 'is not a version known here', `Use one of ${known}.`);
  }
  return Object.freeze({
    version,
    address:
      address === undefined
        ? CANONICAL[version]
        : checksummed('entryPoint.address', address, 'Leave it out for the public one.'),
  });
}

const PACKED =
  'tuple(address sender, uint256 nonce, bytes initCode, bytes callData, bytes32 accountGasLimits, uint256 preVerificationGas, bytes32 gasFees, bytes paymasterAndData, bytes signature)';

/** What the versions have in common (EntryPoint.sol 0.7 to 0.9). */
export const entryPointAbi: Interface = new Interface([
  `function getUserOpHash(${PACKED} userOp) view returns (bytes32)`,
  'function getNonce(address sender, uint192 key) view returns (uint256)',
  'function balanceOf(address account) view returns (uint256)',
  `function handleOps(${PACKED}[] ops, address beneficiary)`,
  'event UserOperationEvent(bytes32 indexed userOpHash, address indexed sender, address indexed paymaster, uint256 nonce, bool success, uint256 actualGasCost, uint256 actualGasUsed)',
  'event UserOperationRevertReason(bytes32 indexed userOpHash, address indexed sender, uint256 nonce, bytes revertReason)',
  'event BeforeExecution()',
  'error FailedOp(uint256 opIndex, string reason)',
  'error FailedOpWithRevert(uint256 opIndex, string reason, bytes inner)',
]);
