import { TradeRevertsError, TradeTooLargeError } from '../instruments/errors.js';
import { SynthetixMarginTooLowError, SynthetixMarketClosedError } from './errors.js';

/** The market's own words (PerpsV2MarketBase) as one of our errors. */
export function refusal(id: string, step: string, units: string, reason: string): Error {
  if (/Insufficient margin|Max leverage exceeded|can be liquidated|Position flagged/.test(reason)) {
    return new SynthetixMarginTooLowError(id, reason);
  }
  if (/Invalid price|too volatile|suspended/i.test(reason)) return new SynthetixMarketClosedError(id, reason);
  if (/Max market size exceeded/.test(reason)) return new TradeTooLargeError(id, units, 'the market is full');
  return new TradeRevertsError(id, step, reason);
}
