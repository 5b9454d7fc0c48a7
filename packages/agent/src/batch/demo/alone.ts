import type { World } from '@evenkeel/devnet';
import type { HedgeRoute } from '@evenkeel/core';
import { callsOf, quoteAtomsOf, type ReadMarket, readRouter } from '../market.js';
import { worthOf } from './measure.js';
import type { Participant } from './participants.js';
import { send } from './send.js';

/** What trading took: units of gas, and numeraire against mid with the gas at the prices of the markets. */
export interface Spent {
  readonly gas: number;
  readonly cost: number;
}

/** The demonstration's world with who trades in it. */
export interface Setting {
  readonly world: World;
  readonly markets: readonly ReadMarket[];
  readonly participants: readonly Participant[];
  /** Of the underlying, the same for all chains: see `commonPrice`. */
  readonly price: number;
  /** Unix seconds. */
  readonly deadline: number;
  /** Says what is being done. */
  readonly tell: (text: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Executes a participant's trade by its own best route on the market as it stands, on whichever of its chains that is
 * cheapest. Allowances stand already.
 */
export async function tradeAlone(
  { deadline, markets, price, signal, world }: Setting,
  { chainIds, order, wallet }: Participant,
): Promise<Spent> {
  const here = markets.filter(({ place }) => chainIds.includes(place.chain.id));
  const offers = await Promise.all(
    here.map(async (read) => {
      const route = (await readRouter(read.place, signal)).route(order.side, order.baseAtoms);
      return { read, route, cost: costOf(route, order.baseAtoms, read, price) };
    }),
  );
  const { read, route } = offers.reduce((best, offer) => (offer.cost < best.cost ? offer : best));
  const before = await worthOf(world, here, price, wallet.address);
  const chain = world.chain(read.place.chain.id);
  let gas = 0;
  for (const call of callsOf(route, read.place, wallet.address as `0x${string}`, deadline)) {
    if (call.purpose === 'action') gas += Number((await send(chain, wallet, call)).gasUsed);
  }
  const after = await worthOf(world, here, price, wallet.address);
  return { gas, cost: before - after + gas * read.gasCost };
}

/** Against the price of before anybody traded: what others have moved since is part of what it costs. */
function costOf(route: HedgeRoute, baseAtoms: bigint, { gasCost, market }: ReadMarket, price: number): number {
  const paid = Number(quoteAtomsOf(route)) / 10 ** market.quote.decimals;
  const worth = (Number(baseAtoms) / 10 ** market.base.decimals) * price;
  const gas = route.gas.reduce((sum, { units }) => sum + Number(units), 0);
  return (route.side === 'buy' ? paid - worth : worth - paid) + gas * gasCost;
}
