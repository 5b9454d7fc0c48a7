import { AbiCoder } from 'ethers';
import type { Hex } from '@evenkeel/core';

const ERROR_STRING = '0x08c379a0';
const PANIC = '0x4e487b71';

/** What the compiler means by a panic (Solidity documentation, "Panic via assert and Error via require"). */
const PANICS: Readonly<Record<string, string>> = {
  '1': 'assertion failed',
  '17': 'arithmetic overflow or underflow',
  '18': 'division by zero',
  '33': 'invalid enum value',
  '34': 'invalid storage byte array',
  '49': 'pop of an empty array',
  '50': 'array index out of bounds',
  '65': 'out of memory',
  '81': 'call of an uninitialised function',
};

/**
 * A revert in words: the text of `Error(string)`, the meaning of `Panic(uint256)`, else the selector of the custom
 * error. Never throws, however malformed the data.
 *
 * @example
 * ```ts
 * decodeRevert('0x') // 'reverted without a reason'
 * ```
 */
export function decodeRevert(data: Hex): string {
  if (data.length < 10) return 'reverted without a reason';
  const selector = data.slice(0, 10);
  if (selector === ERROR_STRING) {
    const text = decodeOne('string', data);
    if (text !== undefined) return text === '' ? 'reverted with an empty reason' : text;
  }
  if (selector === PANIC) {
    const code = decodeOne('uint256', data);
    if (code !== undefined) return `panic ${code}: ${PANICS[code] ?? 'unknown code'}`;
  }
  return `reverted with custom error ${selector}`;
}

function decodeOne(type: string, data: Hex): string | undefined {
  try {
    return String(AbiCoder.defaultAbiCoder().decode([type], `0x${data.slice(10)}`)[0]);
  } catch {
    return undefined;
  }
}
