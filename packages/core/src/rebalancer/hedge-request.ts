import type { DecimalString } from '../model/decimal.js';
import { Decimal } from '../model/decimal.js';
import type { TokenAmount } from '../model/token.js';
import type { HedgeRequest } from '../route/hedge.js';
import type { Portfolio } from './portfolio.js';
import type { Survey } from './survey.js';

export interface WantedHedge {
  /** Signed change of delta. */
  readonly deltaChangeUnits: DecimalString;
  readonly annualVolatility: number;
  /** γ per numeraire; what it costs that a part of the hedge waits on a bridge. */
  readonly riskAversion: number;
  readonly maxSpend?: readonly TokenAmount[];
  readonly onShortfall: 'error' | 'partial';
}

/** The router's question, from what was surveyed. */
export function hedgeRequest(portfolio: Portfolio, survey: Survey, wanted: WantedHedge): HedgeRequest {
  const change = new Decimal(wanted.deltaChangeUnits);
  const { annualVolatility, maxSpend, onShortfall, riskAversion } = wanted;
  return {
    side: change.isNegative() ? 'sell' : 'buy',
    deltaUnits: change.abs().toFixed(),
    baseTokens: portfolio.baseTokens,
    quoteTokens: portfolio.quoteTokens,
    pools: survey.pools,
    bridges: survey.bridges,
    inventories: survey.balances,
    gasPriceWei: survey.gasPriceWei,
    nativePrice: survey.nativePrice,
    referencePrice: survey.reference.price,
    timeAtRisk: {
      kind: 'volatility',
      annualVolatility: new Decimal(String(annualVolatility)).toFixed(),
      riskAversion: new Decimal(riskAversion.toPrecision(15)).toFixed(),
    },
    slippageBps: portfolio.limits.slippageBps,
    maxHops: portfolio.limits.maxHops,
    onShortfall,
    ...(maxSpend === undefined ? {} : { constraints: { maxSpend } }),
  };
}
