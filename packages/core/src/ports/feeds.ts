import type { AsOf } from '../model/as-of.js';
import type { DecimalString } from '../model/decimal.js';

/** One observation of a feed. */
export interface Observation {
  readonly value: DecimalString;
  readonly asOf: AsOf;
}

/** Numeraire per unit of an asset (by symbol: `ETH`). */
export interface PriceFeed {
  price(asset: string, signal: AbortSignal): Promise<Observation>;
}

/** Forward price over spot for an expiry. */
export interface ForwardFeed {
  forwardRatio(asset: string, expirySeconds: number, signal: AbortSignal): Promise<Observation>;
}

/** Funding of a perpetual future, per year of notional; positive is paid by longs. */
export interface FundingFeed {
  annualRate(venue: string, asset: string, signal: AbortSignal): Promise<Observation>;
}

/** Annualised volatility, per √year. */
export interface VolatilityFeed {
  implied?(asset: string, strike: DecimalString, expirySeconds: number, signal: AbortSignal): Promise<Observation>;
  realised(asset: string, signal: AbortSignal): Promise<Observation>;
}

/** Expected share of a day's volume per bin, summing to 1. */
export interface VolumeFeed {
  profile(asset: string, bins: number, signal: AbortSignal): Promise<readonly number[]>;
}

/** What a unit of gas will cost. */
export interface GasFeed {
  gasPriceWei(chainId: number, signal: AbortSignal): Promise<Observation>;
}
