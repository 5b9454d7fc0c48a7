import type { Address, Hex, TypedData } from '@evenkeel/core';
import { merkleProof, merkleRoot, operationsTypedData, typedDataHash } from '@evenkeel/contracts';
import { recoverAddress } from 'ethers/transaction';
import { concat } from 'ethers/utils';
import { signTypedData } from '../eoa/ask-signer.js';
import type { EntryPoint } from '../erc4337/entry-point.js';
import { userOperationHash } from '../erc4337/hash.js';
import type { OperationSigner } from '../erc4337/kinds.js';
import type { UnsignedUserOperation, UserOperation } from '../erc4337/user-operation.js';
import { checksummed } from '../checksummed.js';
import { GrantSignatureInvalidError } from './errors.js';

/** One operation of the owner's account on one chain. */
export interface OperationOnChain {
  readonly chainId: number;
  readonly entryPoint: EntryPoint;
  readonly operation: UnsignedUserOperation;
}

/** The Merkle root over the hashes of operations, as the owner of a `BandAccount` is asked to sign it. */
export function operationsToSign(operations: readonly OperationOnChain[]): {
  readonly root: Hex;
  readonly hashes: readonly Hex[];
  readonly typedData: TypedData;
} {
  const hashes = operations.map(({ chainId, entryPoint, operation }) =>
    userOperationHash(operation, entryPoint, chainId),
  );
  const root = merkleRoot(hashes);
  return Object.freeze({ root, hashes: Object.freeze(hashes), typedData: Object.freeze(operationsTypedData(root)) });
}

/** Puts one signature of the root to every operation, each with its proof. */
export function withRootSignature(operations: readonly OperationOnChain[], signature: Hex): readonly UserOperation[] {
  const { hashes } = operationsToSign(operations);
  return Object.freeze(
    operations.map(({ operation }, index) =>
      Object.freeze({ ...operation, signature: concat([signature, ...merkleProof(hashes, index)]) as Hex }),
    ),
  );
}

/**
 * Has operations on several chains signed at once: one signature for all of them. Each hash binds chain, entry point,
 * account and nonce, so none can be used for anything else.
 *
 * @throws GRANT_SIGNATURE_INVALID when somebody else signed; SIGNER_* errors
 *
 * @example
 * ```ts
 * const [here, there] = await signOperations(wallet, [grantOnBase, grantOnOptimism])
 * ```
 */
export async function signOperations(
  signer: OperationSigner,
  operations: readonly OperationOnChain[],
): Promise<readonly UserOperation[]> {
  const { typedData } = operationsToSign(operations);
  const signature = await signTypedData(signer, typedData);
  const owner = checksummed('signer.address', signer.address);
  const recovered = recoveredFrom(typedData, signature);
  if (recovered !== owner) throw new GrantSignatureInvalidError(owner, recovered);
  return withRootSignature(operations, signature);
}

function recoveredFrom(typedData: TypedData, signature: Hex): Address | undefined {
  try {
    const hash = typedDataHash(typedData as Parameters<typeof typedDataHash>[0]);
    return recoverAddress(hash, signature) as Address;
  } catch {
    return undefined;
  }
}
