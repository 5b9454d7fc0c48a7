import { keccak256 as hash } from 'ethers/crypto';
import type { Hex } from './intent.js';

/**
 * keccak256 as Ethereum uses it, so that all packages hash with one implementation.
 *
 * @example
 * ```ts
 * keccak256(new Uint8Array()); // 0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470
 * ```
 */
export function keccak256(bytes: Uint8Array): Hex {
  return hash(bytes) as Hex;
}
