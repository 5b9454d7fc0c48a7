import type { Token } from '@evenkeel/core';

/** Atoms of one token as atoms of its counterpart on another chain, rounded down: 1 USDC is 1 USDC. */
export function scaleAtoms(atoms: bigint, from: Pick<Token, 'decimals'>, to: Pick<Token, 'decimals'>): bigint {
  return from.decimals <= to.decimals
    ? atoms * 10n ** BigInt(to.decimals - from.decimals)
    : atoms / 10n ** BigInt(from.decimals - to.decimals);
}
