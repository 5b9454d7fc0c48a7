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

/** What is asked: pools of all venues with a curve; or what bridges want for transfers, and others for their offers. */
export type MarketQuestion =
  | { readonly kind: 'pools' }
  | {
      readonly kind: 'quotes';
      readonly transfers: readonly QuoteRequest[];
      readonly offers: readonly QuoteRequest[];
    };

export function askMarket(
  { baseTokens, limits, quoteTokens }: Portfolio,
  { bridges, clock, venues }: Pick<RebalancerPorts, 'bridges' | 'clock' | 'venues'>,
  question: MarketQuestion,
  signal: AbortSignal,
): Promise<Solicitation> {
  const { offers, transfers } = question.kind === 'pools' ? { offers: [], transfers: [] } : question;
  const isAsked = question.kind === 'pools' || offers.length > 0;
  return solicit(
    {
      tokens: isAsked ? [...baseTokens, ...quoteTokens] : [],
      quotes: offers,
      transfers,
      maxAgeSeconds: limits.maxAgeSeconds,
    },
    {
      venues: venues.filter(({ capabilities }) => capabilities.curve === (question.kind === 'pools')),
      bridges: question.kind === 'pools' ? [] : bridges,
      clock,
      signal,
      deadlineMs: limits.solicitMs,
      graceMs: GRACE_MS,
    },
  );
}
