import type { DecimalString } from '../model/decimal.js';
import { Decimal } from '../model/decimal.js';
import type { Token, TokenAmount } from '../model/token.js';
import type { HedgeRequest } from '../route/hedge.js';
import { inventoryValues } from '../route/inventory-values.js';
import { farSideStocks } from './far-side-stocks.js';
import { nextNeeds } from './next-needs.js';
import type { Portfolio } from './portfolio.js';
import type { Survey } from './survey.js';

/** What of a survey the router's question is made of. */
export type Market = Pick<Survey, 'balances' | 'bridges' | 'gasPriceWei' | 'nativePrice' | 'pools' | 'reference'>;

export interface WantedHedge {
  /** Signed change of delta. */
  readonly deltaChangeUnits: DecimalString;
  readonly annualVolatility: number;
  /** γ per numeraire; what it costs that a part of the hedge waits on a bridge. */
  readonly riskAversion: number;
  readonly maxSpend?: readonly TokenAmount[];
  readonly onShortfall: 'error' | 'partial';
  readonly nodeBudget?: number | undefined;
}

/** The router's question, from what was surveyed, on the chains that answer. */
export function hedgeRequest(portfolio: Portfolio, survey: Market, wanted: WantedHedge): HedgeRequest {
  const change = new Decimal(wanted.deltaChangeUnits);
  const { annualVolatility, maxSpend, nodeBudget, onShortfall, riskAversion } = wanted;
  const answers = ({ chainId }: Token): boolean => survey.gasPriceWei[chainId] !== undefined;
  const request: HedgeRequest = {
    side: change.isNegative() ? 'sell' : 'buy',
    deltaUnits: change.abs().toFixed(),
    baseTokens: portfolio.baseTokens.filter(answers),
    quoteTokens: portfolio.quoteTokens.filter(answers),
    pools: survey.pools,
    ...farSideStocks(survey.bridges),
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
    ...(nodeBudget === undefined ? {} : { nodeBudget }),
  };
  if (portfolio.limits.keepForNext !== true || request.bridges.length === 0) return request;
  return { ...request, inventoryValues: inventoryValues(nextNeeds(request), request) };
}
