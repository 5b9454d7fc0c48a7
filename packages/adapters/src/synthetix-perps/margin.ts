import { type Call, fromAtoms, type Hex } from '@evenkeel/core';
import { InvalidInputError } from '@evenkeel/intents';
import { deepFreeze } from '../common/freeze.js';
import { marketAbi } from './abi.js';
import type { SynthetixPerpsMarket } from './market.js';

/**
 * Moves margin into the market, or out of it. The market burns and issues sUSD itself: nothing has to be approved.
 *
 * @param atoms of sUSD: above zero into the market, below zero out of it; or all that may be withdrawn
 * @throws {InvalidInputError} for zero
 * @example
 * ```ts
 * const [call] = synthetixMarginTransfer(market, 5_000n * 10n ** 18n)
 * ```
 */
export function synthetixMarginTransfer(
  { chain, marginToken, market }: SynthetixPerpsMarket,
  atoms: bigint | 'withdraw-all',
): readonly Call[] {
  if (atoms === 0n) throw new InvalidInputError('atoms', atoms, 'moves nothing', 'Give an amount other than zero.');
  const isAll = atoms === 'withdraw-all';
  const data = isAll
    ? marketAbi.encodeFunctionData('withdrawAllMargin')
    : marketAbi.encodeFunctionData('transferMargin', [atoms]);
  const say = (value: bigint): string => `${fromAtoms(marginToken, value)} ${marginToken.symbol}`;
  const what = isAll
    ? `withdraw all ${marginToken.symbol} that is free`
    : atoms > 0n
      ? `deposit ${say(atoms)} as margin`
      : `withdraw ${say(-atoms)} of margin`;
  const call: Call = {
    chainId: chain.id,
    to: market,
    data: data as Hex,
    valueWei: 0n,
    purpose: 'action',
    description: what,
  };
  return deepFreeze([call]);
}
