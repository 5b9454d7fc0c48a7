import type { Wallet } from 'ethers';
import type { ReadyBatch } from '../settle-batch.js';
import type { Setting } from './alone.js';
import { worthOf } from './measure.js';
import type { Participant } from './participants.js';
import { send } from './send.js';

export interface Settled {
  /** Units of gas of the settlements. */
  readonly gas: number;
  /** What each participant paid, numeraire by order id. */
  readonly costs: ReadonlyMap<string, number>;
  /** Fees less gas of the solver, numeraire. */
  readonly solverGain: number;
}

/** Sends every chain's settlement, and reads what it cost whom. */
export async function settle(
  { markets, price, world }: Setting,
  { settlements }: ReadyBatch,
  participants: readonly Participant[],
  solver: Wallet,
): Promise<Settled> {
  const touched = markets.filter(({ place }) => settlements.some((each) => each.place.chain.id === place.chain.id));
  const worths = (): Promise<readonly number[]> =>
    Promise.all(participants.map(({ wallet }) => worthOf(world, touched, price, wallet.address)));
  const [before, solverBefore] = [await worths(), await worthOf(world, touched, price, solver.address)];
  let [gas, gasCost] = [0, 0];
  for (const { call, gasCost: perUnit, place } of settlements) {
    const receipt = await send(world.chain(place.chain.id), solver, call);
    gas += Number(receipt.gasUsed);
    gasCost += Number(receipt.gasUsed) * perUnit;
  }
  const [after, solverAfter] = [await worths(), await worthOf(world, touched, price, solver.address)];
  const costs = new Map(participants.map(({ order }, i) => [order.id, before[i]! - after[i]!]));
  return { gas, costs, solverGain: solverAfter - solverBefore - gasCost };
}
