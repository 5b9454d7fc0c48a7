import { Decimal, type HedgeRoute, midpoint, sameToken } from '@evenkeel/core';
import { compare, type CompareRow } from '@evenkeel/core/solicit';
import type { Portfolio, Survey } from '@evenkeel/core/rebalancer';

/** Everything that competed, on one all-in basis, with why each won, lost or was refused. */
export function quotesOf(portfolio: Portfolio, survey: Survey, route: HedgeRoute | undefined): readonly CompareRow[] {
  const distance = new Decimal(portfolio.policy.targetDeltaUnits).minus(midpoint(survey.exposure.delta));
  const size = route === undefined ? distance.abs() : new Decimal(route.servedUnits);
  const side = route?.side ?? (distance.isNegative() ? 'sell' : 'buy');
  // What a buyer spends is the numeraire, a seller the underlying: lanes of the other token are beside the point.
  const spent = side === 'buy' ? portfolio.quoteTokens : portfolio.baseTokens;
  const bridges = survey.solicitation.bridges.filter(({ lane }) => spent.some((token) => sameToken(token, lane.from)));
  return compare(
    { ...survey.solicitation, bridges },
    {
      side,
      deltaUnits: (size.isZero() ? new Decimal(portfolio.policy.lotUnits) : size).toFixed(),
      baseTokens: portfolio.baseTokens,
      quoteTokens: portfolio.quoteTokens,
      referencePrice: survey.reference.price,
      gasPriceWei: survey.gasPriceWei,
      nativePrice: survey.nativePrice,
      timeCostBpsPerHour: 0,
      ...(route === undefined ? {} : { chosen: chosenOf(route) }),
    },
  );
}

function chosenOf({ hops, marginalPrice }: HedgeRoute) {
  return {
    pools: hops.flatMap((hop) =>
      hop.kind === 'swap' ? [{ adapter: hop.adapter, chainId: hop.chainId, poolId: hop.poolId }] : [],
    ),
    lanes: hops.flatMap((hop) =>
      hop.kind === 'bridge' ? [{ adapter: hop.adapter, from: hop.tokenIn, to: hop.tokenOut }] : [],
    ),
    marginalPrice,
  };
}
