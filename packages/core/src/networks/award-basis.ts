import type { AwardBasis, OwnRoute } from '../award/award.js';
import type { FillRecord } from '../award/outcomes.js';
import { Decimal } from '../model/decimal.js';
import type { ContestedSlice } from '../rebalancer/networks-port.js';
import type { NetworkOptions } from './options.js';

const NONE = { deltaUnits: 0, gammaPerUnit: 0, vegaPerPoint: 0 };
const WEI = 1e18;

/**
 * The scale of a slice: the book as it was seen, against where the trade is to land, until the book settles. What is to be
 * gained by trading at all is the policy's affair and the same for all contestants; what differs between them is what they
 * cost, how much of the way they go, when, and how surely.
 */
export function basisFor(
  { plan, portfolio, signed, survey }: ContestedSlice,
  { handicapBps, proofSeconds }: NetworkOptions,
  records: readonly FillRecord[],
  nowSeconds: number,
): AwardBasis {
  const { annualVolatility, exposure, gasPriceWei, nativePrice, reference } = survey;
  const price = Number(reference.price);
  const distance = (end: string): number => new Decimal(end).minus(plan.landingUnits).toNumber();
  return {
    book: {
      deviation: { low: distance(exposure.delta.low), high: distance(exposure.delta.high) },
      gammaPerUnit: exposure.gammaPerUnit,
      vegaPerPoint: 0,
      spot: price,
      annualVolatility,
      riskAversion: plan.riskAversion,
      horizonSeconds: portfolio.horizonSeconds,
    },
    tokens: [
      ...portfolio.baseTokens.map((token) => ({ token, price, greeks: { ...NONE, deltaUnits: 1 } })),
      ...portfolio.quoteTokens.map((token) => ({ token, price: 1, greeks: NONE })),
    ],
    gasPrice: Object.fromEntries(
      Object.entries(gasPriceWei).map(([id, wei]) => [id, (Number(wei) / WEI) * Number(nativePrice[Number(id)] ?? 0)]),
    ),
    nowSeconds,
    proofSeconds,
    records,
    handicapBps,
    maxCostBps: signed.intent.maxCostBps,
  };
}

export function ownContestant({ portfolio, route }: ContestedSlice): OwnRoute {
  const sign = route.side === 'sell' ? '-' : '';
  const timeSeconds = portfolio.latencySeconds + route.timeSeconds;
  return { cost: route.cost, deltaUnits: `${sign}${route.servedUnits}`, timeSeconds };
}
