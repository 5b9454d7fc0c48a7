import { InvalidInputError } from '@evenkeel/intents';

/** `0x` and hexadecimal digits. */
export type Hex = `0x${string}`;
/** A 20-byte EVM address, any letter case. Compare with {@link sameAddress}. */
export type Address = `0x${string}`;

/** A fungible token on one chain. The zero address stands for the chain's native coin. */
export interface Token {
  readonly chainId: number;
  readonly address: Address;
  readonly symbol: string;
  /** How many decimal places one unit has: 1 USDC = 10^6 atoms. */
  readonly decimals: number;
}

/** An exact quantity of one token, in its smallest unit. */
export interface TokenAmount {
  readonly token: Token;
  readonly atoms: bigint;
}

export const NATIVE_ADDRESS: Address = '0x0000000000000000000000000000000000000000';

export function sameAddress(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/** One string per (chain, token), for maps: `31337:0xabc…` in lower case. */
export function tokenKey(token: Pick<Token, 'chainId' | 'address'>): string {
  return `${token.chainId}:${token.address.toLowerCase()}`;
}

export function sameToken(a: Token, b: Token): boolean {
  return a.chainId === b.chainId && sameAddress(a.address, b.address);
}

/** Throws INVALID_INPUT when two amounts are not of the same token. */
export function assertSameToken(a: Token, b: Token, field: string): void {
  if (sameToken(a, b)) return;
  throw new InvalidInputError(field, tokenKey(b), `must be of token ${tokenKey(a)}`, 'Convert it first.');
}
