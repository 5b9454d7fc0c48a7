import { type Address, type Hex, NATIVE_ADDRESS, sameAddress } from '@evenkeel/core';
import { getAddress, recoverAddress, Signature, type TypedDataDomain, TypedDataEncoder } from 'ethers';
import * as v from 'valibot';
import { addressSchema, atomsSchema, hexSchema } from '../common/schemas.js';

/** An order in the protocol's own terms: `makingAmount` of the maker's asset for `takingAmount` of the taker's. */
export interface LimitOrder {
  readonly salt: bigint;
  readonly maker: Address;
  /** The zero address stands for the maker. */
  readonly receiver: Address;
  readonly makerAsset: Address;
  readonly takerAsset: Address;
  readonly makingAmount: bigint;
  readonly takingAmount: bigint;
  /** Flags, series, nonce or epoch, expiration and allowed sender, packed into a word: see {@link traitsOf}. */
  readonly makerTraits: bigint;
}

export interface SignedLimitOrder {
  readonly order: LimitOrder;
  /** EIP-712: 64 or 65 bytes of a key, or whatever the maker's contract takes (ERC-1271). */
  readonly signature: Hex;
}

const LIMIT = 1n << 256n;
const uint = v.union([
  v.pipe(
    v.bigint(),
    v.check((value) => value >= 0n && value < LIMIT, 'does not fit 256 bits'),
  ),
  atomsSchema,
]);
/** With the checksum that its letters should have: what an order book writes is not always right. */
const address: v.GenericSchema<unknown, Address> = v.pipe(
  addressSchema,
  v.transform((text) => getAddress(text.toLowerCase()) as Address),
);

/** The words of an order; whole numbers as bigint, or as decimal digits. */
export const limitOrderSchema: v.GenericSchema<unknown, LimitOrder> = v.object({
  salt: uint,
  maker: address,
  receiver: address,
  makerAsset: address,
  takerAsset: address,
  makingAmount: uint,
  takingAmount: uint,
  makerTraits: uint,
});

/** An order as an order book gives it. */
export const signedOrderSchema: v.GenericSchema<unknown, SignedLimitOrder> = v.object({
  order: limitOrderSchema,
  signature: hexSchema,
});

/** What the maker's word of flags says. */
export interface MakerTraits {
  /** One fill crosses it off, in a bit of the maker's; else it is counted down. */
  readonly usesBit: boolean;
  readonly nonceOrEpoch: bigint;
  /** Void once the maker has advanced the epoch of this series. */
  readonly series?: bigint;
  /** Unix seconds. */
  readonly expiresAt?: number;
  /** Why the adapter does not trade it, whatever its state. */
  readonly foreign?: 'all-or-nothing' | 'extension' | 'permit2' | 'private' | 'unwraps';
}

const FIELD = 0xff_ffff_ffffn;
const ALLOWED_SENDER = (1n << 80n) - 1n;
const flag = (word: bigint, bit: bigint): boolean => ((word >> bit) & 1n) === 1n;

/** Reads the maker's word of flags: MakerTraitsLib of the protocol. */
export function traitsOf({ makerTraits: word }: Pick<LimitOrder, 'makerTraits'>): MakerTraits {
  const expiration = Number((word >> 80n) & FIELD);
  const allOrNothing = flag(word, 255n);
  // Interactions of the maker's (bits 252 and 251) need an extension to say with whom, or go to the maker's own contract.
  const extended = flag(word, 252n) || flag(word, 251n) || flag(word, 249n);
  const foreign = [
    allOrNothing && ('all-or-nothing' as const),
    extended && ('extension' as const),
    flag(word, 248n) && ('permit2' as const),
    flag(word, 247n) && ('unwraps' as const),
    (word & ALLOWED_SENDER) !== 0n && ('private' as const),
  ].find((each) => each !== false);
  return {
    usesBit: allOrNothing || !flag(word, 254n),
    nonceOrEpoch: (word >> 120n) & FIELD,
    ...(flag(word, 250n) && { series: (word >> 160n) & FIELD }),
    ...(expiration !== 0 && { expiresAt: expiration }),
    ...(foreign !== undefined && { foreign }),
  };
}

const TYPES = {
  Order: [
    { name: 'salt', type: 'uint256' },
    { name: 'maker', type: 'address' },
    { name: 'receiver', type: 'address' },
    { name: 'makerAsset', type: 'address' },
    { name: 'takerAsset', type: 'address' },
    { name: 'makingAmount', type: 'uint256' },
    { name: 'takingAmount', type: 'uint256' },
    { name: 'makerTraits', type: 'uint256' },
  ],
};

/**
 * What a maker signs, as EIP-712 typed data.
 *
 * @example
 * ```ts
 * const { domain, types, value } = limitOrderTypedData(order, { chainId: 1, limitOrderProtocol })
 * const signature = await wallet.signTypedData(domain, types, value)
 * ```
 */
export function limitOrderTypedData(
  order: LimitOrder,
  { chainId, limitOrderProtocol }: { readonly chainId: number; readonly limitOrderProtocol: Address },
): {
  readonly domain: TypedDataDomain;
  readonly types: Record<string, { name: string; type: string }[]>;
  readonly value: LimitOrder;
} {
  const domain = { name: '1inch Limit Order Protocol', version: '4', chainId, verifyingContract: limitOrderProtocol };
  return { domain, types: TYPES, value: order };
}

/** The order's name on chain. */
export function limitOrderHash(
  order: LimitOrder,
  place: { readonly chainId: number; readonly limitOrderProtocol: Address },
): Hex {
  const { domain, types, value } = limitOrderTypedData(order, place);
  return TypedDataEncoder.hash(domain, types, value) as Hex;
}

/** Whether the maker's own key has signed it. */
export function isSignedByKey({ order, signature }: SignedLimitOrder, hash: Hex): boolean {
  try {
    const signer = recoverAddress(hash, Signature.from(signature));
    return sameAddress(signer, order.maker) && !sameAddress(order.maker, NATIVE_ADDRESS);
  } catch {
    return false;
  }
}
