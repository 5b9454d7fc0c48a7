import { award, type Award } from '../award/award.js';
import { Decimal, fromAtoms } from '../model/decimal.js';
import type { Bid } from '../ports/solver.js';
import type { HedgeRoute } from '../route/hedge.js';
import type { Portfolio } from './portfolio.js';
import type { Survey } from './survey.js';

/** Ours or theirs: the route against whatever outside networks bid for the same slice, on one scale. */
export function awardRoute(
  { baseTokens, quoteTokens }: Portfolio,
  { reference }: Survey,
  route: HedgeRoute,
  bids: readonly Bid[],
  nowSeconds: number,
): Award {
  const given = route.spent.reduce((sum, { atoms, token }) => sum.plus(fromAtoms(token, atoms)), new Decimal(0));
  return award({ cost: route.cost }, bids, {
    side: route.side,
    deltaUnits: route.servedUnits,
    referencePrice: reference.price,
    outputTokens: route.side === 'buy' ? baseTokens : quoteTokens,
    input: given.toFixed(),
    nowSeconds,
    handicapBps: 0,
    gasCost: '0',
  });
}
