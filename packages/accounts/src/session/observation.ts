import type { Chain, Hex } from '@evenkeel/core';
import { type BandMarket, observationPlace } from '@evenkeel/contracts';

/**
 * What an order names so that the chain need not search for the beginning of a market's mean price: up to 28,000 gas in a
 * pool that is traded in often. Goes into the order as it is.
 *
 * @returns nothing to be named when the pool has been quiet for so long that nothing has to be found, or is none of Uniswap V3
 * @throws RPC_* errors of the chain
 *
 * @example
 * ```ts
 * const order = { sell: true, amountIn, ...rest, ...(await observationHint(chain, policy.markets[0])) }
 * ```
 */
export async function observationHint(
  chain: Chain,
  market: Pick<BandMarket, 'twapPool' | 'twapSeconds'>,
  signal?: AbortSignal,
): Promise<{ readonly observation?: number }> {
  const { timeSeconds: nowSeconds } = await chain.block('latest', signal);
  const read = async (data: Hex): Promise<Hex> => {
    const { results } = await chain.read([{ to: market.twapPool, data }], signal);
    return results[0]!.data;
  };
  const found = await observationPlace({ read, twapSeconds: market.twapSeconds, nowSeconds });
  return found === undefined ? {} : { observation: found };
}
