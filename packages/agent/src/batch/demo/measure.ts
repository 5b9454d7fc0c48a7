import { Interface } from 'ethers';
import type { Token } from '@evenkeel/core';
import type { World } from '@evenkeel/devnet';
import type { ReadMarket } from '../market.js';

const erc20 = new Interface(['function balanceOf(address owner) view returns (uint256)']);

/** The price that all is counted at: delta is worth the same on every chain, wherever its market stands. */
export function commonPrice(markets: readonly ReadMarket[]): number {
  return markets.reduce((sum, { midPrice }) => sum + Number(midPrice), 0) / markets.length;
}

/** What an account has on these chains at one price of the underlying. Numeraire. */
export async function worthOf(
  world: World,
  markets: readonly ReadMarket[],
  price: number,
  owner: string,
): Promise<number> {
  const worths = await Promise.all(
    markets.map(async ({ market }) => {
      const [base, quote] = await Promise.all([
        balanceOf(world, market.base, owner),
        balanceOf(world, market.quote, owner),
      ]);
      return unitsOf(market.base, base) * price + unitsOf(market.quote, quote);
    }),
  );
  return worths.reduce((sum, worth) => sum + worth, 0);
}

export async function balanceOf(world: World, { address, chainId }: Token, owner: string): Promise<bigint> {
  const data = erc20.encodeFunctionData('balanceOf', [owner]);
  return BigInt((await world.chain(chainId).rpc('eth_call', [{ to: address, data }, 'latest'])) as string);
}

function unitsOf({ decimals }: Token, atoms: bigint): number {
  return Number(atoms) / 10 ** decimals;
}
