import { type Address, type Hex, NATIVE_ADDRESS, sameAddress, type Token } from '@evenkeel/core';
import { InvalidInputError } from '@evenkeel/intents';
import { keccak256 } from 'ethers';
import { type Pair, sorted } from '../uniswap/pairs.js';
import { coder, POOL_KEY_TYPE } from './abi.js';

/** What a pool of the PoolManager is identified by. */
export interface PoolKey {
  readonly currency0: Address;
  readonly currency1: Address;
  /** In parts per million. */
  readonly fee: number;
  readonly tickSpacing: number;
  readonly hooks: Address;
}

/** A pool without hooks, apart from its tokens. */
export interface PoolTier {
  readonly feePpm: number;
  readonly tickSpacing: number;
}

/** Fees and spacings that pools without hooks are commonly opened with, as in Uniswap V3. */
export const COMMON_TIERS: readonly PoolTier[] = [
  { feePpm: 100, tickSpacing: 1 },
  { feePpm: 500, tickSpacing: 10 },
  { feePpm: 3000, tickSpacing: 60 },
  { feePpm: 10_000, tickSpacing: 200 },
];

/** `fee` of a pool whose hook sets the fee. */
const DYNAMIC_FEE = 0x80_0000;

export function keyOf([token0, token1]: Pair, { feePpm, tickSpacing }: PoolTier): PoolKey {
  return {
    currency0: token0.address,
    currency1: token1.address,
    fee: feePpm,
    tickSpacing,
    hooks: NATIVE_ADDRESS,
  };
}

/** keccak256 of the ABI-encoded key. */
export function poolIdOf(key: PoolKey): Hex {
  return keccak256(coder.encode([POOL_KEY_TYPE], [keyTuple(key)])) as Hex;
}

export function keyTuple({ currency0, currency1, fee, tickSpacing, hooks }: PoolKey): readonly unknown[] {
  return [currency0, currency1, fee, tickSpacing, hooks];
}

/** The configured keys that lie between two of the tokens. */
export function keysBetween(
  tokens: readonly Token[],
  keys: readonly PoolKey[],
): readonly { readonly pair: Pair; readonly key: PoolKey }[] {
  return keys.flatMap((key) => {
    const a = tokens.find((token) => sameAddress(token.address, key.currency0));
    const b = tokens.find((token) => sameAddress(token.address, key.currency1));
    return a === undefined || b === undefined ? [] : [{ pair: sorted(a, b), key }];
  });
}

/**
 * A key whose pool is a plain curve.
 * @throws {InvalidInputError} for hooks (they may take from the amounts or change the fee) and for impossible keys.
 */
export function requirePlainKey(key: PoolKey, field: string): void {
  const { currency0, currency1, fee, tickSpacing, hooks } = key;
  if (!sameAddress(hooks, NATIVE_ADDRESS)) {
    throw new InvalidInputError(
      `${field}.hooks`,
      hooks,
      'is a hook',
      'Leave the pool out: its swaps are no plain curve.',
    );
  }
  if (!Number.isInteger(fee) || fee < 0 || fee >= 1_000_000 || fee === DYNAMIC_FEE) {
    throw new InvalidInputError(`${field}.fee`, fee, 'is not a fee in parts per million', 'Write 500 for 0.05 %.');
  }
  if (!Number.isInteger(tickSpacing) || tickSpacing < 1 || tickSpacing > 32_767) {
    throw new InvalidInputError(`${field}.tickSpacing`, tickSpacing, 'is not a tick spacing', 'Write 1 to 32767.');
  }
  if (currency0.toLowerCase() >= currency1.toLowerCase()) {
    throw new InvalidInputError(`${field}.currency1`, currency1, 'does not sort after currency0', 'Swap the two.');
  }
}
