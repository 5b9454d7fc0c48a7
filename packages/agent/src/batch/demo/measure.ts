import { Interface } from 'ethers';
import type { Address, Token } from '@evenkeel/core';
import type { World } from '@evenkeel/devnet';
import type { ReadMarket } from '../market.js';

const erc20 = new Interface(['function balanceOf(address owner) view returns (uint256)']);

/** What an account has on every chain, at the mid prices of the markets as they were read. Numeraire. */
export async function worthOf(world: World, markets: readonly ReadMarket[], owner: string): Promise<number> {
  const worths = await Promise.all(
    markets.map(async ({ market, midPrice }) => {
      const [base, quote] = await Promise.all([
        balanceOf(world, market.base, owner),
        balanceOf(world, market.quote, owner),
      ]);
      return unitsOf(market.base, base) * Number(midPrice) + unitsOf(market.quote, quote);
    }),
  );
  return worths.reduce((sum, worth) => sum + worth, 0);
}

export async function balanceOf(world: World, { address, chainId }: Token, owner: string): Promise<bigint> {
  const data = erc20.encodeFunctionData('balanceOf', [owner]);
  return BigInt((await world.chain(chainId).rpc('eth_call', [{ to: address as Address, data }, 'latest'])) as string);
}

function unitsOf({ decimals }: Token, atoms: bigint): number {
  return Number(atoms) / 10 ** decimals;
}
