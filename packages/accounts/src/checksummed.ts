import type { Address } from '@evenkeel/core';
import { InvalidInputError } from '@evenkeel/intents';
import { getAddress } from 'ethers/address';

/**
 * An address with its checksum (EIP-55).
 *
 * @param hint what to do where it is none
 * @throws {InvalidInputError} naming the field
 */
export function checksummed(field: string, address: unknown, hint: string = FROM_SIGNER): Address {
  try {
    return getAddress(String(address)) as Address;
  } catch {
    throw new InvalidInputError(field, address, 'is not an address', hint);
  }
}

const FROM_SIGNER = 'Pass an ethers Wallet or the like.';
