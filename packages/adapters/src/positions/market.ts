import { sameAddress, type Address, type Token } from '@evenkeel/core';

/** Which of a chain's tokens the exposure is about. */
export interface PositionMarket {
  /** The token whose price is the risk: WETH. */
  readonly underlying: Token;
  /** Tokens that are worth one numeraire each: USDC, USDT. */
  readonly numeraires: readonly Token[];
}

/** How two tokens of a pool stand to the market. */
export type PairRole =
  | {
      readonly kind: 'market';
      readonly underlyingIndex: 0 | 1;
      readonly tokens: readonly [Token, Token];
    }
  /** Without the underlying: no delta. */
  | { readonly kind: 'irrelevant' }
  /** The underlying against something that is no numeraire. */
  | { readonly kind: 'foreign'; readonly other: Address };

export function roleOf(token0: Address, token1: Address, { numeraires, underlying }: PositionMarket): PairRole {
  const underlyingIndex = [token0, token1].findIndex((token) => sameAddress(token, underlying.address));
  if (underlyingIndex !== 0 && underlyingIndex !== 1) return { kind: 'irrelevant' };
  const other = underlyingIndex === 0 ? token1 : token0;
  const numeraire = numeraires.find((token) => sameAddress(token.address, other));
  if (numeraire === undefined) return { kind: 'foreign', other };
  const tokens: readonly [Token, Token] = underlyingIndex === 0 ? [underlying, numeraire] : [numeraire, underlying];
  return { kind: 'market', underlyingIndex, tokens };
}
