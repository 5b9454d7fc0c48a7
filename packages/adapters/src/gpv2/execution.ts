import { EvenkeelError } from '@evenkeel/intents';
import type { Gpv2Order } from './order.js';

/** What a trade moves, in token atoms. */
export interface ExecutedAmounts {
  /** Taken from the owner, the fee included. */
  readonly sellAtoms: bigint;
  /** Paid to the receiver. */
  readonly buyAtoms: bigint;
  /** The part of `sellAtoms` that is fee. */
  readonly feeAtoms: bigint;
  /** What `filledAmount` of the order is afterwards: sold atoms without fee, or bought atoms of a buy order. */
  readonly filledAtoms: bigint;
}

/** The prices of an order's tokens in a settlement: any common scale, only their ratio counts. */
export interface ClearingPrices {
  readonly sell: bigint;
  readonly buy: bigint;
}

/** Why the contract would revert on this trade; the codes follow its own messages. */
export type TradeRefusal = 'GPV2_LIMIT_PRICE' | 'GPV2_ORDER_FILLED' | 'GPV2_PRICE_ZERO' | 'GPV2_OVERFLOW';

/** The settlement contract would refuse a trade. Code `GPV2_LIMIT_PRICE`, `GPV2_ORDER_FILLED`, `GPV2_PRICE_ZERO` or `GPV2_OVERFLOW`. */
export class TradeRefusedError extends EvenkeelError {
  constructor(code: TradeRefusal, problem: string, hint: string) {
    super(code, `The settlement contract refuses this trade: ${problem}.`, { hint });
  }
}

const UINT256_LIMIT = 1n << 256n;

/**
 * The amounts that GPv2Settlement moves for an order at these prices: `computeTradeExecution` to the atom.
 *
 * A sell order's bought amount is rounded up, a buy order's sold amount down: both in the owner's favour, so that a
 * settlement owes up to one atom an order.
 *
 * @param executedAtoms of a partially fillable order: sold atoms of a sell order, bought atoms of a buy order. Ignored else.
 * @param filledAtoms what was filled before (see {@link filledAmountCall})
 * @throws {TradeRefusedError} where the contract would revert.
 * @example
 * ```ts
 * const { sellAtoms, buyAtoms } = executedAmounts(order, { sell: 3_000_000_000n, buy: 10n ** 18n });
 * ```
 */
export function executedAmounts(
  order: Gpv2Order,
  prices: ClearingPrices,
  executedAtoms = 0n,
  filledAtoms = 0n,
): ExecutedAmounts {
  const { buyAmount, feeAmount, kind, partiallyFillable, sellAmount } = order;
  if (product(sellAmount, prices.sell) < product(buyAmount, prices.buy)) {
    throw new TradeRefusedError(
      'GPV2_LIMIT_PRICE',
      'its limit is not kept',
      'Use prices inside the limit of the order.',
    );
  }
  const total = kind === 'sell' ? sellAmount : buyAmount;
  const executed = partiallyFillable ? executedAtoms : total;
  const feeAtoms = partiallyFillable ? quotient(product(feeAmount, executed), total) : feeAmount;
  const filledAfter = filledAtoms + executed;
  const other =
    kind === 'sell'
      ? ceilQuotient(product(executed, prices.sell), prices.buy)
      : quotient(product(executed, prices.buy), prices.sell);
  if (filledAfter > total) {
    throw new TradeRefusedError('GPV2_ORDER_FILLED', 'it is filled or cancelled', 'Execute no more than what is open.');
  }
  const sold = (kind === 'sell' ? executed : other) + feeAtoms;
  requireFits(sold);
  return Object.freeze({
    sellAtoms: sold,
    buyAtoms: kind === 'sell' ? other : executed,
    feeAtoms,
    filledAtoms: filledAfter,
  });
}

function product(a: bigint, b: bigint): bigint {
  return requireFits(a * b);
}

function requireFits(value: bigint): bigint {
  if (value < UINT256_LIMIT) return value;
  throw new TradeRefusedError(
    'GPV2_OVERFLOW',
    'a product does not fit 256 bits',
    'Use smaller prices: only ratios count.',
  );
}

function quotient(a: bigint, b: bigint): bigint {
  if (b > 0n) return a / b;
  throw new TradeRefusedError(
    'GPV2_PRICE_ZERO',
    'it divides by zero',
    'Give every token a price and every order a size.',
  );
}

function ceilQuotient(a: bigint, b: bigint): bigint {
  const floor = quotient(a, b);
  return floor * b === a ? floor : floor + 1n;
}
