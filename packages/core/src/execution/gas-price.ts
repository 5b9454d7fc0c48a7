import type { GasPrice } from '../ports/account.js';

/**
 * A price that gets in now and still does after the base fee has doubled (EIP-1559 lets it rise by at most an eighth a
 * block, so for at least six full blocks).
 */
export function openingPrice(fees: { readonly baseFeeWei: bigint; readonly priorityFeeWei: bigint }): GasPrice {
  return {
    maxFeePerGasWei: 2n * fees.baseFeeWei + fees.priorityFeeWei,
    maxPriorityFeePerGasWei: fees.priorityFeeWei,
  };
}

/**
 * The next price for the same nonce: at least `bumpBps` above the last in both parts, because nodes refuse a
 * replacement that raises only one of them (geth and anvil ask for 10 %), and at least what the market asks now.
 * Undefined when that would be above `maxFeePerGasWei`.
 */
export function replacementPrice(
  last: GasPrice,
  market: GasPrice,
  bumpBps: number,
  maxFeePerGasWei: bigint | undefined,
): GasPrice | undefined {
  const bumped = (wei: bigint): bigint => wei + ceilDiv(wei * BigInt(bumpBps), 10_000n) + 1n;
  const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);
  const priority = larger(bumped(last.maxPriorityFeePerGasWei), market.maxPriorityFeePerGasWei);
  const fee = larger(larger(bumped(last.maxFeePerGasWei), market.maxFeePerGasWei), priority);
  if (maxFeePerGasWei !== undefined && fee > maxFeePerGasWei) return undefined;
  return { maxFeePerGasWei: fee, maxPriorityFeePerGasWei: priority };
}

/**
 * The gas limit for what a simulation has used. Refunds (up to a fifth of the use, EIP-3529) come only at the end, and
 * a call passes on 63/64 of what is left (EIP-150), so the limit has to lie well above the use.
 */
export function gasLimitFor(gasUsed: bigint, marginBps: number, floor: bigint): bigint {
  const limit = gasUsed + ceilDiv(gasUsed * BigInt(marginBps), 10_000n);
  return limit > floor ? limit : floor;
}

function ceilDiv(a: bigint, b: bigint): bigint {
  return (a + b - 1n) / b;
}
