import type { Address, Hex } from '@evenkeel/core';
import { InvalidInputError } from '@evenkeel/intents';
import { dataSlice, getAddress, solidityPacked } from 'ethers';
import { type Gpv2Domain, type Gpv2Order, hashOrder } from './order.js';

/** What the 56 bytes of an order's uid say. */
export interface OrderUidParts {
  readonly digest: Hex;
  readonly owner: Address;
  readonly validTo: number;
}

/**
 * The contract's name of an order: digest ‖ owner ‖ validTo. `filledAmount` and cancellations are kept under it.
 *
 * @returns 56 bytes
 * @throws {InvalidInputError} when the order or the domain breaks its schema.
 */
export function orderUid(domain: Gpv2Domain, order: Gpv2Order, owner: Address): Hex {
  return packOrderUid({ digest: hashOrder(domain, order), owner, validTo: order.validTo });
}

/** The 56 bytes of these parts. */
export function packOrderUid({ digest, owner, validTo }: OrderUidParts): Hex {
  return solidityPacked(['bytes32', 'address', 'uint32'], [digest, owner, validTo]) as Hex;
}

/**
 * The parts of an order's uid.
 *
 * @throws {InvalidInputError} when it is not 56 bytes.
 */
export function unpackOrderUid(uid: Hex): OrderUidParts {
  if (!/^0x[0-9a-f]{112}$/i.test(uid)) {
    throw new InvalidInputError('orderUid', uid, 'is not 56 bytes', 'Use the uid that orderUid() returns.');
  }
  return Object.freeze({
    digest: dataSlice(uid, 0, 32) as Hex,
    owner: getAddress(dataSlice(uid, 32, 52)) as Address,
    validTo: Number(dataSlice(uid, 52, 56)),
  });
}
