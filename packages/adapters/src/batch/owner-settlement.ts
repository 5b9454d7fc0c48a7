import type { Address, Call, Hex, Token } from '@evenkeel/core';
import { sameAddress } from '@evenkeel/core';
import type { BatchFill } from '@evenkeel/core/batch';
import { Interface } from 'ethers';
import type { RoutedMarket } from './chain-settlement.js';

/** Where the accounts of one owner settle by one operation of one of them. */
export interface OwnerPlace {
  readonly chainId: number;
  /** The owner's account that all goes through. Every other account lets it take what it sells, and nobody else. */
  readonly account: Address;
  /** Who sends the operation: the account itself, or the owner of a Safe. */
  readonly sender: Address;
  /** The one call that makes the account make all of these calls, or none. */
  readonly atomic: (calls: readonly Call[]) => Call;
}

/** What an account gives into a settlement and gets out of it. */
interface Sides {
  readonly given: { readonly token: Token; readonly atoms: bigint };
  readonly taken: { readonly token: Token; readonly atoms: bigint };
}

const erc20 = new Interface([
  'function transfer(address to, uint256 atoms)',
  'function transferFrom(address from, address to, uint256 atoms)',
]);

/**
 * All markets of one chain as calls of the owner's account, to be made all or none: what is sold comes in, the remainder is
 * swapped once, everybody is paid. The gas shares and what rounding leaves stay with the account, which pays for the gas.
 *
 * @example
 * ```ts
 * const call = place.atomic(ownerCalls(markets, place.account));
 * ```
 */
export function ownerCalls(markets: readonly RoutedMarket[], account: Address): readonly Call[] {
  const others = markets.flatMap((market) =>
    market.cleared.fills
      .filter(({ order }) => !sameAddress(order.owner, account))
      .map((fill) => ({ owner: fill.order.owner, ...sidesOf(market, fill) })),
  );
  return Object.freeze([
    ...others.map(({ given, owner }) => moved(given.token, 'transferFrom', [owner, account, given.atoms])),
    ...markets.flatMap(({ route }) => route),
    ...others.map(({ owner, taken }) => moved(taken.token, 'transfer', [owner, taken.atoms])),
  ]);
}

export function sidesOf({ market }: Pick<RoutedMarket, 'market'>, fill: BatchFill): Sides {
  const base = { token: market.base, atoms: fill.baseAtoms };
  const quote = { token: market.quote, atoms: fill.quoteAtoms };
  return fill.side === 'buy' ? { given: quote, taken: base } : { given: base, taken: quote };
}

function moved({ address, chainId, symbol }: Token, name: string, args: readonly unknown[]): Call {
  const data = erc20.encodeFunctionData(name, [...args]) as Hex;
  return Object.freeze({
    chainId,
    to: address,
    data,
    valueWei: 0n,
    purpose: 'action',
    description: `${name} of ${symbol}`,
  });
}
