import type { DecimalString } from '../model/decimal.js';
import type { StatedPrice } from '../report/cost-attribution.js';
import type { ReferencePrice } from '../route/reference-price.js';
import { nativeToken } from './balances.js';
import type { Portfolio } from './portfolio.js';

/** What things are valued at. */
export interface StatedMarket {
  readonly reference: Pick<ReferencePrice, 'price' | 'source'>;
  /** Numeraire per native coin, by chain. */
  readonly nativePrice: Readonly<Record<number, DecimalString>>;
}

/** Of a look, as plain JSON. */
export function marketOf({ nativePrice, reference: { price, source } }: StatedMarket): {
  readonly reference: { readonly price: DecimalString; readonly source: string };
  readonly nativePrice: Readonly<Record<string, DecimalString>>;
} {
  return { reference: { price, source }, nativePrice: { ...nativePrice } };
}

/** What a look values tokens at: the underlying and native coins at the reference price, the numeraire at one. */
export function statedPrices(
  portfolio: Pick<Portfolio, 'baseTokens' | 'nativePrices' | 'quoteTokens'>,
  { nativePrice, reference }: StatedMarket,
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
