import type { StatedPrice } from '../report/cost-attribution.js';
import { nativeToken } from './balances.js';
import type { Portfolio } from './portfolio.js';
import type { Survey } from './survey.js';

/** What a look values tokens at: the underlying and native coins at the reference price, the numeraire at one. */
export function statedPrices(
  portfolio: Portfolio,
  { nativePrice, reference }: Pick<Survey, 'nativePrice' | 'reference'>,
): readonly StatedPrice[] {
  return [
    ...portfolio.baseTokens.map((token) => ({ token, price: reference.price, source: reference.source })),
    ...portfolio.quoteTokens.map((token) => ({ token, price: '1', source: 'numeraire' })),
    ...Object.entries(nativePrice).map(([chainId, price]) => ({
      token: nativeToken({ id: Number(chainId) }),
      price,
      source: portfolio.nativePrices[Number(chainId)] === undefined ? reference.source : 'configuration',
    })),
  ];
}
