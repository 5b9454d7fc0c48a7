import { getAddress } from 'ethers/address';
import { keccak256 } from 'ethers/crypto';
import * as v from 'valibot';
import { InvalidInputError } from './errors.js';
import { address, chainId, check } from './input.js';
import type { Address, Hex } from './intent.js';

/**
 * ERC-7930 interoperable addresses, version 1, for EVM chains (CAIP-350 profile `eip155`):
 *
 * ```
 * version 0x0001 ‖ chain type 0x0000 ‖ length ‖ chain id, minimal big-endian ‖ length 0x14 or 0x00 ‖ address
 * ```
 *
 * and their text form, the interoperable name `address@eip155:chainId#checksum`.
 */

/** An address, a chain, or an address on a chain; never neither. */
export type InteroperableAddress =
  | { readonly chainId: number; readonly address: Address }
  | { readonly chainId: number; readonly address?: undefined }
  | { readonly chainId?: undefined; readonly address: Address };

const VERSION_1 = '0001';
const CHAIN_TYPE_EIP155 = '0000';
const NAME = /^(0x[0-9a-fA-F]{40})?@eip155(?::([1-9]\d{0,15}))?#([0-9A-F]{8})$/;

const chainIdField = v.optional(chainId);
const addressField = v.optional(address);

/**
 * The binary form, as hexadecimal.
 *
 * @throws {InvalidInputError} for a chain id or address that is none, or when both are missing.
 * @example
 * ```ts
 * encodeInteroperableAddress({ chainId: 1, address: '0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045' });
 * // 0x00010000010114d8da6bf26964af9d7eed9e03e53415d37aa96045
 * ```
 */
export function encodeInteroperableAddress(target: InteroperableAddress): Hex {
  const chain = check(chainIdField, target.chainId, 'chainId');
  const account = check(addressField, target.address, 'address');
  if (chain === undefined && account === undefined) {
    throw new InvalidInputError('interoperableAddress', target, 'names neither a chain nor an address', 'Give one.');
  }
  const reference = chain === undefined ? '' : evenHex(chain);
  const accountHex = account === undefined ? '' : account.slice(2).toLowerCase();
  return `0x${VERSION_1}${CHAIN_TYPE_EIP155}${lengthByte(reference)}${reference}${lengthByte(accountHex)}${accountHex}`;
}

/**
 * Reads the binary form. Only the one canonical spelling is accepted: no leading zero in the chain id, no byte missing
 * or left over.
 *
 * @throws {InvalidInputError} saying which part is wrong.
 */
export function decodeInteroperableAddress(encoded: string): InteroperableAddress {
  if (!/^0x(?:[0-9a-fA-F]{2})*$/.test(encoded))
    throw refusal(encoded, 'is not hexadecimal', 'Give 0x and whole bytes.');
  const reader = byteReader(encoded);
  const version = reader.take(2, 'the version');
  if (version !== VERSION_1) throw refusal(encoded, `has version 0x${version}`, 'Only version 1 is known.');
  const chainType = reader.take(2, 'the chain type');
  if (chainType !== CHAIN_TYPE_EIP155) {
    throw refusal(encoded, `has chain type 0x${chainType}`, 'Only EVM chains (0x0000) are known.');
  }
  const reference = reader.take(reader.length('the chain length'), 'the chain id');
  const account = reader.take(reader.length('the address length'), 'the address');
  reader.end();
  return assemble(encoded, referenceToChainId(encoded, reference), accountToAddress(encoded, account));
}

/**
 * The text form, for people: `0xd8dA…6045@eip155:1#4CA88C9C`.
 *
 * @throws {InvalidInputError} as {@link encodeInteroperableAddress} does.
 */
export function formatInteroperableName(target: InteroperableAddress): string {
  const encoded = encodeInteroperableAddress(target);
  const account = target.address === undefined ? '' : getAddress(target.address);
  const chain = target.chainId === undefined ? '' : `:${target.chainId}`;
  return `${account}@eip155${chain}#${checksum(encoded)}`;
}

/**
 * Reads the text form and verifies its checksum, which covers chain and address.
 *
 * @throws {InvalidInputError} for another form, another kind of chain, or a wrong checksum.
 */
export function parseInteroperableName(name: string): InteroperableAddress {
  const match = NAME.exec(name);
  if (match === null) {
    throw refusal(name, 'is not an interoperable name', 'Write it as 0x…@eip155:1#4CA88C9C, with its checksum.');
  }
  const [, account, chain, stated] = match;
  const target = assemble(
    name,
    chain === undefined ? undefined : check(chainId, Number(chain), 'chainId'),
    account === undefined ? undefined : check(address, account, 'address'),
  );
  const computed = checksum(encodeInteroperableAddress(target));
  if (stated !== computed) throw refusal(name, `has a wrong checksum, not ${computed}`, 'Copy the name again.');
  return target;
}

/** First four bytes of the keccak256 of the binary form without its version. */
function checksum(encoded: Hex): string {
  return keccak256(`0x${encoded.slice(6)}`)
    .slice(2, 10)
    .toUpperCase();
}

function assemble(input: string, chain: number | undefined, account: Address | undefined): InteroperableAddress {
  if (chain !== undefined && account !== undefined) return Object.freeze({ chainId: chain, address: account });
  if (chain !== undefined) return Object.freeze({ chainId: chain });
  if (account !== undefined) return Object.freeze({ address: account });
  throw refusal(input, 'names neither a chain nor an address', 'Give one that does.');
}

function referenceToChainId(encoded: string, reference: string): number | undefined {
  if (reference === '') return undefined;
  if (reference.startsWith('00')) throw refusal(encoded, 'has a chain id with a leading zero', 'Use the minimal form.');
  const value = BigInt(`0x${reference}`);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw refusal(encoded, `has chain id ${value}`, 'Chain ids up to 2^53 - 1 are supported.');
  }
  return Number(value);
}

function accountToAddress(encoded: string, account: string): Address | undefined {
  if (account === '') return undefined;
  if (account.length !== 40) throw refusal(encoded, 'has an address that is not 20 bytes', 'EVM addresses have 20.');
  return getAddress(`0x${account}`) as Address;
}

interface ByteReader {
  /** The next `count` bytes as hexadecimal digits. */
  take(count: number, what: string): string;
  /** The next byte as a number. */
  length(what: string): number;
  /** Refuses left-over bytes. */
  end(): void;
}

function byteReader(encoded: string): ByteReader {
  const digits = encoded.slice(2).toLowerCase();
  let position = 0;
  const take = (count: number, what: string): string => {
    const part = digits.slice(position, position + 2 * count);
    if (part.length !== 2 * count) throw refusal(encoded, `ends before ${what} is complete`, 'Give all of its bytes.');
    position += 2 * count;
    return part;
  };
  return {
    take,
    length: (what) => parseInt(take(1, what), 16),
    end: () => {
      if (position !== digits.length) throw refusal(encoded, 'has bytes after the address', 'Remove them.');
    },
  };
}

function evenHex(value: number): string {
  const digits = value.toString(16);
  return digits.length % 2 === 0 ? digits : `0${digits}`;
}

function lengthByte(hex: string): string {
  return (hex.length / 2).toString(16).padStart(2, '0');
}

function refusal(value: string, problem: string, hint: string): InvalidInputError {
  return new InvalidInputError('interoperableAddress', value, problem, hint);
}
