import type { TradeQuote } from '@evenkeel/core';
import type { PerpetualMargin } from '@evenkeel/core/margin';

/**
 * The margin of an account as a trade leaves it, at the same mark price. Whether a part of the profit is realised by the
 * trade makes no difference to what the account is worth, nor to where it is liquidated.
 *
 * @param spot the one that the quote was asked with: its cost is against that
 * @example
 * ```ts
 * const before = perpV2Margin(await readPerpV2Account(market, owner, signal))
 * requireMargin([{ step: 'now', account: perpetualMargin(before) },
 *   { step: 'trade', account: perpetualMargin(perpV2MarginAfter(before, quote, spot)) }], limits)
 * ```
 */
export function perpV2MarginAfter(
  margin: PerpetualMargin,
  { cost, greeks: { deltaUnits } }: TradeQuote,
  spot: number,
): PerpetualMargin {
  // What a sale brings, fee taken off; what a purchase takes, fee included.
  const received = -(deltaUnits * spot + cost);
  return Object.freeze({
    ...margin,
    sizeUnits: margin.sizeUnits + deltaUnits,
    openNotional: margin.openNotional + received,
  });
}
