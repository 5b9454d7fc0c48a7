import type { BatchFill, BatchMarket } from '@evenkeel/core/batch';

/** A part in a thousand of what is saved is kept at least: a limit at which nothing is saved is worth no batch. */
const KEPT_SHARE = 0.001;

/**
 * The least that a participant signs for: what leaves it no worse off than by its own route, and within its own limit. So what is left
 * of a batch can be cleared again after somebody has failed, and the orders that were signed for the first price serve the
 * second, too: nobody signs twice, and no signature is about that could be used beside another.
 *
 * @param ownCost of its own route against the mid of this market, numeraire
 * @param sellAmount what it sells, without the gas share
 * @param buyAmount what it gets at the clearing price
 */
export function signedLimit(
  market: BatchMarket,
  fill: BatchFill,
  ownCost: number,
  sellAmount: bigint,
  buyAmount: bigint,
): bigint {
  const { cost, feeAtoms, order, side } = fill;
  const saved = Math.max(0, ownCost - cost) * (1 - KEPT_SHARE);
  const [units, decimals] =
    side === 'buy' ? [saved / Number(market.midPrice), market.base.decimals] : [saved, market.quote.decimals];
  const asAlone = buyAmount - BigInt(Math.floor(units * 10 ** decimals));
  // All in: a buyer pays what it sells and its fee, a seller gives them.
  const byLimit =
    side === 'buy'
      ? ceilQuotient((sellAmount + feeAtoms) * order.baseAtoms, order.limitQuoteAtoms)
      : ceilQuotient((sellAmount + feeAtoms) * order.limitQuoteAtoms, order.baseAtoms);
  const least = asAlone > byLimit ? asAlone : byLimit;
  return least < buyAmount ? least : buyAmount;
}

function ceilQuotient(a: bigint, b: bigint): bigint {
  return (a + b - 1n) / b;
}
