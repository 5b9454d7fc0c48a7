import type { QuoteRequest } from '../model/quote.js';
import type { Token } from '../model/token.js';
import { solicit, type Solicitation } from '../solicit/solicit.js';
import type { Portfolio, RebalancerPorts } from './portfolio.js';

/** How long a straggler may take to stop. */
const GRACE_MS = 50;

/** The portfolio on the chains that answer: nothing else may be traded. */
export function marketOn(portfolio: Portfolio, live: readonly { readonly chainId: number }[]): Portfolio {
  const answers = ({ chainId }: Token): boolean => live.some((chain) => chain.chainId === chainId);
  return {
    ...portfolio,
    baseTokens: portfolio.baseTokens.filter(answers),
    quoteTokens: portfolio.quoteTokens.filter(answers),
  };
}

/** Pools of all venues where they are asked for, and quotes of the bridges for the transfers. */
export function askMarket(
  portfolio: Portfolio,
  { bridges, clock, venues }: Pick<RebalancerPorts, 'bridges' | 'clock' | 'venues'>,
  transfers: readonly QuoteRequest[],
  signal: AbortSignal,
  pools: boolean,
): Promise<Solicitation> {
  const tokens = pools ? [...portfolio.baseTokens, ...portfolio.quoteTokens] : [];
  return solicit(
    { tokens, quotes: [], transfers, maxAgeSeconds: portfolio.limits.maxAgeSeconds },
    {
      venues: pools ? venues : [],
      bridges: pools ? [] : bridges,
      clock,
      signal,
      deadlineMs: portfolio.limits.solicitMs,
      graceMs: GRACE_MS,
    },
  );
}
