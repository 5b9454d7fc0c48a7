import type { Address, Chain, Token } from '@evenkeel/core';

/** One options market of Lyra Avalon. */
export interface LyraMarket {
  readonly chain: Chain;
  readonly optionMarket: Address;
  readonly optionToken: Address;
  readonly optionGreekCache: Address;
  /** What premiums and most collateral are paid in, such as sUSD. */
  readonly quoteAsset: Token;
  /** The underlying as a token, such as sETH: the collateral of covered calls. */
  readonly baseAsset: Token;
}

/** What trading needs besides. */
export interface LyraTrading extends LyraMarket {
  /** From which the market takes its spot price. */
  readonly synthetixAdapter: Address;
}

/** The kinds of positions, in the order in which the contracts number them. */
export const LYRA_KINDS = ['long-call', 'long-put', 'short-call-base', 'short-call-quote', 'short-put-quote'] as const;

export type LyraKind = (typeof LYRA_KINDS)[number];

export const isCall = (kind: LyraKind): boolean => kind !== 'long-put' && kind !== 'short-put-quote';
export const isLong = (kind: LyraKind): boolean => kind === 'long-call' || kind === 'long-put';
