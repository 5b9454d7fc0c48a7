import { type Address, type Hex, type StateOverride, tickAtSqrtRatio } from '@evenkeel/core';
import { InvalidInputError } from '@evenkeel/intents';
import { toBeHex } from 'ethers';
import { feedCode } from './feed-code.js';

/** A way to make a contract say another price, in a simulation. */
export interface PriceBump {
  /** Whose state is overridden. */
  readonly address: Address;
  /** The word of its storage that holds the price; undefined where its code is replaced. */
  readonly slot?: Hex;
  /** The override under which the price is `factor` times what it is. `word` is what the slot holds now. */
  override(spot: number, factor: number, word: bigint): StateOverride;
}

/** Replaces a Chainlink feed (or its proxy) by code that answers the bumped price, just now. */
export function feedAnswer(feed: { readonly address: Address; readonly decimals: number }): PriceBump {
  const { address, decimals } = feed;
  requireWhole(decimals, 0, 36, 'decimals');
  return Object.freeze({
    address,
    override: (spot: number, factor: number) => ({ code: feedCode(scaled(spot * factor, decimals), decimals) }),
  });
}

/** Overrides a number in a word of a contract's storage; the other bits of the word stay. */
export function storageWord(place: {
  readonly address: Address;
  readonly slot: Hex;
  /** Where in the word the number begins, counted from its lowest bit. Default: 0. */
  readonly bitOffset?: number;
  /** How wide it is. Default: what is left of the word. */
  readonly bits?: number;
}): PriceBump {
  const { address, bitOffset = 0, slot } = place;
  requireWhole(bitOffset, 0, 255, 'bitOffset');
  const { bits = 256 - bitOffset } = place;
  requireWhole(bits, 1, 256 - bitOffset, 'bits');
  return Object.freeze({
    address,
    slot: toBeHex(slot, 32) as Hex,
    override: (_spot: number, factor: number, word: bigint) => {
      const mask = ((1n << BigInt(bits)) - 1n) << BigInt(bitOffset);
      const number = (word & mask) >> BigInt(bitOffset);
      const bumped = (times(number, factor) << BigInt(bitOffset)) & mask;
      return { storage: { [toBeHex(slot, 32)]: toBeHex((word & ~mask) | bumped, 32) as Hex } };
    },
  });
}

/** Moves the price of a Uniswap V3 pool in its slot 0, its tick along with it; the liquidity there stays. */
export function uniswapV3Price(pool: { readonly address: Address; readonly underlyingIndex: 0 | 1 }): PriceBump {
  const { address, underlyingIndex } = pool;
  const slot = toBeHex(0, 32) as Hex;
  return Object.freeze({
    address,
    slot,
    override: (_spot: number, factor: number, word: bigint) => {
      const root = word & ROOT_MASK;
      const moved = times(root, Math.sqrt(underlyingIndex === 0 ? factor : 1 / factor));
      const tick = BigInt.asUintN(24, BigInt(tickAtSqrtRatio(moved)));
      const rest = (word >> 184n) << 184n;
      return { storage: { [slot]: toBeHex(rest | (tick << 160n) | moved, 32) as Hex } };
    },
  });
}

const ROOT_MASK = (1n << 160n) - 1n;
/** Digits of a factor that count. */
const PRECISION = 10n ** 15n;

function times(number: bigint, factor: number): bigint {
  return (number * BigInt(Math.round(factor * Number(PRECISION)))) / PRECISION;
}

function scaled(value: number, decimals: number): bigint {
  // In two steps: a price times 10^18 has more digits than a number holds.
  const coarse = Math.min(decimals, 8);
  return BigInt(Math.round(value * 10 ** coarse)) * 10n ** BigInt(decimals - coarse);
}

function requireWhole(value: number, low: number, high: number, field: string): void {
  if (Number.isInteger(value) && value >= low && value <= high) return;
  throw new InvalidInputError(field, value, 'is not a whole number in range', `Give ${low} to ${high}.`);
}
