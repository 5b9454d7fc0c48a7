import type { Address, Hex } from '@evenkeel/core';
import { InvalidInputError } from '@evenkeel/intents';

const ADDRESS = /^0x[0-9a-f]{40}$/i;
const PADDED_ADDRESS = /^0x0{24}[0-9a-f]{40}$/i;

/** An address as the 32-byte word that cross-chain protocols carry: padded with zeros on the left. */
export function addressToWord(address: Address): Hex {
  if (!ADDRESS.test(address)) {
    throw new InvalidInputError('address', address, 'is not a 20-byte address', 'Write it as 0x and 40 hex digits.');
  }
  return `0x${address.slice(2).toLowerCase().padStart(64, '0')}`;
}

/** The address in a 32-byte word. A word with anything in its upper 12 bytes belongs to another kind of chain. */
export function wordToAddress(word: string): Address {
  if (!PADDED_ADDRESS.test(word)) {
    throw new InvalidInputError('word', word, 'is not an EVM address in a 32-byte word', 'Use an EVM lane.');
  }
  return `0x${word.slice(26).toLowerCase()}`;
}
