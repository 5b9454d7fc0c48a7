import type { Address, Hex } from '@evenkeel/core';
import { InvalidInputError } from '@evenkeel/intents';
import { concat, dataLength } from 'ethers';
import type { SigningScheme } from './flags.js';

/** An order's signature with what the contract needs to check it. */
export interface OrderSignature {
  readonly scheme: SigningScheme;
  /** Whose order it is. A key's address is recovered by the contract; a contract's must be told to it. */
  readonly owner: Address;
  /** 65 bytes of a key, what the owner's `isValidSignature` takes, or nothing for a presigned order. */
  readonly signature: Hex;
}

const ECDSA_BYTES = 65;

/**
 * The signature as a trade carries it: that of a contract and a presigned order begin with the owner's address.
 *
 * @throws {InvalidInputError} when a key's signature is not 65 bytes, or a presigned order carries one.
 */
export function encodeOrderSignature({ owner, scheme, signature }: OrderSignature): Hex {
  switch (scheme) {
    case 'eip712':
    case 'ethsign':
      requireLength(signature, ECDSA_BYTES, 'is not the 65 bytes r ‖ s ‖ v');
      return signature;
    case 'eip1271':
      return concat([owner, signature]) as Hex;
    case 'presign':
      requireLength(signature, 0, 'is given, but a presigned order has none');
      return owner.toLowerCase() as Hex;
  }
}

function requireLength(signature: Hex, bytes: number, problem: string): void {
  if (/^0x(?:[0-9a-f]{2})*$/i.test(signature) && dataLength(signature) === bytes) return;
  throw new InvalidInputError(
    'signature',
    signature,
    problem,
    'Sign orderTypedData() and pass the result on untouched.',
  );
}
