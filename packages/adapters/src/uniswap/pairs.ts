import { NATIVE_ADDRESS, sameAddress, sameToken, type Token } from '@evenkeel/core';
import { isListed, type UniswapChain } from './config.js';

/** Two tokens in the order of their addresses, which is that of every Uniswap pool. */
export type Pair = readonly [Token, Token];

/** Every pair of different tokens of the chain that may be traded there. */
export function pairsOf(
  tokens: readonly Token[],
  { chain, feeOnTransfer }: UniswapChain,
  options: { readonly native: boolean },
): readonly Pair[] {
  const usable = tokens.filter(
    (token, index) =>
      token.chainId === chain.id &&
      (options.native || !sameAddress(token.address, NATIVE_ADDRESS)) &&
      !isListed(token, feeOnTransfer) &&
      tokens.findIndex((other) => sameToken(other, token)) === index,
  );
  return usable.flatMap((a, index) => usable.slice(index + 1).map((b) => sorted(a, b)));
}

export function sorted(a: Token, b: Token): Pair {
  return a.address.toLowerCase() < b.address.toLowerCase() ? [a, b] : [b, a];
}

export function pairKey([token0, token1]: Pair): string {
  return `${token0.address}/${token1.address}`.toLowerCase();
}
