import type { Address, Call, Hex, Token } from '@evenkeel/core';
import type { World } from '@evenkeel/devnet';
import { Interface, MaxUint256 } from 'ethers';
import type { ReadMarket } from '../market.js';
import type { Participant } from './participants.js';
import { send } from './send.js';

const erc20 = new Interface(['function approve(address spender, uint256 atoms)']);

/**
 * Lets every contract that a participant may trade through take what it sells: the routers for trading alone, the relayer
 * for the batch, and the owner's account where all are of one owner. Each is given once and for ever, so that neither way of trading is charged for it.
 *
 * @returns the gas of one such allowance, on average
 */
export async function grantAllowances(
  world: World,
  participants: readonly Participant[],
  markets: readonly ReadMarket[],
): Promise<number> {
  let [gas, count] = [0n, 0];
  for (const { market, place } of markets) {
    const chain = world.chain(place.chain.id);
    const routers = new Set(place.venues.flatMap((venue) => venue.targets(chain.id)));
    const spenders = [place.relayer, ...(place.owner === undefined ? [] : [place.owner.account]), ...routers];
    const here = participants.filter(({ chainIds }) => chainIds.includes(chain.id));
    const grants = here.map(async ({ order, wallet }) => {
      for (const spender of spenders) {
        const receipt = await send(chain, wallet, allow(order.side === 'buy' ? market.quote : market.base, spender));
        gas += receipt.gasUsed;
        count += 1;
      }
    });
    await Promise.all(grants);
  }
  return count === 0 ? 0 : Number(gas) / count;
}

function allow({ address }: Token, spender: Address): Pick<Call, 'data' | 'to'> {
  return { to: address, data: erc20.encodeFunctionData('approve', [spender, MaxUint256]) as Hex };
}
