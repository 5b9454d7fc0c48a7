import { sameAddress, type Address, type PositionReading, type Token } from '@evenkeel/core';

/** A token whose price moves, and that is not the underlying. */
export interface MovingToken {
  readonly token: Token;
  /** Whose spot it follows, as the exposure names it: "BTC" for WBTC. */
  readonly underlying: string;
}

/** Which of a chain's tokens the exposure is about. */
export interface PositionMarket {
  /** The token whose price is the risk: WETH. */
  readonly underlying: Token;
  /** Tokens that are worth one numeraire each: USDC, USDT. */
  readonly numeraires: readonly Token[];
  /** Tokens that are other factors of the same book: WBTC. Default: none. */
  readonly moving?: readonly MovingToken[];
}

/** How two tokens of a pool stand to the market. */
export type PairRole =
  | {
      readonly kind: 'market';
      /** Which of the two is the base of the position: the underlying, else a token that moves. */
      readonly underlyingIndex: 0 | 1;
      readonly tokens: readonly [Token, Token];
      /** What the two follow, where it is not the underlying and the numeraire. */
      readonly follows: { readonly underlying?: string; readonly quoteUnderlying?: string };
    }
  /** Without anything that moves: no delta. */
  | { readonly kind: 'irrelevant' }
  /** Something that moves against something that nobody knows. */
  | { readonly kind: 'foreign'; readonly other: Address; readonly underlyings?: readonly string[] };

interface Known {
  readonly token: Token;
  /** Higher ones are the base of a pair. */
  readonly rank: 0 | 1 | 2;
  readonly follows?: string;
}

export function roleOf(token0: Address, token1: Address, market: PositionMarket): PairRole {
  const pair = [knownAs(token0, market), knownAs(token1, market)] as const;
  const underlyingIndex = (pair[0]?.rank ?? 0) >= (pair[1]?.rank ?? 0) ? 0 : 1;
  const base = pair[underlyingIndex];
  if (base === undefined || base.rank === 0) return { kind: 'irrelevant' };
  const quote = pair[underlyingIndex === 0 ? 1 : 0];
  const ofBase = base.follows === undefined ? {} : { underlying: base.follows };
  if (quote === undefined) {
    const other = underlyingIndex === 0 ? token1 : token0;
    // What is not the underlying and holds none of it moves with that other factor at most.
    return { kind: 'foreign', other, ...(base.follows === undefined ? {} : { underlyings: [base.follows] }) };
  }
  return {
    kind: 'market',
    underlyingIndex,
    tokens: [pair[0]!.token, pair[1]!.token],
    follows: { ...ofBase, ...(quote.follows === undefined ? {} : { quoteUnderlying: quote.follows }) },
  };
}

function knownAs(address: Address, { moving = [], numeraires, underlying }: PositionMarket): Known | undefined {
  if (sameAddress(address, underlying.address)) return { token: underlying, rank: 2 };
  const factor = moving.find(({ token }) => sameAddress(token.address, address));
  if (factor !== undefined) return { token: factor.token, rank: 1, follows: factor.underlying };
  const numeraire = numeraires.find((token) => sameAddress(token.address, address));
  return numeraire === undefined ? undefined : { token: numeraire, rank: 0 };
}

/** A position against a token that is neither a numeraire nor known to move with anything. */
export function foreignReading(
  { other, underlyings }: Extract<PairRole, { kind: 'foreign' }>,
  { asOf, id, label }: Pick<PositionReading, 'asOf' | 'id' | 'label'>,
): PositionReading {
  const reason = `its other token ${other} is not known to be a numeraire, or to move with anything`;
  return { status: 'unknown', id, label, reason, ...(underlyings === undefined ? {} : { underlyings }), asOf };
}

/** The market as it was given, out of reach of whoever gave it. */
export function marketOf({ moving = [], numeraires, underlying }: PositionMarket): Required<PositionMarket> {
  return { underlying, numeraires: [...numeraires], moving: [...moving] };
}
